"""The stages of a sending's enrichment, and the objects with all that its commands attach."""

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from clients.errors import ConfigError
from dto.enums import ContentType
from flows.plan import Sending, Stage, Step
from tasks.omnitron.enrichment import Enrichment
from tasks.omnitron.hub import Hub

Commands = Sequence[tuple[Step, type[Enrichment[Any]]]]
"""The commands of one stage."""


def stages_of(sending: Sending, counterpart: Step | None, carried: Collection[ContentType]) -> list[Stage]:
    """The enrichments of a sending. What the channel's call does not carry is attached for reference only. Other halves come
    last, and once: not for reference too."""
    own = [
        [
            each if each.command.adds is None or each.command.adds in carried else each.for_reference()
            for each in stage
            if counterpart is None or each.command is not counterpart.command
        ]
        for stage in sending.enrich
    ]
    return [*filter(None, own), *([[counterpart]] if counterpart else [])]


def travelling_in(stages: Iterable[Commands]) -> set[ContentType]:
    """The types of the objects that are attached from tables of their own, and may be in other batches."""
    return {command.adds for stage in stages for _, command in stage if command.adds is not None}


def enrichment_of(hub: Hub, each: Step) -> type[Enrichment[Any]]:
    """The command that a step runs: an integrator may have replaced it.

    Raises:
        ConfigError: the replacement is no enrichment.
    """
    command = hub.get_action(each.command)
    if not issubclass(command, Enrichment):
        raise ConfigError(
            f"{command.__name__} takes the place of `{command.key}`, but does not say which fields it attaches: derive it "
            f"from {each.command.__name__}, or from Enrichment with its fields in `attaches`."
        )
    return command


def merged(objects: Sequence[Any], answers: Sequence[tuple[Sequence[str], Sequence[Any]]]) -> list[Any]:
    """The objects that are in every answer, each with the fields that the answers attach.

    Args:
        objects: rows with a `pk`.
        answers: the names of the attached fields, and the rows that carry them.
    """
    by_key = [(fields, {row.pk: row for row in rows}) for fields, rows in answers]
    return [
        item.model_copy(
            update={name: getattr(rows[item.pk], name) for fields, rows in by_key for name in fields},
        )
        for item in objects
        if all(item.pk in rows for _, rows in by_key)
    ]
