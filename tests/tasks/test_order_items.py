"""Order items that changed on the channel: written into Omnitron, and only what differs there."""

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deployments.sandbox.base.faults import Fault
from deployments.sandbox.hub.orders import CANCELLED
from dto.orders import ChannelUpdateOrderItemDto
from flows.order import fetch_and_create_cancel, fetch_and_update_order_items
from tests.world.loopback import World
from tests.world.sales import (
    brought_in,
    changes,
    imported,
    item,
    items_in_hub,
    list_products,
    order,
    place,
    updated_items,
)
from tests.world.shop import batches, requests_of, run


@pytest.fixture
def world(world: World) -> World:
    """A shop whose products are on the channel."""
    list_products(world)
    return world


async def test_only_what_differs_is_written_and_once(world: World) -> None:
    """In no batch; and the order is due for its update then."""
    (placed,) = await imported(world, 1)
    made = len(batches(world))
    world.market.change_item(placed["items"][0]["id"], status="SHIPPED", tracking_number="T9", invoice_number="FT1")
    with requests_of(world) as seen:
        assert (await run(world, fetch_and_update_order_items)).counts == {"changed": 1}
        assert (await run(world, fetch_and_update_order_items)).counts == {"unchanged": 1}
    assert changes(seen) == [{"status": "500", "invoice_number": "FT1", "tracking_number": "T9"}]
    assert len(batches(world)) == made
    assert world.hub.counts()["objects"]["order"]["due_updates"] == 1


async def test_a_cancelled_item_stays_cancelled(world: World) -> None:
    """The channel still lists how it was shipped before: its invoice is written, its status is not."""
    (placed,) = await imported(world, 1)
    world.market.change_item(placed["items"][0]["id"], status="SHIPPED", invoice_number="FT1")
    world.market.cancel_order(placed["id"])
    await run(world, fetch_and_create_cancel)
    await run(world, fetch_and_update_order_items)
    (row,) = items_in_hub(world, placed)
    assert (row["status"], row["invoice_number"]) == (CANCELLED, "FT1")
    await run(world, fetch_and_create_cancel)
    assert list(world.journal.accepted("cancel").values()) == [1]


async def test_of_two_lines_about_one_item_the_later_counts(world: World) -> None:
    """Written one after the other, both would be written on every run."""
    (placed,) = await imported(world, 1)
    remote_id = placed["items"][0]["id"]
    lines = (
        ChannelUpdateOrderItemDto(remote_id=remote_id, status="450", invoice_number="FT1"),
        ChannelUpdateOrderItemDto(remote_id=remote_id, status="500"),
    )
    with requests_of(world) as seen:
        assert [arrival.outcome for arrival in await updated_items(world, *lines)] == ["changed"]
        assert [arrival.outcome for arrival in await updated_items(world, *lines)] == ["unchanged"]
    assert changes(seen) == [{"status": "500", "invoice_number": "FT1"}]


async def test_an_item_that_is_two_in_omnitron_is_changed_in_both(world: World) -> None:
    (placed,) = await imported(world, 1)
    world.hub.split_item(items_in_hub(world, placed)[0]["pk"], is_bound=True)
    await updated_items(world, ChannelUpdateOrderItemDto(remote_id=placed["items"][0]["id"], tracking_number="T9"))
    assert [row["tracking_number"] for row in items_in_hub(world, placed)] == ["T9", "T9"]


async def test_an_item_that_omnitron_lacks_is_named_with_its_order_and_stops_no_other(world: World) -> None:
    (known,) = await imported(world, 1)
    unknown = place(world)
    for placed in (unknown, known):
        world.market.change_item(placed["items"][0]["id"], tracking_number="T9")
    summary = await run(world, fetch_and_update_order_items)
    assert (summary.counts, summary.failures) == ({"changed": 1, "failed": 1}, {"OrderItemNotFound": 1})
    texts = [row["error_desc"] for row in world.reports if not row["is_ok"]]
    assert any(unknown["number"] in text and unknown["items"][0]["id"] in text for text in texts)


async def test_lost_answer_to_a_patch_is_repeated(world: World) -> None:
    """Writing it twice is the same as once."""
    (placed,) = await imported(world, 1)
    world.hub.faults.add(Fault("drop_after", "PATCH", "order_items"))
    world.market.change_item(placed["items"][0]["id"], tracking_number="T9")
    assert (await run(world, fetch_and_update_order_items)).counts == {"changed": 1}
    assert items_in_hub(world, placed)[0]["tracking_number"] == "T9"


async def test_a_hub_that_refuses_one_change_fails_that_item_alone(world: World) -> None:
    placed = await imported(world, 1, 1)
    for sold in placed:
        world.market.change_item(sold["items"][0]["id"], tracking_number="T9")
    pk = items_in_hub(world, placed[0])[0]["pk"]
    world.hub.faults.add(Fault("status", "PATCH", f"order_items/{pk}/", status=400, times=None))
    summary = await run(world, fetch_and_update_order_items)
    assert (summary.counts, summary.failures) == ({"changed": 1, "failed": 1}, {"Refused": 1})


# -- an item is looked for within its order ----------------------------------------------------------------------------


@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_of_orders_whose_names_overlap_exactly_the_named_item_is_changed(data: st.DataObject) -> None:
    """Ids and numbers are drawn from the same few names, and the items of every order are numbered from 1: one parcel must
    not ship three orders."""
    ids = data.draw(st.permutations(["1", "2", "3"]))
    numbers = data.draw(st.permutations(["1", "2", "3"]))
    chosen = data.draw(st.integers(0, 2))
    named = data.draw(st.sampled_from(["id", "number", "both"]))

    async def story() -> None:
        world = World(failing=0)
        list_products(world)
        lines = [item(world, remote_id="1"), item(world, remote_id="2")]
        await brought_in(
            world, *(order(world, *lines, remote_id=ids[index], number=number) for index, number in enumerate(numbers))
        )
        parcel = ChannelUpdateOrderItemDto(
            remote_id="1",
            order_remote_id=None if named == "number" else ids[chosen],
            order_number=None if named == "id" else numbers[chosen],
            tracking_number="PARCEL",
        )
        assert [arrival.outcome for arrival in await updated_items(world, parcel)] == ["changed"]
        by_pk = {row["pk"]: row["number"] for row in world.orders}
        changed = [
            (by_pk[row["order"]], row["extra_field"]["id"]) for row in world.order_items if row["tracking_number"]
        ]
        assert changed == [(numbers[chosen], "1")]

    asyncio.run(story())


async def test_two_orders_items_of_one_number_are_both_changed(world: World) -> None:
    """Their changes are not merged into one."""
    await brought_in(
        world, *(order(world, item(world, remote_id="1"), remote_id=name, number=name) for name in ("A", "B"))
    )
    lines = [
        ChannelUpdateOrderItemDto(remote_id="1", order_remote_id=name, tracking_number=f"T{name}")
        for name in ("A", "B")
    ]
    assert [arrival.outcome for arrival in await updated_items(world, *lines)] == ["changed", "changed"]
    assert [row["tracking_number"] for row in world.order_items] == ["TA", "TB"]


async def test_an_item_without_an_order_that_several_orders_have_is_refused(world: World) -> None:
    await brought_in(
        world, *(order(world, item(world, remote_id="1"), remote_id=name, number=name) for name in ("A", "B"))
    )
    (arrival,) = await updated_items(world, ChannelUpdateOrderItemDto(remote_id="1", tracking_number="T"))
    assert arrival.code == "OrderItemAmbiguous"
    assert [row["tracking_number"] for row in world.order_items if row["tracking_number"]] == []
