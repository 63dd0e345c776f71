"""One mutant a row of `docs/reference/parity.md`: what the row names answers at once and does nothing, and its test has to
notice. So a test that only calls it, or only sees that nothing went wrong, proves nothing."""

from collections.abc import Iterator
from typing import Any, TypeVar, get_args, get_origin

from dto.outcomes import CheckOutcome, Fetched, SendOutcome
from flows.registry import FLOWS
from tasks.batch import Batch
from tasks.command import CommandInterface
from tasks.omnitron.integration import OmnitronIntegration
from tasks.omnitron.journal.due import Due
from tasks.omnitron.setup.changes import Changes
from tasks.settlement import Irregularities
from tests.docs.test_parity import CHANNEL, CHANNEL_COMMANDS, OMNITRON, SERVICES, plain
from tests.mutants.table import Case, Mutant

_IDLE_FLOW = """
# parity: {name}
import functools

from dto.summary import RunOutcome, RunSummary

@functools.wraps({name}.fn)
async def idle(**_):
    return RunSummary(flow={name!r}, outcome=RunOutcome.completed)

{name}.fn = idle
"""
_IDLE_COMMAND = """
# parity: {name}
async def idle(self):
    import dto.outcomes
    import tasks.omnitron.journal.due
    import tasks.omnitron.setup.changes
    import tasks.settlement
    return {answer}

{name}.run = idle
"""
_NOTHING: dict[Any, str] = {
    Batch: "self.batch_request",
    CheckOutcome: "dto.outcomes.InProgress()",
    SendOutcome: "dto.outcomes.Completed(())",
    Changes: "tasks.omnitron.setup.changes.Changes()",
    Due: "tasks.omnitron.journal.due.Due([], [], 0)",
    Fetched: "dto.outcomes.Fetched(())",
    Irregularities: "tasks.settlement.Irregularities()",
    dict: "{}",
    int: "0",
    list: "[]",
}
"""What a command answers that has done nothing, by the type of its answer; one row, None."""


def cases() -> Iterator[Case]:
    """Commands and flows that are idle."""
    for _, named, test in SERVICES:
        kind, name = plain(named.replace("`", "")).split()
        yield _flow(name, test) if kind == "flow" else _command(OmnitronIntegration.actions[name], test)
    for key, _, test in OMNITRON:
        yield _command(OmnitronIntegration.actions[key], test)
    for key, _, test in CHANNEL:
        yield _command(CHANNEL_COMMANDS[key], test)


def _command(command: type, test: str) -> Case:
    lines = _IDLE_COMMAND.format(name=command.__name__, answer=_idle_answer(command))
    return _at_the_end(command.__module__, lines, test)


def _flow(name: str, test: str) -> Case:
    return _at_the_end(FLOWS[name].fn.__module__, _IDLE_FLOW.format(name=name), test)


def _at_the_end(module: str, lines: str, test: str) -> Case:
    return Case(f"{module.replace('.', '/')}.py", Mutant("", lines), (plain(test),))


def _idle_answer(command: type) -> str:
    """Rows that are enriched go back as they came; what is read or made is not there."""
    takes, answers, _ = _types_of(command)
    if get_origin(answers) is list and (answers == takes or get_args(answers) == (Any,)):
        return "list(self.objects)"
    return _NOTHING.get(answers) or _NOTHING.get(get_origin(answers), "None")


def _types_of(command: Any, given: tuple[Any, ...] = ()) -> tuple[Any, ...]:
    """The types of a command: those of its objects, its answer and its system, as its bases name them."""
    if command is CommandInterface:
        return given
    known: dict[Any, Any] = dict(zip(getattr(command, "__parameters__", ()), given, strict=False))
    for base in getattr(command, "__orig_bases__", command.__bases__):
        origin = get_origin(base) or base
        if isinstance(origin, type) and issubclass(origin, CommandInterface):
            return _types_of(origin, tuple(_filled(part, known) for part in get_args(base)))
    raise TypeError(f"{command} is no command.")


def _filled(part: Any, known: dict[Any, Any]) -> Any:
    if isinstance(part, TypeVar):
        return known.get(part, part)
    missing = getattr(part, "__parameters__", ())
    return part[tuple(known.get(each, each) for each in missing)] if missing else part
