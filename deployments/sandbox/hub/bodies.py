"""The bodies of creates and changes, read as strictly as the hub reads them, and the hub's words for mistakes."""

from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from itertools import pairwise
from typing import Annotated, Any, ClassVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    PlainValidator,
    Strict,
    ValidationError,
    ValidationInfo,
    model_validator,
)
from pydantic_core import ErrorDetails
from starlette.requests import Request
from starlette.responses import Response

from deployments.sandbox.base.dates import canonical
from deployments.sandbox.base.http import JsonResponse
from deployments.sandbox.hub.tables import Row, Table

MISSING = "This field is required."
_CENT = Decimal("0.01")

_SENTENCES = {
    "missing": MISSING,
    "string_type": "Not a valid string.",
    "string_too_short": "This field may not be blank.",
    "string_too_long": "Ensure this field has no more than {max_length} characters.",
    "too_long": "Ensure this field has no more than {max_length} elements.",
    "too_short": "This list may not be empty.",
    "list_type": MISSING,
    "bool_type": "Must be a valid boolean.",
    "bool_parsing": "Must be a valid boolean.",
    "int_type": "A valid integer is required.",
    "dict_type": "Expected a dictionary of items.",
    "model_type": "Invalid data. Expected a dictionary.",
    "literal_error": '"{input}" is not a valid choice.',
    "enum": '"{input}" is not a valid choice.',
    "value_error": "{error}",
}
"""The hub's words, by pydantic's type of error."""


@dataclass(frozen=True, slots=True)
class BodyContext:
    """What bodies refer to, the context of their validation.

    Args:
        tables: by name, the tables whose rows a body may name.
        keys: by name, keys that have no table here.
        violation: takes a sentence about something that the hub accepts in silence though no client should send it.
    """

    tables: Mapping[str, Table]
    keys: Mapping[str, Container[int]]
    violation: Callable[[str], None]

    def holds(self, name: str, key: int) -> bool:
        """Whether there is such a row or key."""
        return key in (self.tables[name] if name in self.tables else self.keys[name])


def context_of(info: ValidationInfo) -> BodyContext:
    """The context of a validation.

    Raises:
        TypeError: it has no `BodyContext`.
    """
    if not isinstance(info.context, BodyContext):
        raise TypeError("a body is validated in a BodyContext")
    return info.context


class Body(BaseModel):
    """The body of one kind of request. A field without a default must be given, and be neither null nor blank.

    Unknown fields and binary floats are noted as violations.
    """

    model_config = ConfigDict(strict=True)

    subject: ClassVar[str]
    """Its name in violations."""

    def given(self) -> Row:
        """The fields of the request, as they are stored."""
        return self.model_dump(exclude_unset=True, by_alias=True)

    @model_validator(mode="before")
    @classmethod
    def _note(cls, body: Any, info: ValidationInfo) -> Any:
        violation = context_of(info).violation
        known = {field.alias or name for name, field in cls.model_fields.items()}
        for name, value in body.items() if isinstance(body, dict) else ():
            if name not in known:
                violation(f"{cls.subject}: unknown field `{name}` is dropped")
            elif isinstance(value, float):
                violation(f"{cls.subject}: `{name}` is a binary float, not a decimal text")
        return body


def number_of(value: Any) -> Any:
    """A key that came as its digits in text, as a number; anything else as it came."""
    return int(value) if isinstance(value, str) and value.isascii() and value.isdecimal() else value


def key_of(name: str) -> PlainValidator:
    """One of the keys of this name, as a number or as its digits in text."""

    def read(value: Any, info: ValidationInfo) -> int:
        key = number_of(value)
        if not isinstance(key, int) or isinstance(key, bool) or not context_of(info).holds(name, key):
            raise ValueError(f'Invalid pk "{value}" - object does not exist.')
        return key

    return PlainValidator(read)


def _amount(value: Any) -> str:
    is_number = isinstance(value, str | int | float) and not isinstance(value, bool)
    try:
        number = Decimal(str(value) if is_number else "NaN")
        cents = number.quantize(_CENT)
    except InvalidOperation:
        raise ValueError("A valid number is required.") from None
    if not number.is_finite():
        raise ValueError("A valid number is required.")
    return format(cents if cents == number else number, "f")


def _moment(value: Any) -> str:
    try:
        return canonical(value)
    except (AttributeError, TypeError, ValueError):
        raise ValueError("Datetime has wrong format.") from None


def _filled(value: Any) -> Any:
    if value in (None, ""):
        raise ValueError(MISSING)
    return value


Amount = Annotated[str, PlainValidator(_amount)]
"""Money or a rate, as a decimal text with two places or more."""

Moment = Annotated[str, PlainValidator(_moment)]
"""A date in the wire's own spelling."""

WireKey = Annotated[int, Strict(), BeforeValidator(number_of)]
"""A key, as a number or as its digits in text."""

Filled = Annotated[Any, AfterValidator(_filled)]
"""Anything but null and the empty text."""


def problems_of(error: ValidationError) -> Row:
    """The messages by field; those of nested objects and lists stand where the field does."""
    problems: Row = {}
    for detail in error.errors(include_url=False):
        *outer, field = detail["loc"] or ("non_field_errors",)
        place: Any = problems
        # A list holds an empty object for each entry that is right.
        for step, following in pairwise([*outer, field]):
            empty: Any = [] if isinstance(following, int) else {}
            place = _entry(place, step, empty)
        if isinstance(field, int) or (detail["type"] == "model_type" and detail["loc"]):
            _entry(place, field, {})["non_field_errors"] = [_sentence(detail)]
        else:
            place[field] = [_sentence(detail)]
    return problems


def _entry(place: Any, step: int | str, empty: Any) -> Any:
    if not isinstance(step, int):
        return place.setdefault(step, empty)
    place += [{} for _ in range(len(place), step + 1)]
    return place[step]


def _sentence(detail: ErrorDetails) -> str:
    kind, given = detail["type"], detail["input"]
    if kind != "missing" and given is None:
        return "This field may not be null."
    template = _SENTENCES.get(kind)
    return detail["msg"] if template is None else template.format(input=given, **detail.get("ctx", {}))


async def refuse_body(_request: Request, error: Exception) -> Response:
    """Exception handler of `ValidationError`: 400 with the messages by field."""
    if not isinstance(error, ValidationError):
        raise error
    return JsonResponse(problems_of(error), 400)
