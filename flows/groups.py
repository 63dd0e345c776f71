"""Objects that belong together, such as the variants of a product, stay together."""

from collections.abc import Hashable, Sequence
from typing import Any, TypeVar

from clients.errors import ConfigError

Row = TypeVar("Row")


def groups_of(rows: Sequence[Row], field: str) -> list[list[Row]]:
    """The rows whose field has the same value, in the order of their first rows. One without a value is alone; so is each row
    without a `field`.

    Raises:
        ConfigError: the rows have no such field.
    """
    groups: dict[Hashable, list[Row]] = {}
    for number, row in enumerate(rows):
        if field and not hasattr(row, field):
            raise ConfigError(f"The connector groups by `{field}`, but a {type(row).__name__} has no such field.")
        value: Any = getattr(row, field) if field else None
        groups.setdefault((True, number) if value in (None, "") else (False, value), []).append(row)
    return list(groups.values())


def whole_groups(rows: Sequence[Row], field: str, wanted: int, most: int) -> list[Row]:
    """The groups of the first `wanted` rows, as far as they do not exceed `most` rows; a larger group is cut."""
    first = {id(row) for row in rows[:wanted]}
    taken: list[Row] = []
    for group in groups_of(rows, field):
        if id(group[0]) not in first or len(taken) + len(group) > most:
            break
        taken += group
    return taken or [row for group in groups_of(rows, field)[:1] for row in group][:most]


def calls_of(rows: Sequence[Row], field: str, most: int) -> list[list[Row]]:
    """The rows in calls of at most `most`. A group is cut only if it is larger."""
    calls: list[list[Row]] = []
    for group in groups_of(rows, field):
        if not calls or len(calls[-1]) + len(group) > most:
            calls.append([])
        for row in group:
            if len(calls[-1]) == most:
                calls.append([])
            calls[-1].append(row)
    return [call for call in calls if call]
