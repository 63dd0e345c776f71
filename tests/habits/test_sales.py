"""Orders on marketplaces with the habits of real ones: each is in Omnitron once, and a change reaches its own item alone."""

import random
from dataclasses import replace
from typing import Any

import pytest

from clients.variables import MemoryVariables
from flows.order import (
    create_order_shipping_info,
    fetch_and_create_cancel,
    fetch_and_create_cancellation_requests,
    fetch_and_create_order,
    fetch_and_update_order_items,
    update_cancellation_requests,
    update_orders,
)
from tests.habits.cases import BY_HABIT
from tests.world.driving import die_at
from tests.world.loopback import World
from tests.world.sales import in_hub, items_in_hub, list_products, place
from tests.world.shop import Row, kept, requests_of, run

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


@pytest.mark.parametrize("habit", ["split-packages", "merged-packages"])
async def test_the_packages_of_a_split_order_are_one_order(habit: str) -> None:
    """What is left takes the order's place, what was cancelled is cancelled, and no line is there twice."""
    world = shop_with(habit)
    placed = place(world, pieces=3)
    await run(world, fetch_and_create_order)
    before = items_in_hub(world, placed)
    world.market.cancel_order(placed["id"], items=[placed["items"][0]["id"]])
    left, gone = world.market.sales.orders.values()
    await run(world, fetch_and_create_order)
    await run(world, fetch_and_create_cancel)
    after = items_in_hub(world, left)
    assert [row["pk"] for row in after] == [row["pk"] for row in before]
    assert [row["status"] for row in after] == [CANCELLED, before[1]["status"], before[2]["status"]]
    assert len(list(world.orders)) == 1
    assert (await run(world, fetch_and_create_order)).counts == {"known": 1}
    assert [len(package["items"]) for package in (left, gone)] == [2, 1]


@pytest.mark.parametrize("habit", ["split-packages", "renewed-items"])
async def test_an_order_that_was_split_before_it_arrived_has_all_of_its_lines(habit: str) -> None:
    world = shop_with(habit)
    placed = place(world, pieces=3)
    world.market.cancel_order(placed["id"], items=[placed["items"][0]["id"]])
    assert (await run(world, fetch_and_create_order)).counts == {"created": 1}
    await run(world, fetch_and_create_cancel)
    left, _ = world.market.sales.orders.values()
    assert {row["extra_field"]["id"]: row["status"] == CANCELLED for row in items_in_hub(world, left)} == {
        name: item["status"] == "CANCELLED" for name, item in world.market.sales.items.items()
    }


async def test_an_order_that_is_split_twice_is_one_order_still() -> None:
    """The package that the market changed last is listed last, and what was cancelled does not take its place."""
    world = shop_with("split-packages")
    placed = place(world, pieces=3)
    await run(world, fetch_and_create_order)
    items = [line["id"] for line in placed["items"]]
    for gone in items[:2]:
        world.market.cancel_order(_left(world)["id"], items=[gone])
        world.market.change_item(items[2], tracking_number=gone)
        await run(world, fetch_and_create_order)
    assert len(items_in_hub(world, _left(world))) == 3
    assert len(list(world.orders)) == 1
    assert (await run(world, create_order_shipping_info)).counts["created"] == 1


def _left(world: World) -> Row:
    """The package with what is left to ship."""
    (row,) = [row for row in world.market.sales.orders.values() if row["status"] != "CANCELLED"]
    return row


async def test_packages_that_are_merged_are_one_order_still() -> None:
    world = shop_with("merged-packages")
    placed = place(world, pieces=3)
    await run(world, fetch_and_create_order)
    world.market.cancel_order(placed["id"], items=[placed["items"][0]["id"]])
    await run(world, fetch_and_create_order)
    world.market.change_item(placed["items"][1]["id"], tracking_number="M1")
    (merged,) = world.market.sales.orders.values()
    assert (await run(world, fetch_and_create_order)).counts == {"replaced": 1}
    await run(world, fetch_and_update_order_items)
    assert [row["tracking_number"] for row in items_in_hub(world, merged)] == [None, "M1", None]
    assert len(list(world.orders)) == 1


