"""Whatever goes wrong with one thing that arrives from the channel is that thing's failure, and the others come in."""

import asyncio
import json
from collections.abc import Callable
from typing import Any, ClassVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clients.errors import AuthError, TakenOverError
from dto.enums import ContentType
from dto.orders import CancellationRequestDto
from flows.order import fetch_and_create_cancel, fetch_and_create_cancellation_requests, fetch_and_create_order
from flows.run import RunFailedError
from tasks.channel.sandbox import ChannelIntegration as Sandbox
from tasks.channel.sandbox.marketplace import Page
from tasks.channel.sandbox.orders import GetOrders
from tasks.omnitron.orders import cancellation_requests, cancellations
from tasks.omnitron.orders.cancellation_requests import CreateCancellationRequests
from tasks.omnitron.orders.customers import GetOrCreateCustomer
from tests.world.loopback import World
from tests.world.sales import brought_in, imported, item, items_in_hub, list_products, order, place
from tests.world.shop import Row, assert_clean, opened, run, use_connector

HALF_AN_EMOJI = json.loads('"Ay\\ud83d"')
TEXTS = ("first_name", "line", "notes", "number", "id", "city", "tracking_number", "product")


class Given:
    """What the channel says in the place of one field, in the order `ODD`."""

    field: ClassVar[str]
    value: ClassVar[Any]


class _Spoilt(GetOrders):
    """One of the rows holds something odd."""

    async def listed(self) -> Page:
        page = await super().listed()
        for row in page.rows:
            if row["number"] == "ODD":
                spoil(row, Given.field, Given.value)
        return page


class Spoilt(Sandbox):
    """A channel that says odd things."""

    name = "spoilt"
    actions: ClassVar = {**Sandbox.actions, _Spoilt.key: _Spoilt}


def say(world: World, field: str, value: Any) -> list[Row]:
    """Three orders, in the first of which the channel says something odd; the other two."""
    use_connector(world, f"{__name__}:Spoilt")
    Given.field, Given.value = field, value
    place(world, number="ODD")
    return [place(world), place(world)]


class _Odd(GetOrders):
    """Meets an error of an SDK's own with the first row."""

    def order(self, row: Row) -> Any:
        if row["number"] == "ODD":
            raise OddError
        return super().order(row)


class OddError(Exception):
    """An error that derives from nothing that anybody foresaw."""


class Odd(Sandbox):
    """Reads rows with an SDK that has an error of its own."""

    name = "odd"
    actions: ClassVar = {**Sandbox.actions, _Odd.key: _Odd}


@pytest.fixture
def world(world: World) -> World:
    """A shop whose products are on the channel."""
    list_products(world)
    return world


def texts(world: World) -> list[str]:
    """What the merchant was told of failures."""
    return [row["error_desc"] for row in world.reports if not row["is_ok"]]


def spoil(placed: Row, name: str, value: Any) -> None:
    """Puts a value where the marketplace has the field."""
    match name:
        case "first_name":
            placed["buyer"]["first_name"] = value
        case "line" | "city":
            placed["shipping_address"][name] = value
        case "product":
            placed["items"][0]["product"] = value
        case _:
            placed[name] = value


@pytest.mark.parametrize("name", TEXTS)
async def test_half_an_emoji_in_a_text_is_that_orders_failure_with_the_fields_name(world: World, name: str) -> None:
    fine = say(world, name, HALF_AN_EMOJI)
    summary = await run(world, fetch_and_create_order)
    assert (summary.counts, summary.failures) == ({"created": 2, "failed": 1}, {"Unreadable": 1})
    assert [row["number"] for row in world.orders] == [row["number"] for row in fine]
    (told,) = texts(world)
    assert ("remote_id" if name == "id" else name) in told
    assert "half of a character" in told


@settings(max_examples=40, deadline=None)
@given(
    name=st.sampled_from(TEXTS),
    value=st.text(st.characters(), max_size=5)
    | st.integers()
    | st.floats()
    | st.none()
    | st.lists(st.none(), max_size=1)
    | st.dictionaries(st.text(max_size=2), st.none(), max_size=1)
    | st.sampled_from([HALF_AN_EMOJI, "\x00", "\ud800,\udfff", "a,b", "..", "   "]),
)
def test_anything_in_one_order_keeps_no_other_out(name: str, value: Any) -> None:
    """The first of the three rows holds it."""

    async def story() -> None:
        world = World(failing=0)
        list_products(world)
        wanted = {row["number"] for row in say(world, name, value)}
        summary = await run(world, fetch_and_create_order)
        assert wanted <= {row["number"] for row in world.orders}
        assert sum(summary.counts[ending] for ending in ("created", "failed") if ending in summary.counts) == 3
        assert json.dumps(texts(world)).encode()
        assert_clean(world)

    asyncio.run(story())


