"""Attributes in the form of Omnitron's bulk requests, within its limits."""

from collections.abc import Iterator, Sequence
from typing import Any

from clients.omnitron.lists import chunks
from dto.setup import CategoryAttributeDto
from tasks.omnitron.setup.attribute_cache import AnyAttribute

MOST_ATTRIBUTES, MOST_VALUES = 200, 500


def rounds(attributes: Sequence[AnyAttribute]) -> Iterator[list[list[dict[str, Any]]]]:
    """The `attributes` of the bodies, round by round.

    Requests of one round may run side by side. An attribute with too many values is continued in the next round, never
    twice in one request.
    """
    longest = max((len(attribute.values) for attribute in attributes), default=0)
    for start in range(0, max(longest, 1), MOST_VALUES):
        rows = [_row(one, start) for one in attributes if start == 0 or len(one.values) > start]
        yield chunks(rows, MOST_ATTRIBUTES)


def _row(attribute: AnyAttribute, start: int) -> dict[str, Any]:
    row: dict[str, Any] = {"name": attribute.name.strip(), "remote_id": attribute.remote_id}
    if isinstance(attribute, CategoryAttributeDto):
        row["is_required"] = attribute.required
        row["is_variant"] = attribute.variant
        row["is_custom"] = attribute.allow_custom_value
    row["values"] = [
        {"label": value.name.strip(), "value": value.remote_id, "remote_id": value.remote_id}
        for value in attribute.values[start : start + MOST_VALUES]
    ]
    return row
