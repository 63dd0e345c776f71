"""Order items that both sides change: the newer value wins, the other side hears of it, and nothing is written twice."""

from datetime import datetime
from typing import Any

import httpx
import pytest

from deployments.sandbox.base.faults import Fault
from deployments.sandbox.hub.orders import CANCELLED
from dto.orders import ChannelUpdateOrderItemDto
from flows.order import (
    fetch_and_create_cancel,
    fetch_and_create_order,
    fetch_and_update_order_items,
    update_orders,
)
from tasks.omnitron.orders.item_base import STATE
from tests.world.driving import RETRY_INTERVAL, die_at
from tests.world.driving import run as scheduled
from tests.world.loopback import World
from tests.world.sales import changes, imported, items_in_hub, list_products, place, unbind, updated_items
from tests.world.shop import Row, action, requests_of, run, writes

PACKED, SHIPPED, DELIVERED = "450", "500", "550"
FLOWS: dict[str, tuple[Any, dict[str, Any]]] = {
    "fetch": (fetch_and_update_order_items, {}),
    "tell": (update_orders, {"add_order_items": True}),
}


@pytest.fixture
def world(world: World) -> World:
    """A shop whose products are on the channel."""
    list_products(world)
    return world


async def run_both(world: World, first: str) -> None:
    """One run of each flow, a minute apart."""
    for name in (first, *(name for name in FLOWS if name != first)):
        flow, parameters = FLOWS[name]
        await run(world, flow, **parameters)
        world.clock.advance(60)


def edit(world: World, placed: Row, **fields: Any) -> None:
    """The merchant changes the order's first item."""
    world.clock.advance(60)
    world.hub.edit_order_item(items_in_hub(world, placed)[0]["pk"], **fields)
    world.clock.advance(60)


def change(world: World, placed: Row, **fields: Any) -> None:
    """The market changes the order's first item."""
    world.clock.advance(60)
    world.market.change_item(placed["items"][0]["id"], **fields)
    world.clock.advance(60)


def both(world: World, placed: Row, name: str = "status") -> tuple[Any, Any]:
    """What Omnitron and the market say of the order's first item."""
    return items_in_hub(world, placed)[0][name], world.market.sales.items[placed["items"][0]["id"]][name]


def reasons(world: World) -> list[str]:
    """What the merchant was told of failures."""
    return [row["error_desc"] for row in world.reports if not row["is_ok"]]


both_ways = pytest.mark.parametrize("first", ["fetch", "tell"])


@both_ways
async def test_a_status_that_the_merchant_took_further_stays_and_is_told(world: World, first: str) -> None:
    """Whichever flow runs first, the market's older status is not written over it."""
    (placed,) = await imported(world, 1)
    change(world, placed, status="PACKED")
    await run_both(world, "fetch")
    edit(world, placed, status=SHIPPED)
    with requests_of(world) as seen:
        await run_both(world, first)
        await run_both(world, first)
    assert both(world, placed) == (SHIPPED, "SHIPPED")
    assert changes(seen) == []


@both_ways
async def test_where_both_changed_a_status_the_later_change_stands(world: World, first: str) -> None:
    (merchant_last, market_last) = await imported(world, 1, 1)
    change(world, merchant_last, status="PACKED")
    edit(world, merchant_last, status=SHIPPED)
    edit(world, market_last, status=PACKED)
    change(world, market_last, status="DELIVERED")
    await run_both(world, first)
    await run_both(world, first)
    assert both(world, merchant_last) == (SHIPPED, "SHIPPED")
    assert both(world, market_last) == (DELIVERED, "DELIVERED")


@both_ways
async def test_each_field_goes_its_own_way(world: World, first: str) -> None:
    """The merchant ships, the market invoices."""
    (placed,) = await imported(world, 1)
    change(world, placed, status="PACKED")
    await run_both(world, "fetch")
    edit(world, placed, status=SHIPPED, tracking_number="T1")
    change(world, placed, invoice_number="F1")
    await run_both(world, first)
    await run_both(world, first)
    assert [both(world, placed, name) for name in ("tracking_number", "invoice_number")] == [("T1", "T1"), ("F1", "F1")]
    assert both(world, placed) == (SHIPPED, "SHIPPED")


