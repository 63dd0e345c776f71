"""Cancellations that happened on the channel: carried out in Omnitron once, each item for its reason."""

import json
from typing import Any

import pytest

from clients.errors import RefusedError
from deployments.sandbox.faults import Fault
from deployments.sandbox.sales import CANCELLED
from dto.enums import ContentType
from dto.orders import CancelOrderDto
from flows.order import fetch_and_create_cancel, fetch_and_create_order
from tasks.omnitron.arrivals import Arrival
from tasks.omnitron.cancellations import CreateOrderCancel
from tests.harness.loopback import World
from tests.tasks.helpers import Row, batches, opened, requests_of, run, writes
from tests.tasks.sales import imported, in_hub, items_in_hub, list_products, place


@pytest.fixture
def world(world: World) -> World:
    """A shop whose products are on the channel."""
    list_products(world)
    return world


def statuses(world: World, placed: Row) -> list[str]:
    """Those of the order's items in Omnitron."""
    return [row["status"] for row in items_in_hub(world, placed)]


def cancels(seen: list[Any]) -> list[dict[str, Any]]:
    """The bodies of the cancellations that were sent."""
    return [json.loads(request.content) for request in seen if request.url.path.endswith("/cancel/")]


def done(world: World) -> list[int]:
    """How often each item was cancelled, by the hub's own journal."""
    return list(world.hub.hub.sales.journal.accepted("cancel").values())


async def carried_out(world: World, *told: CancelOrderDto) -> list[Arrival]:
    """What became of cancellations as a connector tells them."""
    async with opened(world, ContentType.order, create_batch=False) as hub:
        found: list[Arrival] = await hub.do_action(CreateOrderCancel, objects=told)
    return found


def told(placed: Row, *indexes: int, **fields: Any) -> CancelOrderDto:
    """A cancellation of an order's n-th items."""
    ids = [placed["items"][index]["id"] for index in indexes]
    known = {"order": placed["id"], "cancel_items": ids, "reasons": dict.fromkeys(ids, "DAMAGED")}
    return CancelOrderDto(**{**known, **fields})


async def test_a_cancelled_order_is_cancelled_with_the_reason_that_the_conf_maps(world: World) -> None:
    """In one request for all its items, and in no batch."""
    (placed,) = await imported(world, 2)
    world.market.cancel_order(placed["id"], reason="DAMAGED")
    made = len(batches(world))
    with requests_of(world) as seen:
        summary = await run(world, fetch_and_create_cancel)
    (body,) = cancels(seen)
    assert set(body["reasons"].values()) == {42}
    assert body["forced_refund_amount"] is None
    assert summary.counts == {"cancelled": 1}
    assert statuses(world, placed) == [CANCELLED] * 2
    assert len(batches(world)) == made


async def test_a_cancellation_is_carried_out_once_however_often_the_channel_lists_it(world: World) -> None:
    (placed,) = await imported(world, 2)
    world.market.cancel_order(placed["id"])
    await run(world, fetch_and_create_cancel)
    written = len(writes(world))
    summary = await run(world, fetch_and_create_cancel)
    assert summary.counts == {"known": 1}
    assert [path for _, path in writes(world)[written:] if "cancel" in path] == []
    assert done(world) == [1, 1]


async def test_cancellations_when_idle_make_no_batch_and_no_write(world: World) -> None:
    """The peer left its batch open."""
    await imported(world, 1)
    made, written = len(batches(world)), len(writes(world))
    summary = await run(world, fetch_and_create_cancel, is_success_log=False)
    assert (summary.counts, len(batches(world)), len(writes(world))) == ({}, made, written)


async def test_items_are_cancelled_one_after_the_other_as_the_buyer_does(world: World) -> None:
    """Two cancellations of one order, in one run: neither sees the other's items as open."""
    (placed,) = await imported(world, 3)
    first, second, third = (item["id"] for item in placed["items"])
    world.market.cancel_order(placed["id"], items=[first])
    world.market.cancel_order(placed["id"], items=[third, second], reason="OUT_OF_STOCK")
    summary = await run(world, fetch_and_create_cancel)
    assert summary.counts == {"cancelled": 2}
    assert done(world) == [1, 1, 1]


async def test_a_part_of_an_order_leaves_the_rest(world: World) -> None:
    (placed,) = await imported(world, 2)
    world.market.cancel_order(placed["id"], items=[placed["items"][1]["id"]])
    await run(world, fetch_and_create_cancel)
    assert statuses(world, placed) == ["400", CANCELLED]


async def test_what_is_cancelled_already_is_left_out(world: World) -> None:
    """The merchant was faster with one of two."""
    (placed,) = await imported(world, 2)
    world.hub.edit_order_item(items_in_hub(world, placed)[0]["pk"], status=CANCELLED)
    with requests_of(world) as seen:
        await carried_out(world, told(placed, 0, 1))
    (body,) = cancels(seen)
    assert body["cancel_items"] == [items_in_hub(world, placed)[1]["pk"]]


@pytest.mark.parametrize("is_bound", [True, False])
async def test_one_item_of_the_channels_that_is_two_in_omnitron_is_cancelled_whole(
    world: World, is_bound: bool
) -> None:
    (placed,) = await imported(world, 1)
    world.hub.split_item(items_in_hub(world, placed)[0]["pk"], is_bound=is_bound)
    world.market.cancel_order(placed["id"])
    await run(world, fetch_and_create_cancel)
    assert statuses(world, placed) == [CANCELLED] * 2
    assert done(world) == [1, 1]


