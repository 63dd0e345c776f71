"""Cancellations that happened on the channel: carried out in Omnitron once, each item for its reason."""

import asyncio
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clients.errors import RefusedError
from deployments.sandbox.base.faults import Fault
from deployments.sandbox.hub.orders import CANCELLED
from dto.enums import ContentType
from dto.omnitron import ChannelConf
from dto.orders import CancelOrderDto
from flows.order import fetch_and_create_cancel, fetch_and_create_order
from tasks.omnitron.orders.arrivals import Arrival
from tasks.omnitron.orders.cancellations import CreateOrderCancel, ReasonNotMappedError, omnitron_reason
from tests.world.loopback import World
from tests.world.sales import brought_in, imported, in_hub, item, items_in_hub, list_products, order, place
from tests.world.shop import Row, assert_clean, batches, opened, requests_of, run, writes


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
    return list(world.journal.accepted("cancel").values())


async def carried_out(world: World, *told: CancelOrderDto) -> list[Arrival]:
    """What became of cancellations as a connector tells them."""
    async with opened(world, ContentType.order, create_batch=False) as hub:
        found: list[Arrival] = await hub.do_action(CreateOrderCancel, objects=told)
    return found


def told(placed: Row, *indexes: int, **fields: Any) -> CancelOrderDto:
    """A cancellation of an order's n-th items."""
    ids = [placed["items"][index]["id"] for index in indexes]
    known = {"order": placed["number"], "cancel_items": ids, "reasons": dict.fromkeys(ids, "DAMAGED")}
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
    assert "forced_refund_amount" not in body
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
    """The Celery version left its batch open."""
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


@pytest.mark.parametrize(
    ("mapping", "reason", "found"),
    [
        ({"Müşteri İptali": 43}, " MÜŞTERİ  iptali", 43),
        ({"İptal": 43, "iptal": 44}, "iptal", 44),
        ({"İptal": 43, "iptal": 43}, "IPTAL", 43),
        ({"İptal": 43}, "İade", 45),
    ],
    ids=["another spelling", "exactly", "several of one meaning", "another reason"],
)
def test_a_reason_is_found_in_every_spelling(mapping: dict[str, int], reason: str, found: int) -> None:
    assert omnitron_reason(ChannelConf(reason_mapping=mapping, cancellation_reason_id=45), reason) == found


def test_a_reason_that_fits_two_is_not_guessed() -> None:
    """The fallback is for reasons that are not in the conf."""
    conf = ChannelConf(reason_mapping={"İptal": 43, "iptal": 44}, cancellation_reason_id=45)
    with pytest.raises(ReasonNotMappedError, match=r"`IPTAL` .* reasons 43, 44"):
        omnitron_reason(conf, "IPTAL")


async def test_without_any_reason_the_cancellation_waits_and_says_what_to_fill_in(world: World) -> None:
    """Filled in, the next run carries it out; cancelled by hand, nobody is told again."""
    placed = await imported(world, 1, 1)
    world.hub.set_channel(conf={"reason_mapping": {}})
    for one in placed:
        world.market.cancel_order(one["id"], reason="ELSE")
    summary = await run(world, fetch_and_create_cancel)
    assert summary.failures == {"ReasonNotMapped": 2}
    world.hub.edit_order_item(items_in_hub(world, placed[0])[0]["pk"], status=CANCELLED)
    assert (await run(world, fetch_and_create_cancel)).counts == {"known": 1, "failed": 1}
    world.hub.set_channel(conf={"reason_mapping": {"ELSE": 43}})
    assert (await run(world, fetch_and_create_cancel)).counts == {"known": 1, "cancelled": 1}


async def test_each_item_has_its_own_reason(world: World) -> None:
    (placed,) = await imported(world, 2)
    first, second = (item["id"] for item in placed["items"])
    with requests_of(world) as seen:
        await carried_out(world, told(placed, 0, 1, reasons={first: "DAMAGED", second: "WRONG_PRODUCT"}))
    pks = [str(row["pk"]) for row in items_in_hub(world, placed)]
    assert cancels(seen)[0]["reasons"] == dict(zip(pks, (42, 43), strict=True))


@pytest.mark.parametrize(("amount", "sent"), [("12.50", "12.50"), ("1E+2", "100"), (False, None), (None, None)])
async def test_forced_refund_amount_is_an_exact_decimal_or_none(world: World, amount: Any, sent: str | None) -> None:
    """The documentation writes False where no amount is forced."""
    (placed,) = await imported(world, 1)
    with requests_of(world) as seen:
        (arrival,) = await carried_out(world, told(placed, 0, forced_refund_amount=amount))
    assert arrival.outcome == "cancelled"
    assert cancels(seen)[0].get("forced_refund_amount") == sent


@pytest.mark.parametrize(
    "terms",
    [
        {"is_cargo_refund": True, "refund_invoice_number": "FT-9", "forced_refund_amount": "5.00"},
        {"is_cargo_refund": False},
        {},
    ],
)
async def test_a_cancellation_travels_whole_and_with_nothing_that_the_channel_did_not_give(
    world: World, terms: dict[str, Any]
) -> None:
    (placed,) = await imported(world, 1)
    world.market.cancel_order(placed["id"], **terms)
    await run(world, fetch_and_create_cancel)
    (kept,) = world.shop.orders.cancellations
    assert {name: kept[name] for name in kept if name not in ("order", "cancel_items", "reasons")} == terms


# -- one name of one kind ----------------------------------------------------------------------------------------------