async def test_a_change_back_by_the_channel_is_a_change(world: World) -> None:
    """It was told that the item is shipped, and says later that it is packed again."""
    (placed,) = await imported(world, 1)
    change(world, placed, status="PACKED")
    await run_both(world, "fetch")
    edit(world, placed, status=SHIPPED)
    await run_both(world, "tell")
    change(world, placed, status="PACKED")
    await run_both(world, "fetch")
    assert both(world, placed) == (PACKED, "PACKED")


async def test_what_the_channel_knows_is_not_told_back_to_it(world: World) -> None:
    """It goes on meanwhile: its status must not be set back by the echo of an earlier one."""
    (placed,) = await imported(world, 1)
    change(world, placed, status="PACKED")
    await run(world, fetch_and_update_order_items)
    change(world, placed, status="SHIPPED")
    await run(world, update_orders, add_order_items=True)
    assert both(world, placed) == (PACKED, "SHIPPED")
    await run_both(world, "fetch")
    assert both(world, placed) == (SHIPPED, "SHIPPED")


async def test_what_was_told_counts_for_a_line_that_names_its_order_by_number_alone(world: World) -> None:
    """The market lists what it was told: that is no change of its own."""
    (placed,) = await imported(world, 1)
    change(world, placed, status="PACKED")
    await run_both(world, "fetch")
    edit(world, placed, status=SHIPPED)
    await run(world, update_orders, add_order_items=True)
    edit(world, placed, status=DELIVERED)
    item = placed["items"][0]["id"]
    told = ChannelUpdateOrderItemDto(remote_id=item, order_number=placed["number"], status=SHIPPED)
    await updated_items(world, told)
    assert both(world, placed)[0] == DELIVERED


async def test_when_nothing_changed_nothing_is_written_and_only_the_look_ups_are_paid(world: World) -> None:
    (placed,) = await imported(world, 2)
    for line in placed["items"]:
        world.market.change_item(line["id"], status="PACKED")
    await run_both(world, "fetch")
    before = writes(world)
    with requests_of(world) as seen:
        assert (await run(world, fetch_and_update_order_items)).counts == {"unchanged": 2}
        assert (await run(world, update_orders, add_order_items=True)).counts == {}
    assert writes(world) == before
    looked = [request.url.path.split("/")[-2] for request in seen if "/channel/6/" in request.url.path]
    # The actions of the orders and the items in bulk, an item's order each, and what is due.
    assert sorted(looked) == ["integration_actions", "integration_actions", "order_items", "order_items", "updates"]


async def test_what_both_have_is_noted_once(world: World) -> None:
    """By one write for the item, and one for its action."""
    (placed,) = await imported(world, 1)
    change(world, placed, status="PACKED", tracking_number="M1")
    with requests_of(world) as seen:
        await run(world, fetch_and_update_order_items)
        await run(world, fetch_and_update_order_items)
    assert changes(seen) == [{"status": PACKED, "tracking_number": "M1"}]
    (noted,) = changes(seen, "integration_actions")
    assert {name: each["value"] for name, each in noted["state"][STATE]["listed"].items()} == {
        "status": PACKED,
        "tracking_number": "M1",
    }


async def test_a_change_before_the_first_listing_is_the_merchants(world: World) -> None:
    """The market lists the item as it was ordered, and packed."""
    (placed,) = await imported(world, 1)
    change(world, placed, status="PACKED")
    edit(world, placed, status=SHIPPED)
    await run_both(world, "fetch")
    assert both(world, placed) == (SHIPPED, "SHIPPED")


async def test_a_change_before_the_binding_is_the_merchants(world: World) -> None:
    """The run that created the order died before it bound it."""
    placed = place(world, 1)
    await die_at(world, "fetch_and_create_order", "POST", "create_orders", 1)
    edit(world, placed, status=SHIPPED)
    await run(world, fetch_and_create_order)
    assert (await updated_items(world, update_of(placed, status=PACKED)))[0].outcome == "unchanged"
    assert both(world, placed)[0] == SHIPPED


def update_of(placed: Row, **fields: Any) -> ChannelUpdateOrderItemDto:
    """A change of the order's first item, by a channel that gives no time."""
    return ChannelUpdateOrderItemDto(remote_id=placed["items"][0]["id"], order_remote_id=placed["id"], **fields)