async def test_a_change_of_a_split_order_reaches_its_packages() -> None:
    world = shop_with("split-packages")
    placed = place(world, pieces=2)
    await run(world, fetch_and_create_order)
    world.market.cancel_order(placed["id"], items=[placed["items"][0]["id"]])
    await run(world, fetch_and_create_order)
    left, _ = world.market.sales.orders.values()
    world.clock.advance(60)
    world.hub.edit_order_item(items_in_hub(world, left)[1]["pk"], tracking_number="T1")
    assert (await run(world, update_orders, add_order_items=True)).counts == {"updated": 1}
    assert [line["tracking_number"] for line in left["items"]] == ["T1"]


async def test_items_under_new_ids_are_the_same_items() -> None:
    world = shop_with("renewed-items")
    placed = place(world, pieces=2)
    await run(world, fetch_and_create_order)
    before = items_in_hub(world, placed)
    world.market.cancel_order(placed["id"], items=[placed["items"][0]["id"]])
    await run(world, fetch_and_update_order_items)
    await run(world, fetch_and_create_order)
    await run(world, fetch_and_create_cancel)
    left, _ = world.market.sales.orders.values()
    after = items_in_hub(world, left)
    assert [row["pk"] for row in after] == [row["pk"] for row in before]
    assert {row["extra_field"]["id"] for row in after} == world.market.sales.items.keys()
    assert [row["status"] for row in after] == [CANCELLED, before[1]["status"]]


def events_read(seen: list[Any]) -> int:
    """Pages of the stream that were asked for."""
    return sum(request.url.path == "/events" for request in seen)


async def test_the_stream_is_read_from_the_last_event_before_the_window() -> None:
    """With two events a page, and a window of a day: what was passed is read once, and what is in the window each time."""
    world = shop_with("event-stream")
    world.variables = MemoryVariables()
    for _ in range(6):
        place(world)
    assert (await run(world, fetch_and_create_order, lookback_days=1)).counts == {"created": 6}
    world.clock.advance(2 * 24 * 3_600)
    place(world)
    assert (await run(world, fetch_and_create_order, lookback_days=1)).counts == {"created": 1}
    place(world)
    with requests_of(world) as seen:
        assert (await run(world, fetch_and_create_order, lookback_days=1)).counts == {"created": 1, "known": 1}
    assert events_read(seen) == 1


async def test_a_lost_event_id_costs_time_alone() -> None:
    world = shop_with("event-stream")
    world.variables = MemoryVariables()
    for _ in range(6):
        place(world)
    world.clock.advance(2 * 24 * 3_600)
    place(world)
    await run(world, fetch_and_create_order, lookback_days=1)
    kept(world).clear()
    late = place(world)
    with requests_of(world) as seen:
        assert (await run(world, fetch_and_create_order, lookback_days=1)).counts == {"created": 1, "known": 1}
    assert events_read(seen) == 4
    assert in_hub(world, late)


async def test_a_run_that_dies_before_its_orders_are_in_omnitron_passes_none_over() -> None:
    world = shop_with("event-stream")
    world.variables = MemoryVariables()
    placed = [place(world) for _ in range(3)]
    await die_at(world, "fetch_and_create_order", "POST", "create_orders", 1, "before")
    await run(world, fetch_and_create_order)
    assert numbers(world) == sorted(row["number"] for row in placed)


async def test_a_request_that_the_marketplace_decided_is_decided_in_omnitron() -> None:
    """The merchant is not told that the channel refused their decision: it came too late."""
    world = shop_with("decided-returns")
    placed = place(world)
    await run(world, fetch_and_create_order)
    world.market.request(placed["items"][0]["id"], "refund")
    await run(world, fetch_and_create_cancellation_requests)
    (request,) = world.requests
    world.hub.decide_request(request["id"], "rejected")
    world.clock.advance(1_801)
    assert (await run(world, fetch_and_create_cancellation_requests)).counts == {"decided by the channel": 1}
    assert world.requests[request["id"]]["status"] == "approved"
    assert (await run(world, update_cancellation_requests)).counts == {}


@pytest.mark.parametrize("habit", ["row-per-line", "numbered-items", "cursor", "acknowledgement", "event-stream"])
async def test_a_second_run_brings_nothing_in_again(habit: str) -> None:
    world = shop_with(habit)
    for _ in range(3):
        place(world, pieces=2)
    assert (await run(world, fetch_and_create_order)).counts["created"] == 3
    assert (await run(world, fetch_and_create_order)).counts == {"known": 3}
