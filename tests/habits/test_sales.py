"""Orders on marketplaces with the habits of real ones: each is in Omnitron once, and a change reaches its own item alone."""

import random
from dataclasses import replace

import pytest

from flows.order import (
    fetch_and_create_cancel,
    fetch_and_create_cancellation_requests,
    fetch_and_create_order,
    fetch_and_update_order_items,
    update_orders,
)
from tests.habits.cases import BY_HABIT
from tests.world.loopback import World
from tests.world.sales import in_hub, items_in_hub, list_products, place
from tests.world.shop import run

CANCELLED = "100"


def shop_with(*habits: str) -> World:
    """A shop whose products are on a marketplace with a habit."""
    (first, *_) = habits
    world = BY_HABIT[first].world(products=3, failing=0)
    list_products(world)
    return world


def numbers(world: World) -> list[str]:
    return sorted(row["number"] for row in world.orders)


async def test_an_order_that_waits_is_acknowledged_once_it_is_in_omnitron() -> None:
    world = shop_with("acknowledgement")
    placed = place(world)
    assert placed["acknowledged"] is False
    assert (await run(world, fetch_and_create_order)).counts == {"created": 1, "acknowledged": 1}
    assert placed["acknowledged"] is True


@pytest.mark.parametrize("seed", range(10))
async def test_a_silent_limit_costs_no_page_of_orders(seed: int) -> None:
    """Six pages, at two calls a second: all come in with one run, however the pauses fall."""
    random.seed(seed)
    world = replace(BY_HABIT["silent-rates"], market={"most_rows": 1}).world(products=3, failing=0)
    list_products(world)
    placed = [place(world) for _ in range(6)]
    assert (await run(world, fetch_and_create_order)).counts == {"created": 6}
    assert numbers(world) == sorted(row["number"] for row in placed)


async def test_the_lines_of_an_order_are_joined() -> None:
    world = shop_with("row-per-line")
    placed = place(world, pieces=3)
    assert (await run(world, fetch_and_create_order)).counts == {"created": 1}
    assert len(items_in_hub(world, placed)) == 3
    assert (await run(world, fetch_and_create_order)).counts == {"known": 1}


async def test_a_cancellation_concerns_the_item_of_its_own_order() -> None:
    """Item 2 of both orders has the same number."""
    world = shop_with("numbered-items")
    first, second = place(world, pieces=2), place(world, pieces=2)
    await run(world, fetch_and_create_order)
    before = items_in_hub(world, first)
    world.market.cancel_order(second["id"], items=[f"{second['id']}-2"])
    await run(world, fetch_and_create_cancel)
    assert items_in_hub(world, first) == before
    left, cancelled = items_in_hub(world, second)
    assert (left["status"], cancelled["status"]) == (before[0]["status"], CANCELLED)


async def test_a_change_of_a_numbered_item_reaches_that_item_on_both_sides() -> None:
    world = shop_with("numbered-items")
    first, second = place(world, pieces=2), place(world, pieces=2)
    await run(world, fetch_and_create_order)
    world.clock.advance(60)
    world.market.change_item(f"{second['id']}-1", tracking_number="M1")
    await run(world, fetch_and_update_order_items)
    assert [row["tracking_number"] for row in items_in_hub(world, first)] == [None, None]
    assert [row["tracking_number"] for row in items_in_hub(world, second)] == ["M1", None]
    world.clock.advance(60)
    world.hub.edit_order_item(items_in_hub(world, first)[1]["pk"], tracking_number="T2")
    await run(world, update_orders, add_order_items=True)
    assert [line["tracking_number"] for line in first["items"]] == [None, "T2"]
    assert [line["tracking_number"] for line in second["items"]] == ["M1", None]


async def test_a_request_for_a_numbered_item_is_bound_to_that_item() -> None:
    world = shop_with("numbered-items")
    _, second = place(world, pieces=2), place(world, pieces=2)
    await run(world, fetch_and_create_order)
    world.market.request(f"{second['id']}-1")
    await run(world, fetch_and_create_cancellation_requests)
    (request,) = world.requests
    assert request["order_item"] == items_in_hub(world, second)[0]["pk"]


async def test_all_pages_of_a_cursor_are_read() -> None:
    """An order that changes while they are read moves to the end, and no other is passed over."""
    world = shop_with("cursor")
    placed = [place(world) for _ in range(5)]

    def move(_: int, request: object, moment: str) -> None:
        if "/orders" in str(getattr(request, "url", "")) and moment == "after":
            world.market.sales.touch(placed[0])
            world.hook = lambda *_: None

    world.hook = move
    await run(world, fetch_and_create_order)
    assert numbers(world) == sorted(row["number"] for row in placed)


async def test_an_order_that_a_page_passes_over_comes_with_the_next_run() -> None:
    world = shop_with("shifting-pages")
    placed = [place(world) for _ in range(5)]
    await run(world, fetch_and_create_order)
    assert len(numbers(world)) < 5
    for _ in range(2):
        await run(world, fetch_and_create_order)
    assert numbers(world) == sorted(row["number"] for row in placed)
    assert all(in_hub(world, row) for row in placed)


@pytest.mark.parametrize("habit", ["row-per-line", "numbered-items", "cursor", "acknowledgement"])
async def test_a_second_run_brings_nothing_in_again(habit: str) -> None:
    world = shop_with(habit)
    for _ in range(3):
        place(world, pieces=2)
    assert (await run(world, fetch_and_create_order)).counts["created"] == 3
    assert (await run(world, fetch_and_create_order)).counts == {"known": 3}
