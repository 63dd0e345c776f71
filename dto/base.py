"""The base of all values: frozen, parsed once at the border, with exact money and time."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any, dataclass_transform

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer
from pydantic_core import PydanticSerializationError, to_jsonable_python


def _as_utc(moment: datetime) -> datetime:
    """A naive date is UTC: Omnitron and connectors of the Celery version write such dates."""
    try:
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("in UTC, it is outside the years 1 to 9999") from None


def wire_date(moment: datetime) -> str:
    """A moment in UTC as Omnitron's API writes it: ISO 8601 with microseconds and `Z`."""
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")


def _as_json(value: Any) -> Any:
    try:
        return to_jsonable_python(value, inf_nan_mode="null")
    except PydanticSerializationError as error:
        raise ValueError(str(error)) from None


HALF_A_CHARACTER = "it holds half of a character (a lone surrogate, as of an emoji that was cut in two)"
"""Why a text cannot be written."""


def is_writable(value: Any) -> bool:
    """Whether all texts in a value can be encoded as UTF-8. A lone surrogate, half of an emoji, cannot; JSON can hold it."""
    match value:
        case str():
            try:
                value.encode()
            except UnicodeEncodeError:
                return False
            return True
        case dict():
            return all(is_writable(key) and is_writable(item) for key, item in value.items())
        case list():
            return all(map(is_writable, value))
        case _:
            return True


def is_blank(value: Any) -> bool:
    """Whether it is None, or a text of blanks: as an id, that is none."""
    return value is None or (isinstance(value, str) and not value.strip())


def _none_if_empty(value: Any) -> Any:
    return None if is_blank(value) else value


def _empty_if_none(value: Any) -> Any:
    return {} if value in (None, "") else value


UtcDatetime = Annotated[
    datetime,
    AfterValidator(_as_utc),
    PlainSerializer(wire_date, return_type=str, when_used="json"),
]
"""A moment in UTC. On the wire: ISO 8601 with microseconds and `Z`."""

Money = Annotated[
    Decimal,
    # Without a limit, writing 1e999999999 out in full would fill the memory.
    Field(allow_inf_nan=False, max_digits=60, decimal_places=30),
    PlainSerializer(lambda amount: format(amount, "f"), return_type=str, when_used="json"),
]
"""An exact amount or rate. Read from a decimal string or a number, written as a decimal string."""

Whole = Annotated[int, Field(ge=-(2**63), lt=2**63)]
"""A key or a count, within the range of a database column."""

JsonObject = Annotated[dict[str, Any], AfterValidator(_as_json)]
"""Any fields, as JSON: amounts and dates become texts. A value that JSON cannot hold is refused here, where it costs one
object, and not at the send, where it would cost the batch."""

EmptyAsNone = BeforeValidator(_none_if_empty)
"""For optional fields that some hubs and channels send as an empty string, or one of blanks."""

NoneAsEmpty = BeforeValidator(_empty_if_none)
"""For mappings that users may leave blank."""


# Lets type checkers accept positional arguments, as for a dataclass.
@dataclass_transform(kw_only_default=False, frozen_default=True, field_specifiers=(Field,))
class Dto(BaseModel, frozen=True):
    """A value that a connector builds or reads, by position or by keyword.

    Raises:
        pydantic.ValidationError: a field is missing, unknown or of another type.
        TypeError: more positional values than fields, or two values for one field.
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
    """A row of Omnitron. Keeps fields that this project does not know: a connector may need them."""

    model_config = ConfigDict(frozen=True, extra="allow", coerce_numbers_to_str=True)
