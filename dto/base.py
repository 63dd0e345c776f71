"""What all values share: they are frozen, they are parsed once at the border, and money and time are exact."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any, dataclass_transform

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer
from pydantic_core import PydanticSerializationError, to_jsonable_python


def _as_utc(moment: datetime) -> datetime:
    """A naive date is UTC already: that is what Omnitron and the peer's integrations write."""
    try:
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("in UTC it lies outside the years 1 to 9999") from None


def _wire_date(moment: datetime) -> str:
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")


def _as_json(value: Any) -> Any:
    try:
        return to_jsonable_python(value, inf_nan_mode="null")
    except PydanticSerializationError as error:
        raise ValueError(str(error)) from None


def _none_if_empty(value: Any) -> Any:
    return None if value == "" else value


def _nothing_if_none(value: Any) -> Any:
    return {} if value in (None, "") else value


UtcDatetime = Annotated[
    datetime,
    AfterValidator(_as_utc),
    PlainSerializer(_wire_date, return_type=str, when_used="json"),
]
"""A moment in UTC. On the wire: ISO 8601 with microseconds and `Z`."""

Money = Annotated[
    Decimal,
    # Written out, a number such as 1e999999999 would fill the memory.
    Field(allow_inf_nan=False, max_digits=60, decimal_places=30),
    PlainSerializer(lambda amount: format(amount, "f"), return_type=str, when_used="json"),
]
"""An exact amount or rate. Read from a decimal string or a number, written as a decimal string."""

Whole = Annotated[int, Field(ge=-(2**63), lt=2**63)]
"""A key or a count, as databases have them."""

JsonObject = Annotated[dict[str, Any], AfterValidator(_as_json)]
"""Fields of anybody's choice, as JSON has them: amounts and dates in it are texts. What JSON cannot say is refused here,
where one object is at stake, and not when it is sent with all others."""

EmptyAsNone = BeforeValidator(_none_if_empty)
"""For optional fields whose absence is sometimes written as an empty string."""

NoneAsNothing = BeforeValidator(_nothing_if_none)
"""For mappings that somebody fills in by hand, and empties."""


# The decorator lets type checkers accept positional arguments, as for a dataclass.
@dataclass_transform(kw_only_default=False, frozen_default=True, field_specifiers=(Field,))
class Dto(BaseModel, frozen=True):
    """A value that a connector builds or reads, by position or by keyword.

    Raises:
        pydantic.ValidationError: a field is missing, unknown or of another type.
        TypeError: more positional values than fields, or one field given twice.
    """

    model_config = ConfigDict(extra="forbid", coerce_numbers_to_str=True)

    def __init__(self, *values: Any, **fields: Any) -> None:
        names = tuple(type(self).model_fields)
        if len(values) > len(names):
            raise TypeError(f"{type(self).__name__} takes {len(names)} values ({', '.join(names)}), got {len(values)}")
        for name, value in zip(names, values, strict=False):
            if name in fields:
                raise TypeError(f"{type(self).__name__} got two values for `{name}`")
            fields[name] = value
        super().__init__(**fields)


class OmnitronObject(BaseModel):
    """A row of Omnitron's. Fields that this project does not know are kept: a connector may need them."""

    model_config = ConfigDict(frozen=True, extra="allow", coerce_numbers_to_str=True)
