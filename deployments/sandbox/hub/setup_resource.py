"""A plain resource of the setup: rows whose fields are free but for a few."""

from collections.abc import Callable, Iterable
from typing import Any

from pydantic import BaseModel

from deployments.sandbox.base.http import HttpError, not_found
from deployments.sandbox.hub.bodies import number_of
from deployments.sandbox.hub.listing import Filter
from deployments.sandbox.hub.tables import Row, Table, text_of


class Resource:
    """A table, and the rules for its rows.

    Args:
        body: the fields that a new row must have.
        unique: fields that together identify a row.
        known: the filters of its list.
        indexed: fields that rows are looked up by.
        references: fields that name a row of another table.
        key: the field that identifies a row.
        defaults: the fields of a new row that the request leaves out.
    """

    def __init__(
        self,
        *,
        stamp: Callable[[], str],
        body: type[BaseModel],
        unique: Iterable[str] = (),
        known: dict[str, Filter],
        indexed: Iterable[str] = (),
        references: dict[str, Table] | None = None,
        key: str = "pk",
        defaults: Row | None = None,
    ) -> None:
        self.table = Table(key, indexed)
        self.known = known
        self._stamp = stamp
        self._body = body
        self._unique = tuple(unique)
        self._references = references or {}
        self._keys = {"channel", "object_id", *self._references}
        self._defaults = defaults or {}
        self._taken: dict[tuple[str, ...], int] = {}

    def create(self, body: Row, pk: int | None = None) -> Row:
        """A new row.

        Raises:
            ValidationError: a field is missing.
            HttpError: 400, a field names nothing, or there is such a row.
        """
        self._body.model_validate(body)
        row = {
            **self._defaults,
            **self._numbered(body),
            self.table.key: pk or self.table.next_key(),
            "modified_date": self._stamp(),
        }
        self._check(row)
        self._claim(row)
        return self.table.add(row)

    def change(self, pk: int, body: Row) -> Row:
        """Change fields of a row.

        Raises:
            HttpError: 400, as above; 404, there is no such row.
        """
        old, body = self[pk], self._numbered(body)
        new = {**old, **body, self.table.key: pk}
        self._check(new)
        if self._unique:
            self._claim(new)
            if self._signature(new) != self._signature(old):
                del self._taken[self._signature(old)]
        return self.table.change(pk, **body, modified_date=self._stamp())

    def find(self, *values: Any) -> Row | None:
        """The row with these unique values."""
        pk = self._taken.get(tuple(map(text_of, values)))
        return None if pk is None else self.table[pk]

    def __getitem__(self, pk: int) -> Row:
        if pk not in self.table:
            raise not_found()
        return self.table[pk]

    def _numbered(self, body: Row) -> Row:
        """The body with its keys as numbers, which may have come as text."""
        return {**body, **{name: number_of(body[name]) for name in self._keys if name in body}}

    def _check(self, row: Row) -> None:
        for field, table in self._references.items():
            if row[field] not in table:
                raise HttpError(400, {field: [f'Invalid pk "{row[field]}" - object does not exist.']})

    def _signature(self, row: Row) -> tuple[str, ...]:
        return tuple(text_of(row[field]) for field in self._unique)

    def _claim(self, row: Row) -> None:
        if self._unique and self._taken.setdefault(self._signature(row), row[self.table.key]) != row[self.table.key]:
            raise HttpError(
                400, {"non_field_errors": [f"The fields {', '.join(self._unique)} must make a unique set."]}
            )
