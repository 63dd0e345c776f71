"""The bodies of creates and changes, read as strictly as the hub reads them."""

from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from deployments.sandbox.dates import canonical
from deployments.sandbox.messages import HttpError
from deployments.sandbox.tables import Row, Table

Field = Callable[[Any], Any]
"""Makes the stored value of a given one; raises ValueError with the message for the client."""

_CENT = Decimal("0.01")
MISSING = "This field is required."


def text(limit: int | None = None) -> Field:
    """A text of at most `limit` characters."""

    def read(value: Any) -> str:
        if not isinstance(value, str):
            raise ValueError("Not a valid string.")  # noqa: TRY004 - a field has one way to refuse a value
        if limit is not None and len(value) > limit:
            raise ValueError(f"Ensure this field has no more than {limit} characters.")
        return value

    return read


def choice(*values: str) -> Field:
    """One of a few words."""

    def read(value: Any) -> str:
        if value not in values:
            raise ValueError(f'"{value}" is not a valid choice.')
        return str(value)

    return read


def reference(table: Table) -> Field:
    """The key of a row."""

    def read(value: Any) -> int:
        if not isinstance(value, int) or value not in table:
            raise ValueError(f'Invalid pk "{value}" - object does not exist.')
        return value

    return read


def member(*keys: int) -> Field:
    """One of a few keys that have no table here."""

    def read(value: Any) -> int:
        if value not in keys:
            raise ValueError(f'Invalid pk "{value}" - object does not exist.')
        return int(value)

    return read


def amount(value: Any) -> str:
    """Money or a rate, as a decimal text with two places or more."""
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise ValueError("A valid number is required.")  # noqa: TRY004 - a field has one way to refuse a value
    try:
        number = Decimal(str(value))
        cents = number.quantize(_CENT)
    except InvalidOperation:
        raise ValueError("A valid number is required.") from None
    if not number.is_finite():
        raise ValueError("A valid number is required.")
    return format(cents if cents == number else number, "f")


def moment(value: Any) -> str:
    """A date in the wire's own spelling."""
    try:
        return canonical(value)
    except (AttributeError, TypeError, ValueError):
        raise ValueError("Datetime has wrong format.") from None


def boolean(value: Any) -> bool:
    """True or false."""
    if not isinstance(value, bool):
        raise ValueError("Must be a valid boolean.")  # noqa: TRY004 - a field has one way to refuse a value
    return value


def mapping(value: Any) -> Row:
    """A JSON object."""
    if not isinstance(value, dict):
        raise ValueError("Expected a dictionary of items.")  # noqa: TRY004 - a field has one way to refuse a value
    return value


def anything(value: Any) -> Any:
    """Whatever comes."""
    return value


class Form:
    """The fields of one kind of body.

    Args:
        name: how sentences for people call it.
        fields: all known fields; where they are required, `required` names them.
        required: the fields that must be given, and be neither null nor empty. The others may be null.
        violation: takes a sentence about what the hub takes without a word though no client should send it.
    """

    def __init__(
        self,
        name: str,
        fields: Mapping[str, Field],
        *,
        required: tuple[str, ...] = (),
        violation: Callable[[str], None],
    ) -> None:
        self.name = name
        self._fields = fields
        self._required = required
        self._violation = violation

    def read(self, body: Any, *, is_partial: bool = False) -> Row:
        """The given fields as they are stored; what is unknown is left out.

        Raises:
            HttpError: 400 with the messages by field.
        """
        row, problems = self.check(body, is_partial=is_partial)
        if problems:
            raise HttpError(400, problems)
        return row

    def check(self, body: Any, *, is_partial: bool = False) -> tuple[Row, dict[str, list[str]]]:
        """As `read`, with the messages beside the row."""
        if not isinstance(body, dict):
            return {}, {"non_field_errors": ["Invalid data. Expected a dictionary."]}
        row: Row = {}
        problems = {name: [MISSING] for name in self._required if not is_partial and name not in body}
        for name, value in body.items():
            field = self._fields.get(name)
            if field is None:
                self._violation(f"{self.name}: unknown field `{name}` is dropped")
                continue
            if isinstance(value, float):
                self._violation(f"{self.name}: `{name}` is a binary float, not a decimal text")
            problem = self._problem_of_nothing(name, value)
            if problem is None:
                try:
                    row[name] = None if value is None else field(value)
                except ValueError as error:
                    problem = str(error)
            if problem is not None:
                problems[name] = [problem]
        return row, problems

    def _problem_of_nothing(self, name: str, value: Any) -> str | None:
        if name not in self._required:
            return None
        if value is None:
            return "This field may not be null."
        return "This field may not be blank." if value == "" else None
