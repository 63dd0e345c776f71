"""Rows of Omnitron, and those that do not fit the contract: they are named and left out, and the others go on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic_core import PydanticSerializationError, to_json

from clients.errors import ContractError, UnreadableRowError
from clients.redaction import Redactor
from dto.base import HALF_A_CHARACTER, UtcDatetime, is_writable
from dto.omnitron import ForeignKey, IntegrationAction

Row = TypeVar("Row", bound=BaseModel)

NO_VERSION = "modified_date: it is missing, so the version of the object is unknown"

DOES_NOT_FIT = (ValidationError, PydanticSerializationError)
"""The errors of a row that does not fit its model."""

KEPT = (
    "modified_date",
    "product",
    "price_list",
    "stock_list",
    "sku",
    "number",
    "remote_id",
    "content_type",
    "object_id",
    "local_batch_id",
)
"""The fields of a row that are kept when the row is left out."""

_KEY: TypeAdapter[int] = TypeAdapter(ForeignKey)
_MOMENT: TypeAdapter[datetime] = TypeAdapter(UtcDatetime)


@dataclass(frozen=True, slots=True)
class UnreadableRow:
    """One row of a list that does not fit its model.

    Attributes:
        resource: the list, as Omnitron calls it: `product_stocks`.
        key: the row's key.
        why: the first field that does not fit, and what is wrong with it.
        fields: what is kept of the row as it came: enough to say whose it is. Customers' data are not.
    """

    resource: str
    key: int
    why: str
    fields: Mapping[str, Any] = field(repr=False)

    @property
    def name(self) -> str:
        """Its name for people: the row's address below the channel."""
        return f"{self.resource}/{self.key}"

    def message(self, known_as: str | None = None) -> str:
        """What is wrong, and the next step. `known_as` is the object's name for people, where it is known."""
        return (
            f"Omnitron's row {self.name}{f' ({known_as})' if known_as else ''} cannot be read: {self.why}. Correct it in "
            "Omnitron; the others go on without it."
        )

    @property
    def version(self) -> datetime | None:
        """Its `modified_date`; None if that cannot be read either."""
        try:
            return _MOMENT.validate_python(self.fields.get("modified_date"))
        except ValidationError:
            return None

    def number(self, name: str) -> int | None:
        """A field that is another row's key, which may be embedded; None if it cannot be read."""
        return _whole(self.fields.get(name))

    def text(self, name: str) -> str | None:
        """A field that is a text; None if it cannot be read."""
        value = self.fields.get(name)
        return value if isinstance(value, str) and value.strip() and is_writable(value) else None


class LeftOut:
    """The unreadable rows that lists left out so far, each once."""

    def __init__(self) -> None:
        self.rows: dict[tuple[str, int], UnreadableRow] = {}
        self._handed_over: set[tuple[str, int]] = set()

    def add(self, rows: Sequence[UnreadableRow]) -> None:
        """Notes rows."""
        self.rows.update(((row.resource, row.key), row) for row in rows)

    def hand_over(self, rows: Sequence[UnreadableRow]) -> None:
        """Notes that rows are not just left out: their objects fail, and are reported as others that fail."""
        self._handed_over.update((row.resource, row.key) for row in rows)

    @property
    def unreported(self) -> list[UnreadableRow]:
        """The rows that nobody is told of otherwise."""
        return [row for name, row in self.rows.items() if name not in self._handed_over]

    def find(self, resource: str, key: int) -> UnreadableRow | None:
        """The row with this key, if it was left out."""
        return next((row for row in self._of(resource) if row.key == key), None)

    def of_product(self, resource: str, product: int) -> UnreadableRow | None:
        """A row that was left out of a list and belongs to this product."""
        return next((row for row in self._of(resource) if row.number("product") == product), None)

    def _of(self, resource: str) -> list[UnreadableRow]:
        """The rows of a kind, from whichever list: an extra list holds the same objects under another name."""
        return [row for row in self.rows.values() if row.resource.removeprefix("extra_") == resource]


def fitted(model: type[Row], fields: Any) -> Row:
    """One row as a value.

    Raises:
        ValidationError, PydanticSerializationError: it does not fit (`DOES_NOT_FIT`), or a text in it cannot be written.
    """
    to_json(fields)  # much faster than to look at each text; a connector writes such rows as JSON, many in one request
    return model.model_validate(fields)


def problem_of(error: Exception, fields: Any, redactor: Redactor) -> str:
    """The field for which a row does not fit, and why. It never quotes a value."""
    if not isinstance(error, ValidationError):
        names = [name for name, value in fields.items() if not is_writable(value)] if isinstance(fields, dict) else []
        return f"{redactor.line(names[0], limit=200) if names else 'a field'}: {HALF_A_CHARACTER}"
    first = error.errors(include_input=False, include_url=False)[0]
    # A location inside a mapping names its keys, which may be any text.
    place = redactor.line(".".join(str(part) for part in first["loc"]), limit=200) or "the answer"
    return f"{place}: {first['msg']}"


def readable(
    model: type[Row], data: Sequence[Any], resource: str, redactor: Redactor
) -> tuple[list[Row], list[UnreadableRow]]:
    """The rows of a list, and those that do not fit.

    Raises:
        ContractError: a row does not fit, and has no key by which it could be named.
    """
    rows: list[Row] = []
    unreadable: list[UnreadableRow] = []
    for number, fields in enumerate(data, start=1):
        try:
            rows.append(fitted(model, fields))
        except DOES_NOT_FIT as error:
            why = problem_of(error, fields, redactor)
            key = _whole(fields) if isinstance(fields, dict) else None
            if key is None:
                raise ContractError(
                    f"Omnitron's list {resource} cannot be used: row {number} of {len(data)} does not fit ({why}), and has no "
                    "key by which it could be named. Has its API changed? `channel-app check` compares it with the contract."
                ) from None  # pydantic's own error quotes the row, and customers' data with it
            kept = {name: fields[name] for name in KEPT if name in fields}
            unreadable.append(UnreadableRow(resource, key, why, kept))
    return rows, unreadable


def of_no_type(resource: str, action: IntegrationAction) -> UnreadableRow:
    """An action that does not say of which type its object is, as a row that is left out."""
    why = "content_type.model: it is no type of object that a batch holds"
    return UnreadableRow(resource, action.pk, why, {"local_batch_id": action.local_batch_id})


def refuse(unreadable: Sequence[UnreadableRow]) -> None:
    """Makes sure that a list is whole.

    Raises:
        UnreadableRowError: a row was left out.
    """
    if unreadable:
        raise UnreadableRowError(unreadable[0].message())


def _whole(value: Any) -> int | None:
    """A key, which may come as its digits in text, or with the row that it is the key of; None if it is none."""
    try:
        return _KEY.validate_python(value)
    except ValidationError:
        return None