async def test_a_reason_without_a_counterpart_falls_back_to_the_confs(world: World) -> None:
    (placed,) = await imported(world, 1)
    world.hub.set_channel(conf={"reason_mapping": {}, "cancellation_reason_id": 44})
    world.market.cancel_order(placed["id"], reason="ELSE")
    with requests_of(world) as seen:
        await run(world, fetch_and_create_cancel)
    assert list(cancels(seen)[0]["reasons"].values()) == [44]


async def test_without_any_reason_the_cancellation_waits_and_says_what_to_fill_in(world: World) -> None:
    """Filled in, the next run carries it out; cancelled by hand, nobody is told again."""
    placed = await imported(world, 1, 1)
    world.hub.set_channel(conf={"reason_mapping": {}})
    for order in placed:
        world.market.cancel_order(order["id"], reason="ELSE")
    summary = await run(world, fetch_and_create_cancel)
    assert summary.failures == {"ReasonNotMapped": 2}
    world.hub.edit_order_item(items_in_hub(world, placed[0])[0]["pk"], status=CANCELLED)
    assert (await run(world, fetch_and_create_cancel)).counts == {"known": 1, "failed": 1}
    world.hub.set_channel(conf={"reason_mapping": {"ELSE": 43}})
    assert (await run(world, fetch_and_create_cancel)).counts == {"known": 1, "cancelled": 1}


@pytest.mark.parametrize("item_fails", [True, False])
async def test_each_item_has_its_own_reason(world: World, item_fails: bool) -> None:
    (placed,) = await imported(world, 2)
    first, second = (item["id"] for item in placed["items"])
    reasons = {first: "DAMAGED"} if item_fails else {first: "DAMAGED", second: "WRONG_PRODUCT"}
    with requests_of(world) as seen:
        (arrival,) = await carried_out(world, told(placed, 0, 1, reasons=reasons))
    if item_fails:
        assert (arrival.code, cancels(seen)) == ("ReasonNotMapped", [])
    else:
        pks = [str(row["pk"]) for row in items_in_hub(world, placed)]
        assert cancels(seen)[0]["reasons"] == dict(zip(pks, (42, 43), strict=True))


@pytest.mark.parametrize(("amount", "sent"), [("12.50", "12.50"), ("1E+2", "100"), (False, None), (None, None)])
async def test_forced_refund_amount_is_an_exact_decimal_or_none(world: World, amount: Any, sent: str | None) -> None:
    """The mission's page writes False where no amount is forced."""
    (placed,) = await imported(world, 1)
    with requests_of(world) as seen:
        (arrival,) = await carried_out(world, told(placed, 0, forced_refund_amount=amount))
    assert arrival.ending == "cancelled"
    assert cancels(seen)[0]["forced_refund_amount"] == sent


async def test_a_cancellation_may_name_the_order_by_its_number(world: World) -> None:
    (placed,) = await imported(world, 1)
    (arrival,) = await carried_out(world, told(placed, 0, order=placed["number"]))
    assert arrival.ending == "cancelled"


async def test_lost_response_to_a_post_cancels_once(world: World) -> None:
    """The items' status says that it was carried out."""
    (placed,) = await imported(world, 2)
    world.hub.faults.add(Fault("drop_after", "POST", "/cancel/"))
    world.market.cancel_order(placed["id"])
    with requests_of(world) as seen:
        summary = await run(world, fetch_and_create_cancel)
    assert summary.counts == {"cancelled": 1}
    assert (len(cancels(seen)), done(world)) == (1, [1, 1])


async def test_a_post_that_never_arrived_is_sent_again(world: World) -> None:
    (placed,) = await imported(world, 1)
    world.hub.faults.add(Fault("drop_before", "POST", "/cancel/"))
    world.market.cancel_order(placed["id"])
    assert (await run(world, fetch_and_create_cancel)).counts == {"cancelled": 1}
    assert done(world) == [1]


async def test_a_refusal_because_somebody_was_faster_is_no_failure(world: World) -> None:
    """Between the look and the cancellation the merchant cancelled."""
    (placed,) = await imported(world, 1)
    (row,) = items_in_hub(world, placed)

    def cancel(number: int, request: Any, moment: str) -> None:
        if request.url.path.endswith("/cancel/") and moment == "before":
            world.hub.edit_order_item(row["pk"], status=CANCELLED)

    world.hook = cancel
    (arrival,) = await carried_out(world, told(placed, 0))
    assert (arrival.ending, arrival.problem) == ("cancelled", None)


async def test_a_refusal_for_another_reason_stays_one_and_stops_no_other(world: World) -> None:
    placed = await imported(world, 1, 1)
    pk = in_hub(world, placed[0])["pk"]
    world.hub.faults.add(Fault("status", "POST", f"orders/{pk}/cancel/", status=400, times=None))
    arrivals = await carried_out(world, *(told(order, 0) for order in placed))
    assert [isinstance(arrival.problem, RefusedError) for arrival in arrivals] == [True, False]


async def test_an_order_that_omnitron_lacks_is_named_and_tried_again(world: World) -> None:
    placed = place(world)
    world.market.cancel_order(placed["id"])
    (arrival,) = await carried_out(world, told(placed, 0))
    assert arrival.code == "OrderNotFound"
    assert arrival.problem
    assert placed["id"] in arrival.problem.message
    placed["items"][0]["status"] = "NEW"  # the channel tells of the order as it was placed
    await run(world, fetch_and_create_order)
    assert (await run(world, fetch_and_create_cancel)).counts == {"cancelled": 1}


async def test_an_item_that_the_order_does_not_have_is_named_and_nothing_is_cancelled(world: World) -> None:
    (placed,) = await imported(world, 1)
    (arrival,) = await carried_out(world, told(placed, 0, cancel_items=[placed["items"][0]["id"], "X9"], reasons={}))
    assert arrival.code == "OrderItemNotFound"
    assert arrival.problem
    assert "X9" in arrival.problem.message
    assert done(world) == []