async def test_a_channel_without_times_takes_nothing_back(world: World) -> None:
    """It lists its old value for as long as the window is."""
    (placed,) = await imported(world, 1)
    old = update_of(placed, status=PACKED, tracking_number="M1")
    assert (await updated_items(world, old))[0].outcome == "changed"
    edit(world, placed, status=SHIPPED, tracking_number="T1")
    assert (await updated_items(world, old))[0].outcome == "unchanged"
    await run(world, update_orders, add_order_items=True)
    assert (await updated_items(world, old))[0].outcome == "unchanged"
    assert both(world, placed) == (SHIPPED, "SHIPPED")
    assert (await updated_items(world, update_of(placed, status=DELIVERED)))[0].outcome == "changed"


async def test_each_part_of_a_split_item_has_its_own_base(world: World) -> None:
    """The merchant ships one part; the channel's old status stays away from it, its new parcel reaches both."""
    (placed,) = await imported(world, 1)
    change(world, placed, status="PACKED")
    await run(world, fetch_and_update_order_items)
    world.hub.split_item(items_in_hub(world, placed)[0]["pk"], is_bound=True)
    await run(world, fetch_and_update_order_items)
    edit(world, placed, status=SHIPPED)
    change(world, placed, tracking_number="M1")
    await run(world, fetch_and_update_order_items)
    found = [(row["status"], row["tracking_number"]) for row in items_in_hub(world, placed)]
    assert found == [(SHIPPED, "M1"), (PACKED, "M1")]


async def test_a_part_that_was_never_bound_follows_its_sibling(world: World) -> None:
    """Each part keeps what the merchant made of it."""
    (placed,) = await imported(world, 1)
    change(world, placed, status="PACKED")
    await run(world, fetch_and_update_order_items)
    twin = world.hub.split_item(items_in_hub(world, placed)[0]["pk"])
    world.hub.edit_order_item(twin["pk"], status=SHIPPED)
    change(world, placed, tracking_number="M1")
    await run(world, fetch_and_update_order_items)
    found = [(row["status"], row["tracking_number"]) for row in items_in_hub(world, placed)]
    assert found == [(PACKED, "M1"), (SHIPPED, "M1")]
    assert action(world, twin["pk"], "orderitem") is None


async def test_of_lines_with_times_the_latest_counts_whatever_their_order(world: World) -> None:
    """Each field has the time of the line that names it last: an invoice makes no old status new."""
    (placed,) = await imported(world, 1)
    moments = [datetime.fromisoformat(f"2026-01-01T0{hour}:00:00+00:00") for hour in range(1, 4)]
    lines = [
        update_of(placed, status=SHIPPED, modified_date=moments[1]),
        update_of(placed, status=PACKED, modified_date=moments[0]),
        update_of(placed, invoice_number="F1", modified_date=moments[2]),
    ]
    await updated_items(world, *lines)
    row = items_in_hub(world, placed)[0]
    assert (row["status"], row["invoice_number"]) == (SHIPPED, "F1")
    noted = action(world, row["pk"], "orderitem")
    assert noted is not None
    assert noted["state"][STATE]["listed"]["status"]["at"] == "2026-01-01T02:00:00.000000Z"


# -- cancellations -----------------------------------------------------------------------------------------------------


async def test_a_cancellation_as_a_status_is_refused_with_a_reason_once_and_the_rest_is_written(world: World) -> None:
    (placed,) = await imported(world, 2)
    world.market.cancel_order(placed["id"], items=[placed["items"][0]["id"]])
    change(world, placed, invoice_number="F1")
    summary = await run(world, fetch_and_update_order_items)
    assert summary.failures == {"CancelledByUpdate": 1}
    row = items_in_hub(world, placed)[0]
    assert (row["status"], row["invoice_number"]) == ("400", "F1")
    (reason,) = reasons(world)
    assert "fetch_and_create_cancel" in reason
    assert placed["items"][0]["id"] in reason


async def test_once_the_item_is_cancelled_its_old_rows_are_no_failure(world: World) -> None:
    """Whatever status they have, nothing revives it."""
    (placed,) = await imported(world, 1)
    change(world, placed, status="SHIPPED")
    world.market.cancel_order(placed["id"])
    await run(world, fetch_and_create_cancel)
    for status in (SHIPPED, CANCELLED):
        (arrival,) = await updated_items(world, update_of(placed, status=status))
        assert (arrival.outcome, arrival.problem) == ("unchanged", None)
    assert both(world, placed)[0] == CANCELLED


# -- what Omnitron refuses ---------------------------------------------------------------------------------------------