async def test_a_number_that_is_another_orders_id_cancels_the_order_with_the_number(world: World) -> None:
    other = place(world, number="900")
    placed = place(world, number=other["id"])
    await run(world, fetch_and_create_order)
    (arrival,) = await carried_out(world, told(placed, 0))
    assert arrival.outcome == "cancelled"
    assert (statuses(world, other), statuses(world, placed)) == (["400"], [CANCELLED])


async def test_an_orders_id_is_not_its_number(world: World) -> None:
    (placed,) = await imported(world, 1)
    (arrival,) = await carried_out(world, told(placed, 0, order=placed["id"]))
    assert arrival.code == "OrderNotFound"
    assert done(world) == []


@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_of_orders_whose_names_overlap_exactly_the_named_items_are_cancelled(data: st.DataObject) -> None:
    """Ids, numbers and item ids are drawn from the same few names: an order's number is another's id, and every order has
    an item 1."""
    names = st.sampled_from(["1", "2", "3", "4"])
    ids = data.draw(st.permutations(["1", "2", "3", "4"]))
    numbers = data.draw(st.permutations(["1", "2", "3", "4"]))
    lines = [data.draw(st.lists(names, min_size=1, max_size=3, unique=True)) for _ in ids]
    chosen = data.draw(st.integers(0, 3))
    gone = data.draw(st.lists(st.sampled_from(lines[chosen]), min_size=1, unique=True))

    async def story() -> None:
        world = World(failing=0)
        list_products(world)
        entries = [
            order(world, *(item(world, remote_id=line) for line in lines[index]), remote_id=ids[index], number=number)
            for index, number in enumerate(numbers)
        ]
        await brought_in(world, *entries)
        asked_for = CancelOrderDto(order=numbers[chosen], cancel_items=gone, reasons=dict.fromkeys(gone, "DAMAGED"))
        await carried_out(world, asked_for)
        by_pk = {row["pk"]: row["number"] for row in world.orders}
        cancelled = {
            (by_pk[row["order"]], row["extra_field"]["id"]) for row in world.order_items if row["status"] == CANCELLED
        }
        assert cancelled == {(numbers[chosen], line) for line in gone}
        assert_clean(world)

    asyncio.run(story())


# -- what can be carried out, is ---------------------------------------------------------------------------------------


async def test_an_item_whose_reason_is_not_mapped_waits_and_the_others_are_cancelled(world: World) -> None:
    """Mapped, it is cancelled too, and the others not again."""
    (placed,) = await imported(world, 2)
    first, second = (item["id"] for item in placed["items"])
    cancel = told(placed, 0, 1, reasons={first: "DAMAGED", second: "ELSE"})
    (arrival,) = await carried_out(world, cancel)
    assert arrival.problem
    assert (arrival.code, arrival.problem.message.endswith("Its other items are cancelled.")) == (
        "ReasonNotMapped",
        True,
    )
    assert statuses(world, placed) == [CANCELLED, "400"]
    world.hub.set_channel(conf={"reason_mapping": {"ELSE": 43}})
    (arrival,) = await carried_out(world, cancel)
    assert (arrival.outcome, statuses(world, placed), done(world)) == ("cancelled", [CANCELLED] * 2, [1, 1])


@pytest.mark.parametrize("unfit", ["X9", "", "  "])
async def test_an_item_that_the_order_does_not_have_waits_and_the_others_are_cancelled(
    world: World, unfit: str
) -> None:
    (placed,) = await imported(world, 1)
    (arrival,) = await carried_out(
        world,
        told(placed, 0, cancel_items=[placed["items"][0]["id"], unfit], reasons={placed["items"][0]["id"]: "DAMAGED"}),
    )
    assert arrival.code == "OrderItemNotFound"
    assert arrival.problem
    assert (unfit.strip() or "without an id") in arrival.problem.message
    assert statuses(world, placed) == [CANCELLED]


@pytest.mark.parametrize("terms", [{"forced_refund_amount": "5.00"}, {"is_cargo_refund": True}])
async def test_a_cancellation_that_refunds_something_as_a_whole_waits_as_a_whole(
    world: World, terms: dict[str, Any]
) -> None:
    """In two parts, the amount would be refunded twice."""
    (placed,) = await imported(world, 2)
    first, second = (item["id"] for item in placed["items"])
    (arrival,) = await carried_out(world, told(placed, 0, 1, reasons={first: "DAMAGED", second: "ELSE"}, **terms))
    assert arrival.code == "ReasonNotMapped"
    assert statuses(world, placed) == ["400", "400"]


# -- lost answers and refusals -----------------------------------------------------------------------------------------


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
    assert (arrival.outcome, arrival.problem) == ("cancelled", None)


async def test_a_refusal_for_another_reason_stays_one_and_stops_no_other(world: World) -> None:
    placed = await imported(world, 1, 1)
    pk = in_hub(world, placed[0])["pk"]
    world.hub.faults.add(Fault("status", "POST", f"orders/{pk}/cancel/", status=400, times=None))
    arrivals = await carried_out(world, *(told(one, 0) for one in placed))
    assert [isinstance(arrival.problem, RefusedError) for arrival in arrivals] == [True, False]


async def test_an_order_that_omnitron_lacks_is_named_and_tried_again(world: World) -> None:
    placed = place(world)
    world.market.cancel_order(placed["id"])
    (arrival,) = await carried_out(world, told(placed, 0))
    assert arrival.code == "OrderNotFound"
    assert arrival.problem
    assert placed["number"] in arrival.problem.message
    placed["items"][0]["status"] = "NEW"  # the channel tells of the order as it was placed
    await run(world, fetch_and_create_order)
    assert (await run(world, fetch_and_create_cancel)).counts == {"cancelled": 1}
