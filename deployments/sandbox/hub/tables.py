"""Rows of one kind in memory, found by key or by an indexed field."""

from collections.abc import Iterable, Iterator
from typing import Any

Row = dict[str, Any]


def text_of(value: Any) -> str:
    """A value as a query string spells it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


class Table:
    """Rows by key. `revision` moves with every change, so that results can be kept until then.

    Args:
        key: the field that identifies a row: `pk`, or `id` for a few resources.
        indexed: the fields that rows are looked up by.
    """

    def __init__(self, key: str = "pk", indexed: Iterable[str] = ()) -> None:
        self.key = key
        self.rows: dict[int, Row] = {}
        self.revision = 0
        self._removed: set[int] = set()
        self._last_key = 0
        self._indexes: dict[str, dict[str, set[int]]] = {field: {} for field in indexed}

    def __contains__(self, pk: object) -> bool:
        return pk in self.rows

    def __getitem__(self, pk: int) -> Row:
        return self.rows[pk]

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows.values())

    def __len__(self) -> int:
        return len(self.rows)

    def get(self, pk: int) -> Row | None:
        return self.rows.get(pk)

    def has_known(self, pk: int) -> bool:
        """Whether there is such a row, or was one."""
        return pk in self.rows or pk in self._removed

    def is_indexed(self, field: str) -> bool:
        return field == self.key or field in self._indexes

    def next_key(self, first: int = 1) -> int:
        """A key that has never been used."""
        return max(first, self._last_key + 1)

    def add(self, row: Row) -> Row:
        pk = row[self.key]
        self.rows[pk] = row
        self._last_key = max(self._last_key, pk)
        for field, index in self._indexes.items():
            index.setdefault(text_of(row[field]), set()).add(pk)
        self.revision += 1
        return row

    def change(self, pk: int, /, **fields: Any) -> Row:
        row = self.rows[pk]
        for field, index in self._indexes.items():
            if field in fields and fields[field] != row[field]:
                self._unindex(index, text_of(row[field]), pk)
                index.setdefault(text_of(fields[field]), set()).add(pk)
        row.update(fields)
        self.revision += 1
        return row

    def remove(self, pk: int) -> None:
        row = self.rows.pop(pk)
        for field, index in self._indexes.items():
            self._unindex(index, text_of(row[field]), pk)
        self._removed.add(pk)
        self.revision += 1

    def find(self, field: str, *values: Any) -> list[Row]:
        """The rows whose key or indexed field has one of the values, by key."""
        if field == self.key:
            keys = {int(text) for text in map(text_of, values) if text.isdecimal()} & self.rows.keys()
        else:
            index = self._indexes[field]
            keys = {pk for value in values for pk in index.get(text_of(value), ())}
        return [self.rows[pk] for pk in sorted(keys)]

    @staticmethod
    def _unindex(index: dict[str, set[int]], value: str, pk: int) -> None:
        keys = index[value]
        keys.discard(pk)
        if not keys:
            del index[value]
