"""What waits is told to the merchant once, and again when its reason changes or its time runs out."""

from collections.abc import Mapping
from typing import Any

import pytest

from clients.flow_runs import PrefectUnavailableError
from clients.variables import LONGEST_VALUE, MemoryVariables
from deployments.sandbox.base.faults import Fault
from flows.order import fetch_and_create_cancel, fetch_and_create_order
from tests.world.loopback import World
from tests.world.sales import imported, list_products, place
from tests.world.shop import run

DAY = 86_400


class Away(MemoryVariables):
    """Variables of a server that does not answer."""

    async def read(self, prefix: str) -> Mapping[str, Any]:
        raise PrefectUnavailableError("No answer.")


@pytest.fixture
def world(world: World) -> World:
    """A shop whose products are on the channel, and whose runs remember what they told."""
    list_products(world)
    world.variables = MemoryVariables()
    return world


def texts(world: World) -> list[str]:
    """What the merchant was told of failures."""
    return [row["error_desc"] for row in world.reports if not row["is_ok"]]


async def test_an_order_that_waits_is_told_once_and_counted_by_every_run(world: World) -> None:
    place(world, city="Gotham")
    for _ in range(5):
        assert (await run(world, fetch_and_create_order)).failures == {"CityNotFound": 1}
    assert len(texts(world)) == 1


async def test_a_row_that_cannot_be_read_is_told_once(world: World) -> None:
    place(world, amount="a lot")
    for _ in range(3):
        assert (await run(world, fetch_and_create_order)).failures == {"Unreadable": 1}
    assert len(texts(world)) == 1


async def test_a_new_reason_is_told(world: World) -> None:
    placed = place(world, city="Gotham")
    await run(world, fetch_and_create_order)
    placed["cargo"] = "nobody"
    for _ in range(2):
        await run(world, fetch_and_create_order)
    assert ["Gotham" in text for text in texts(world)] == [True, False]


async def test_an_order_about_to_leave_the_window_is_told_again_once(world: World) -> None:
    place(world, city="Gotham")
    await run(world, fetch_and_create_order)
    world.clock.advance(6.5 * DAY)
    for _ in range(2):
        assert (await run(world, fetch_and_create_order)).counts["about to be lost"] == 1
    assert ["is lost after that" in text for text in texts(world)] == [False, True]


async def test_another_order_with_the_same_reason_is_told(world: World) -> None:
    for number in (1, 2):
        place(world, city="Gotham")
        await run(world, fetch_and_create_order)
        assert len(texts(world)) == number


async def test_each_flow_remembers_its_own(world: World) -> None:
    (placed,) = await imported(world, 1)
    world.market.cancel_order(placed["id"], reason="ELSE")
    for _ in range(2):
        await run(world, fetch_and_create_cancel)
        await run(world, fetch_and_create_order)
    assert len(texts(world)) == 1


async def test_a_line_that_could_not_be_written_is_written_by_the_next_run(world: World) -> None:
    place(world, city="Gotham")
    world.hub.faults.add(Fault("status", "POST", "error_reports/$", status=400, times=None))
    await run(world, fetch_and_create_order)
    assert texts(world) == []
    world.hub.faults.clear()
    await run(world, fetch_and_create_order)
    assert len(texts(world)) == 1


async def test_a_prefect_server_that_is_away_costs_a_line_too_many_and_no_run(world: World) -> None:
    world.variables = Away()
    place(world, city="Gotham")
    for number in (1, 2):
        assert (await run(world, fetch_and_create_order)).failures == {"CityNotFound": 1}
        assert len(texts(world)) == number


async def test_more_than_a_variable_can_hold_is_told_and_no_run_fails(world: World) -> None:
    for _ in range(LONGEST_VALUE // 8 + 5):
        place(world, city="Gotham")
    await run(world, fetch_and_create_order)
    told = len(texts(world))
    assert told == LONGEST_VALUE // 8 + 5
    await run(world, fetch_and_create_order)
    assert len(texts(world)) == told + 5
    assert isinstance(world.variables, MemoryVariables)
    (value,) = world.variables.kept.values()
    assert len(value) <= LONGEST_VALUE
