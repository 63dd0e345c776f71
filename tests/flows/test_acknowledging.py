"""Channels that want to hear that an order has arrived: told after it is in Omnitron, and again until they list it as told."""

from collections.abc import Callable
from typing import Any, ClassVar

import pytest

from deployments.sandbox.base.faults import Fault
from flows.order import fetch_and_create_order
from tasks.channel.sandbox import ChannelIntegration as Sandbox
from tasks.channel.sandbox.orders import AcknowledgeOrders, GetOrders
from tasks.omnitron.orders.joining import joined_order
from tests.world.loopback import World
from tests.world.sales import PLACED, list_products, place
from tests.world.shop import opened, opened_channel, run, use_connector

ACKNOWLEDGE = "/orders/acknowledge"


class Silent(Sandbox):
    """Lists who waits, and has no command to tell it."""

    name = "silent"
    actions: ClassVar = {key: command for key, command in Sandbox.actions.items() if command is not AcknowledgeOrders}


@pytest.fixture
def world(make_world: Callable[..., World]) -> World:
    world = make_world(failing=0, habits=("acknowledgement",))
    list_products(world)
    return world


def told(world: World) -> dict[str, bool]:
    """The orders by number, and whether the marketplace was told of each."""
    return {row["number"]: row["acknowledged"] for row in world.market.sales.orders.values()}


async def test_an_order_is_acknowledged_after_it_is_in_omnitron_and_once(world: World) -> None:
    number = place(world)["number"]
    stored: list[bool] = []

    def look(_: int, request: Any, moment: str) -> None:
        if request.url.path == ACKNOWLEDGE and moment == "before":
            stored.append(any(row["number"] == number for row in world.orders))

    world.hook = look
    assert (await run(world, fetch_and_create_order)).counts == {"created": 1, "acknowledged": 1}
    assert (await run(world, fetch_and_create_order)).counts == {"known": 1}
    assert (stored, told(world)) == ([True], {number: True})


async def test_one_that_is_not_in_omnitron_is_not_acknowledged(world: World) -> None:
    good, bad = place(world)["number"], place(world, city="Gotham")["number"]
    assert (await run(world, fetch_and_create_order)).counts == {"created": 1, "failed": 1, "acknowledged": 1}
    assert told(world) == {good: True, bad: False}


async def test_a_failure_to_acknowledge_hinders_nothing_and_is_made_up_for(world: World) -> None:
    """Also after a run that died in between: the channel lists it as not acknowledged."""
    place(world)
    world.market.faults.add(Fault("status", "POST", ACKNOWLEDGE, status=503, times=None))
    assert (await run(world, fetch_and_create_order)).counts == {"created": 1, "not acknowledged": 1}
    world.market.faults.clear()
    assert (await run(world, fetch_and_create_order)).counts == {"known": 1, "acknowledged": 1}


async def test_a_refused_acknowledgement_is_reported(world: World) -> None:
    number, other = place(world)["number"], place(world)["number"]
    world.market.refuse[number] = "Too late."
    summary = await run(world, fetch_and_create_order)
    assert (summary.counts["acknowledged"], summary.failures) == (1, {"NotAcknowledged": 1})
    (line,) = [row["error_desc"] for row in world.reports if not row["is_ok"]]
    assert "Too late." in line
    assert number in line
    assert told(world) == {number: False, other: True}


async def test_a_connector_without_the_command_tells_nothing(world: World) -> None:
    use_connector(world, f"{__name__}:Silent")
    place(world)
    assert (await run(world, fetch_and_create_order)).counts == {"created": 1}


async def test_a_channel_that_does_not_want_to_know_is_told_nothing(world: World) -> None:
    world.market.sales.wants_acknowledgement = False
    place(world)
    assert (await run(world, fetch_and_create_order)).counts == {"created": 1}


async def test_an_order_in_two_rows_waits_as_long_as_one_of_them_does(world: World) -> None:
    """A channel may list each line with a flag of its own."""
    row = place(world, pieces=2)
    lines = [{**row, "items": [line], "acknowledged": bool(number)} for number, line in enumerate(row["items"])]
    async with opened(world) as hub, opened_channel(hub) as connector:
        assert isinstance(connector, Sandbox)
        command = GetOrders(connector, since=PLACED)
        assert joined_order([command.order(line) for line in lines]).is_acknowledged is False
