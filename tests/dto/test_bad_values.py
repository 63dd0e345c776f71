"""For any values of a connector, a DTO is built and travels without loss, or is refused with a message."""

import json
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from dto import batches, orders, reports, setup
from dto.base import Dto
from dto.enums import CancellationType, ResponseStatus
from tests.dto.test_mission_dtos import EXAMPLES
from tests.harness import hostile

# Examples of the documentation, and of later DTOs.
GOOD: dict[type[Dto], dict[str, Any]] = {
    **dict(EXAMPLES),
    batches.ImageBatchRequestResponseDto: {
        "status": ResponseStatus.success,
        "pk": 3,
        "remote_id": "i-1",
        "message": None,
    },
}
FILLED_IN = [
    kind
    for module in (batches, orders, reports, setup)
    for name, kind in vars(module).items()
    if isinstance(kind, type) and issubclass(kind, Dto) and kind.__module__ == module.__name__
    # Not a class that DTOs derive from: a private one, or a parametrised one.
    if name.isidentifier() and not name.startswith("_")
]


class Stranger:
    """An object of a connector's SDK."""


AMOUNTS = ("NaN", "sNaN", "-Infinity", "1E+999999", "1E-999999", "-0.00", "0.1", "62.440", "1E+3", "9" * 70)
LOOP: list[Any] = []
LOOP.append(LOOP)
odd = st.one_of(
    st.sampled_from(AMOUNTS).map(Decimal) | st.decimals(places=2),
    st.sampled_from([float("nan"), float("inf"), 0.1, 1e300, 62.44]),
    st.sampled_from([datetime.min, datetime.max, datetime(2026, 3, 29, 2, 30)]),  # noqa: DTZ001, DTZ901
    st.sampled_from([datetime.min, datetime.max]).flatmap(  # noqa: DTZ901
        lambda moment: st.sampled_from([14, -14]).map(lambda h: moment.replace(tzinfo=timezone(timedelta(hours=h))))
    ),
    st.sampled_from(
        [b"\xff", b"1", {1, 2}, Stranger(), Stranger, CancellationType.refund, LOOP, "\ud83d", {"\ud83d": 1}]
    ),
    st.sampled_from(
        [{1: 2}, {"a": Stranger()}, {"a": Decimal("1.10")}, {"a": {"b": float("nan")}}, {"a": LOOP}, (1, 2)]
    ),
    st.sampled_from([dict(EXAMPLES)[kind] for kind in (setup.CategoryNodeDto, orders.CustomerDto)]),
    hostile.values,
)
amounts = st.one_of(
    st.integers(0, 8).flatmap(lambda places: st.decimals(min_value=-(10**18), max_value=10**18, places=places)),
    st.integers(-(10**18), 10**18),
    st.decimals(min_value=0, max_value=10**9, places=4).map(str),
)


@st.composite
def filled(draw: st.DrawFn, good: dict[str, Any]) -> tuple[list[Any], dict[str, Any]]:
    """Arguments of a constructor, some by position; up to three are spoilt, missing, unknown or given twice."""
    values = dict(good)
    for name in draw(st.lists(st.sampled_from(list(good)), max_size=3)):
        if draw(st.integers(0, 5)):
            values[name] = draw(odd)
        else:
            values.pop(name, None)
    ahead = draw(st.integers(0, len(values)))
    by_position = list(values.values())[:ahead]
    by_name = dict(list(values.items())[ahead:])
    match draw(st.integers(0, 19)):
        case 0:
            by_name[draw(st.sampled_from([*good, "colour", "self_", "model_config"]))] = draw(odd)
        case 1:
            by_position += draw(st.lists(odd, max_size=30))
    return by_position, by_name


BAD = {kind: filled(good) for kind, good in GOOD.items()}


def money(value: Any) -> list[Decimal]:
    """Every amount in a value."""
    if isinstance(value, Decimal):
        return [value]
    if isinstance(value, dict):
        value = value.values()
    elif not isinstance(value, list | tuple):
        return []
    return [amount for item in value for amount in money(item)]


def assert_travels(built: Dto) -> None:
    """JSON reads back as the same value, to the last digit."""
    text = json.dumps(built.model_dump(mode="json"), allow_nan=False)
    read = type(built).model_validate(json.loads(text))
    assert read == built
    assert read.model_dump(mode="json") == built.model_dump(mode="json")
    amounts_before, amounts_after = money(built.model_dump()), money(read.model_dump())
    assert [amount.as_tuple() for amount in amounts_after] == [plain(amount).as_tuple() for amount in amounts_before]


def plain(amount: Decimal) -> Decimal:
    """The same without an exponent: 1E+3 is written as 1000."""
    return Decimal(format(amount, "f"))


def test_every_dto_has_an_example() -> None:
    """A new DTO without an example fails here."""
    assert [kind.__name__ for kind in FILLED_IN if kind not in GOOD] == []


@pytest.mark.parametrize("kind", FILLED_IN, ids=lambda kind: kind.__name__)
@hostile.many
@given(data=st.data())
def test_bad_values_are_refused_or_travel_without_loss(kind: type[Dto], data: st.DataObject) -> None:
    """Built, or ValidationError, or TypeError; no value that was built fails later."""
    by_position, by_name = data.draw(BAD[kind])
    try:
        built = kind(*by_position, **by_name)
    except (ValidationError, TypeError):
        return
    assert_travels(built)


@hostile.many
@given(amount=amounts)
def test_money_keeps_its_value(amount: Any) -> None:
    """In any notation."""
    item = orders.OrderItemDto("1", "2", "try", amount, Decimal(0), {})
    assert item.price == Decimal(amount)
    assert_travels(item)


@pytest.mark.parametrize("amount", ["1E+999999", "1E-999999", "1e99999999999", "9" * 400])
def test_money_of_an_absurd_size_is_refused(amount: str) -> None:
    """Written out, it would fill the memory."""
    with pytest.raises(ValidationError):
        orders.OrderItemDto("1", "2", "try", Decimal(amount), Decimal(0), {})


@pytest.mark.parametrize("hours", [14, -14])
@pytest.mark.parametrize("moment", [datetime.min, datetime.max], ids=["first", "last"])  # noqa: DTZ901
def test_a_moment_beyond_the_calendar_is_refused_or_in_it(moment: datetime, hours: int) -> None:
    """The first and the last moments have no counterpart in UTC."""
    try:
        built = orders.ChannelUpdateOrderItemDto(
            "1", invoice_date=moment.replace(tzinfo=timezone(timedelta(hours=hours)))
        )
    except ValidationError:
        return
    assert built.invoice_date and built.invoice_date.tzinfo is UTC
    assert_travels(built)