async def test_a_field_that_omnitron_refuses_keeps_no_other_out_and_is_tried_again(world: World) -> None:
    (placed,) = await imported(world, 1)
    change(world, placed, status="SHIPPED", invoice_number="F1", tracking_number="9" * 257)
    for _ in range(2):
        with requests_of(world) as seen:
            assert (await run(world, fetch_and_update_order_items)).failures == {"Refused": 1}
        assert changes(seen)[-1] == {"tracking_number": "9" * 257}
    row = items_in_hub(world, placed)[0]
    assert (row["status"], row["invoice_number"], row["tracking_number"]) == (SHIPPED, "F1", None)
    change(world, placed, tracking_number="9")
    assert (await run(world, fetch_and_update_order_items)).counts == {"changed": 1}
    assert both(world, placed, "tracking_number") == ("9", "9")


async def test_several_reasons_are_told_together(world: World) -> None:
    (placed,) = await imported(world, 1)
    (arrival,) = await updated_items(world, update_of(placed, status=CANCELLED, tracking_number="9" * 257))
    assert arrival.code == "ChangesRefused"
    assert arrival.problem
    assert "fetch_and_create_cancel" in arrival.problem.message
    assert "tracking_number" in arrival.problem.message


async def test_an_order_is_told_even_if_omnitron_takes_no_note_of_it(world: World) -> None:
    """Omnitron's own refusal would come again: here the item's action is gone when the note is written."""
    (placed,) = await imported(world, 1)
    edit(world, placed, status=SHIPPED)

    def forget(_number: int, request: httpx.Request, when: str) -> None:
        if (when, request.method) == ("before", "PATCH") and "integration_actions" in request.url.path:
            unbind(world, "orderitem")

    world.hook = forget
    assert (await run(world, update_orders, add_order_items=True)).counts == {"updated": 1}
    assert both(world, placed) == (SHIPPED, "SHIPPED")


async def test_an_order_waits_if_a_server_on_the_way_refuses_the_note(world: World) -> None:
    """Told without its note, an item with a newer value on the channel would stay different there. The next order is told."""
    refused, other = await imported(world, 1, 1)
    for placed in (refused, other):
        edit(world, placed, status=SHIPPED)
    (item,) = items_in_hub(world, refused)
    noted = action(world, item["pk"], "orderitem")
    assert noted
    world.hub.faults.add(Fault("status", "PATCH", f"integration_actions/{noted['pk']}/", status=404))
    summary = await run(world, update_orders, add_order_items=True)
    assert (summary.counts, summary.failures) == ({"updated": 1, "failed": 1}, {"NotNoted": 1})
    assert (both(world, refused)[1], both(world, other)[1]) == ("NEW", "SHIPPED")
    world.clock.advance(RETRY_INTERVAL)
    assert (await run(world, update_orders, add_order_items=True)).counts == {"updated": 1}
    assert both(world, refused) == (SHIPPED, "SHIPPED")


# -- runs that die -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("resource", "moment"), [("order_items", "after"), ("integration_actions", "before")])
async def test_a_run_that_dies_between_its_writes_is_completed_by_the_next(
    world: World, resource: str, moment: str
) -> None:
    """The item is changed, and its base is not: it is not changed again, and the merchant's next change stays."""
    (placed,) = await imported(world, 1)
    change(world, placed, status="PACKED")
    await die_at(world, "fetch_and_update_order_items", "PATCH", resource, 1, moment)
    edit(world, placed, status=SHIPPED)
    with requests_of(world) as seen:
        await run_both(world, "fetch")
    assert (changes(seen), both(world, placed)) == ([], (SHIPPED, "SHIPPED"))


async def test_a_tell_that_died_is_no_reason_to_take_a_status_back(world: World) -> None:
    """The market changes something else meanwhile: it lists its old status with a newer time, and never heard of the other."""
    (placed,) = await imported(world, 1)
    change(world, placed, status="PACKED")
    await run_both(world, "fetch")
    edit(world, placed, status=SHIPPED)
    await die_at(world, "update_orders", "PUT", "/orders", 1, "before")
    change(world, placed, invoice_number="F1")
    await run(world, fetch_and_update_order_items)
    assert both(world, placed) == (SHIPPED, "PACKED")
    world.clock.advance(4_000)
    for flow in ("recover", "update_orders", "fetch_and_update_order_items"):
        await scheduled(world, flow)
    assert both(world, placed) == (SHIPPED, "SHIPPED")
