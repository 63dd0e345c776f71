"""No buyer's e-mail address, phone, name or tax number gets anywhere but into Omnitron's own tables (P12)."""

import logging
import traceback
from dataclasses import replace
from typing import Any, ClassVar

import pytest

from deployments.sandbox.base.faults import Fault
from dto.orders import ChannelCreateOrderDto
from flows.registry import FLOWS
from flows.run import RunFailedError
from tasks.channel.sandbox import ChannelIntegration as Sandbox
from tasks.channel.sandbox.orders import GetOrders
from tests.world.driving import ORDER_FLOWS
from tests.world.loopback import World
from tests.world.sales import list_products, place, unbind
from tests.world.shop import Row, run, use_connector

CANARIES = {
    "email": "kanarya.birey@example.com",
    "phone": "+905321234567",
    "first_name": "Kanaryaad",
    "last_name": "Kanaryasoy",
    "tax_no": "9988776655",
    "identity_number": "10000000146",
}
SEEN_AS = {**CANARIES, "email": "kanarya.birey", "phone": "5321234567"}
"""What of each is left when it stands in an address."""
FAULTS = [
    Fault("status", status=400, times=None),
    Fault("status", status=503, times=None),
    Fault("status", status=403, times=None),
    Fault("drop_after", "POST", times=None),
    Fault("drop_before", times=None),
    Fault("html", times=None),
    Fault("truncated", times=None),
    Fault("nonsense", times=None),
]
PLACES = ["customers", "addresses", "6/orders", "create_orders", "order_items", "cancellation_requests", "cancel/"]
FLOWS_OF_SALES = (*ORDER_FLOWS, "verify_open_batches", "recover")


class _Counting(GetOrders):
    """Takes names for numbers, as a connector with a mistake does."""

    def order(self, row: Row) -> ChannelCreateOrderDto:
        if row["number"].startswith("COUNT"):
            int(row["buyer"]["first_name"])
        return super().order(row)


class Counting(Sandbox):
    """Has a mistake."""

    name = "counting"
    actions: ClassVar = {**Sandbox.actions, _Counting.key: _Counting}


class Told:
    """Everything that is told outside of Omnitron's own tables."""

    def __init__(self, world: World, caplog: pytest.LogCaptureFixture) -> None:
        self._world = world
        self._caplog = caplog
        self._texts: list[str] = []

    async def run(self, flow: str) -> None:
        """One run: its summary, or its error with all that it holds."""
        try:
            self._texts.append(repr(await run(self._world, FLOWS[flow])))
        except RunFailedError as error:
            self._texts += [
                *traceback.format_exception(error),
                repr(error),
                repr(error.summary),
                repr(error.__reduce__()),
            ]

    def leaks(self) -> set[str]:
        """The canaries that got out, each with the text around it."""
        hub = self._world.shop
        formatter = logging.Formatter("%(name)s %(message)s")
        texts = [
            *self._texts,
            *(formatter.format(record) for record in self._caplog.records),
            *map(repr, hub.error_reports),
            *map(repr, hub.operational_events),
            *map(repr, hub.places.reports),
        ]
        assert len(texts) > 20
        return {
            f"{name}: {text[max(0, text.find(canary) - 80) : text.find(canary) + 80]}"
            for name, canary in SEEN_AS.items()
            for text in texts
            if canary in text
        }


def person(**fields: Any) -> dict[str, Any]:
    """An order of the one buyer who must not be told of."""
    taxed = {name: CANARIES[name] for name in ("tax_no", "identity_number")}
    names = {name: CANARIES[name] for name in ("first_name", "last_name")}
    return {
        "email": CANARIES["email"],
        "phone": CANARIES["phone"],
        "buyer": {"id": "B-canary", **names},
        "shipping_address": {**names, **taxed},
        "billing_address": {**names, **taxed},
        **fields,
    }


@pytest.fixture
def world(world: World) -> World:
    """A shop in which the buyer orders well, badly, cancels and complains."""
    use_connector(world, f"{__name__}:Counting")
    list_products(world)
    place(world, 2, **person())
    place(world, **person(cargo="nobody"))
    place(world, **person(city="Gotham"))
    place(world, **person(product="MP-none"))
    place(world, **person(number="9" * 129))
    place(world, **person(amount=CANARIES["first_name"]))
    place(world, **person(number="COUNT"))
    place(
        world, **person(notes="n" * 999, shipping_address={"title": "t" * 999, "tax_no": CANARIES["tax_no"] + "0" * 20})
    )
    place(world, without=["buyer.last_name"], **person())
    return world


@pytest.fixture
def told(world: World, caplog: pytest.LogCaptureFixture) -> Told:
    """What is told while a test runs, the program at its most talkative."""
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.DEBUG, logger="channel_app")
    return Told(world, caplog)


async def all_flows(world: World, told: Told) -> None:
    """Every flow of sales, with a market and a merchant who do something in between."""
    for flow in FLOWS_OF_SALES:
        await told.run(flow)
    first = next(iter(world.market.sales.orders.values()))
    if first["items"][1]["status"] == "NEW":
        world.market.request(first["items"][0]["id"], "refund", description="Beden uymadı")
        world.market.change_item(first["items"][0]["id"], status="SHIPPED")
        world.market.cancel_order(first["id"], items=[first["items"][1]["id"]])
    for order in list(world.orders):
        world.hub.edit_order(order["pk"])
    for request in list(world.requests):
        world.hub.decide_request(request["id"], "approved")
    for flow in FLOWS_OF_SALES:
        await told.run(flow)


async def test_nothing_of_a_buyer_is_told_when_orders_come_in_or_fail(world: World, told: Told) -> None:
    """The order that is well arrives with all of it, so there is something that could leak."""
    await all_flows(world, told)
    assert CANARIES["email"] in repr(list(world.customers))
    assert CANARIES["tax_no"] in repr(list(world.addresses))
    assert told.leaks() == set()


@pytest.mark.slow
@pytest.mark.parametrize("shift", range(2))
async def test_nothing_of_a_buyer_is_told_whatever_goes_wrong(world: World, told: Told, shift: int) -> None:
    """Every kind of fault, at the places where a buyer's data travels."""
    for index, fault in enumerate(FAULTS):
        world.hub.faults.add(replace(fault, path=PLACES[(index + 3 * shift) % len(PLACES)]))
        await all_flows(world, told)
        world.hub.faults.clear()
        unbind(world, "order", "orderitem", "cancellationrequest")
        world.clock.advance(4_000)
    assert told.leaks() == set()


@pytest.mark.slow
async def test_nothing_of_a_buyer_is_told_when_the_channel_is_broken(world: World, told: Told) -> None:
    """Its answers hold all of them."""
    for fault in FAULTS:
        world.market.faults.add(fault)
        await all_flows(world, told)
        world.market.faults.clear()
    assert told.leaks() == set()
