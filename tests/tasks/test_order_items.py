"""Order items that changed on the channel: written into Omnitron, and only what differs there."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from deployments.sandbox.faults import Fault
from deployments.sandbox.sales import CANCELLED
from dto.enums import ContentType
from dto.omnitron_orders import OrderItem
from dto.orders import ChannelUpdateOrderItemDto
from flows.order import fetch_and_create_cancel, fetch_and_update_order_items
from tasks.omnitron.arrivals import Arrival
from tasks.omnitron.order_items import UpdateOrderItems, changes
from tests.harness.loopback import World
from tests.tasks.helpers import batches, opened, requests_of, run
from tests.tasks.sales import imported, items_in_hub, list_products, place


@pytest.fixture
def world(world: World) -> World:
    """A shop whose products are on the channel."""
    list_products(world)
    return world


async def written(world: World, *updates: ChannelUpdateOrderItemDto) -> list[Arrival]:
    """What became of changes as a connector tells them."""
    async with opened(world, ContentType.order_item, create_batch=False) as hub:
        found: list[Arrival] = await hub.do_action(UpdateOrderItems, objects=updates)
    return found


def patches(seen: list[Any]) -> list[dict[str, Any]]:
    """The bodies of the changes that were sent."""
    return [json.loads(request.content) for request in seen if request.method == "PATCH"]


async def test_only_what_differs_is_written_and_once(world: World) -> None:
    """In no batch; and the order is due for its update then."""
    (placed,) = await imported(world, 1)
    made = len(batches(world))
    world.market.change_item(placed["items"][0]["id"], status="SHIPPED", tracking_number="T9", invoice_number="FT1")
    with requests_of(world) as seen:
        assert (await run(world, fetch_and_update_order_items)).counts == {"changed": 1}
        assert (await run(world, fetch_and_update_order_items)).counts == {"unchanged": 1}
    assert patches(seen) == [{"status": "500", "invoice_number": "FT1", "tracking_number": "T9"}]
    assert len(batches(world)) == made
    assert world.hub.counts()["objects"]["order"]["due_updates"] == 1


@pytest.mark.parametrize(
    ("said", "sent"),
    [
        ({"status": "500"}, {"status": "500"}),
        ({"status": "400"}, {}),
        ({"status": ""}, {}),
        ({"invoice_date": datetime(2026, 1, 2, tzinfo=UTC)}, {"invoice_date": "2026-01-02T00:00:00.000000Z"}),
        ({"invoice_date": datetime(2026, 1, 1, tzinfo=UTC)}, {}),
        ({"extra_field": {"box": 2}}, {"extra_field": {"id": "I1", "shelf": 1, "box": 2}}),
        ({"extra_field": {"id": "other"}}, {}),
        ({"extra_field": {"shelf": 1}}, {}),
        ({}, {}),
    ],
)
def test_changes_are_those_that_the_channel_says(said: dict[str, Any], sent: dict[str, Any]) -> None:
    """The id that an item is bound by is never one of them."""
    item = OrderItem(
        pk=1,
        status="400",
        invoice_date=datetime(2026, 1, 1, tzinfo=UTC),
        extra_field={"id": "I1", "shelf": 1},
    )
    assert changes(item, ChannelUpdateOrderItemDto(remote_id="I1", **said)) == sent


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
    assert list(world.hub.hub.sales.journal.accepted("cancel").values()) == [1]


async def test_of_two_lines_about_one_item_the_later_counts(world: World) -> None:
    """Written one after the other, both would be written on every run."""
    (placed,) = await imported(world, 1)
    remote_id = placed["items"][0]["id"]
    lines = (
        ChannelUpdateOrderItemDto(remote_id=remote_id, status="450", invoice_number="FT1"),
        ChannelUpdateOrderItemDto(remote_id=remote_id, status="500"),
    )
    with requests_of(world) as seen:
        assert [arrival.ending for arrival in await written(world, *lines)] == ["changed"]
        assert [arrival.ending for arrival in await written(world, *lines)] == ["unchanged"]
    assert patches(seen) == [{"status": "500", "invoice_number": "FT1"}]


async def test_an_item_that_is_two_in_omnitron_is_changed_in_both(world: World) -> None:
    (placed,) = await imported(world, 1)
    world.hub.split_item(items_in_hub(world, placed)[0]["pk"], is_bound=True)
    await written(world, ChannelUpdateOrderItemDto(remote_id=placed["items"][0]["id"], tracking_number="T9"))
    assert [row["tracking_number"] for row in items_in_hub(world, placed)] == ["T9", "T9"]


async def test_an_item_that_omnitron_lacks_is_named_with_its_order_and_stops_no_other(world: World) -> None:
    (known,) = await imported(world, 1)
    unknown = place(world)
    for placed in (unknown, known):
        world.market.change_item(placed["items"][0]["id"], tracking_number="T9")
    summary = await run(world, fetch_and_update_order_items)
    assert (summary.counts, summary.failures) == ({"changed": 1, "failed": 1}, {"OrderItemNotFound": 1})
    texts = [row["error_desc"] for row in world.hub.hub.error_reports if not row["is_ok"]]
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
    for order in placed:
        world.market.change_item(order["items"][0]["id"], tracking_number="T9")
    pk = items_in_hub(world, placed[0])[0]["pk"]
    world.hub.faults.add(Fault("status", "PATCH", f"order_items/{pk}/", status=400, times=None))
    summary = await run(world, fetch_and_update_order_items)
    assert (summary.counts, summary.failures) == ({"changed": 1, "failed": 1}, {"Refused": 1})