@pytest.mark.parametrize("blank", ["", "  ", "\t\u00a0"])
@pytest.mark.parametrize("what", ["order", "item"])
async def test_a_blank_id_is_no_id_and_keeps_that_order_out(world: World, blank: str, what: str) -> None:
    """Bound to it, two orders would be one, and the batch could not end."""
    odd = order(world, item(world, remote_id=blank if what == "item" else "I1"), number="ODD")
    if what == "order":
        odd = order(world, number="ODD", remote_id=blank, extra_field={"id": blank})
    fine = order(world, item(world, remote_id="I2"), remote_id="R2", number="SP2")
    arrivals = {arrival.name: arrival for arrival in await brought_in(world, odd, fine)}
    assert (arrivals["ODD"].code, arrivals["SP2"].outcome) == ("OrderIncomplete", "created")
    assert [row["number"] for row in world.orders] == ["SP2"]


async def test_a_request_with_a_blank_id_is_refused(world: World) -> None:
    """Bound to nothing, it would be created on every run."""
    (placed,) = await imported(world, 1)
    told = CancellationRequestDto(order_item=placed["items"][0]["id"], reason="DAMAGED", remote_id=" ", description="")
    async with opened(world, ContentType.cancellation_request, create_batch=False) as hub:
        hub.new_batch()
        (arrival,) = await hub.do_action(CreateCancellationRequests, objects=[told])
    assert arrival.code == "RequestIncomplete"
    assert world.requests.rows == {}


async def test_an_error_of_an_sdks_own_is_that_rows_failure_with_its_name(world: World) -> None:
    use_connector(world, f"{__name__}:Odd")
    place(world, number="ODD")
    place(world)
    summary = await run(world, fetch_and_create_order)
    assert (summary.counts, summary.failures) == ({"created": 1, "failed": 1}, {"Unreadable": 1})
    (told,) = texts(world)
    assert "ODD" in told
    assert "OddError in test_isolation_of_arrivals.py" in told


def failing_for(marked: Callable[[Any], bool], error: BaseException) -> Callable[..., Any]:
    """A `validated_data` of customers that meets an error with some of them."""
    known = GetOrCreateCustomer.validated_data

    def validated(self: GetOrCreateCustomer, customer: Any) -> Any:
        if marked(customer):
            raise error
        return known(self, customer)

    return validated


async def test_an_unforeseen_error_is_one_orders_failure_and_quotes_no_person(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Python quotes in its errors what it could not handle."""
    place(world, buyer={"id": "ODD"})
    place(world)
    failing = failing_for(lambda customer: customer.channel_code == "ODD", KeyError("Şule Işık"))
    monkeypatch.setattr(GetOrCreateCustomer, "validated_data", failing)
    summary = await run(world, fetch_and_create_order)
    assert (summary.counts, summary.failures) == ({"created": 1, "failed": 1}, {"Unforeseen": 1})
    (told,) = texts(world)
    assert "KeyError in test_isolation_of_arrivals.py" in told
    assert "Şule" not in told


@pytest.mark.parametrize("error", [AuthError("no"), TakenOverError("gone")])
async def test_an_error_about_the_run_stops_it(
    world: World, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    place(world, buyer={"id": "ODD"})
    monkeypatch.setattr(GetOrCreateCustomer, "validated_data", failing_for(lambda _: True, error))
    with pytest.raises(RunFailedError):
        await run(world, fetch_and_create_order)


async def test_an_unforeseen_error_in_one_cancellation_or_request_stops_no_other(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    placed = await imported(world, 1, 1)
    for one in placed:
        world.market.request(one["items"][0]["id"], reason="ODD" if one is placed[0] else "DAMAGED")
    reasons = cancellations.omnitron_reason

    def odd(conf: Any, reason: str | None) -> int:
        return 1 // 0 if reason == "ODD" else reasons(conf, reason)

    monkeypatch.setattr(cancellations, "omnitron_reason", odd)
    monkeypatch.setattr(cancellation_requests, "omnitron_reason", odd)
    summary = await run(world, fetch_and_create_cancellation_requests)
    assert (summary.counts, summary.failures) == ({"created": 1, "failed": 1}, {"Unforeseen": 1})
    for one in placed:
        world.market.cancel_order(one["id"], reason="ODD" if one is placed[0] else "DAMAGED")
    summary = await run(world, fetch_and_create_cancel)
    assert (summary.counts, summary.failures) == ({"cancelled": 1, "failed": 1}, {"Unforeseen": 1})
    assert [items_in_hub(world, one)[0]["status"] for one in placed] == ["400", "100"]
