"""Orders that changed in Omnitron: told to the channel, at once or later, matched by its id first, then by number."""

import json
from collections.abc import Callable
from typing import Any, ClassVar

import pytest

from deployments.sandbox.base.faults import Fault
from dto.batches import OrderBatchRequestResponseDto
from dto.enums import BatchRequestStatus, ContentType, ResponseStatus
from dto.outcomes import Completed
from flows.order import fetch_and_create_order, update_orders
from flows.verify import verify_open_batches
from tasks.channel.sandbox import ChannelIntegration as Sandbox
from tasks.channel.sandbox.orders import SendUpdatedOrders
from tasks.omnitron.orders.order_updates import GetOrderItems, GetOrders
from tests.world.loopback import World
from tests.world.sales import imported, in_hub, items_in_hub, list_products
from tests.world.shop import Row, action, batches, opened, requests_of, run, use_connector

Result = OrderBatchRequestResponseDto


class _Answers(SendUpdatedOrders):
    """Takes the orders, and says about them what a test wants."""

    say: ClassVar[Callable[[list[Row]], list[Result]]]

    def normalize_response(self, data: Any, validated_data: Any, transformed_data: Any, response: Any) -> Completed:
        return Completed(tuple(type(self).say(transformed_data)), ())


class Answering(Sandbox):
    """Answers carelessly."""

    name = "answering"
    actions: ClassVar = {**Sandbox.actions, _Answers.key: _Answers}


@pytest.fixture
def world(world: World) -> World:
    """A shop whose products are on the channel."""
    list_products(world)
    return world


def say(world: World, words: Callable[[list[Row]], list[Result]]) -> None:
    """What the channel will answer."""
    use_connector(world, f"{__name__}:Answering")
    _Answers.say = staticmethod(words)


async def edited(world: World, number: int = 1) -> list[Row]:
    """Orders in Omnitron that changed since."""
    placed = await imported(world, *[1] * number)
    for order in placed:
        world.hub.edit_order(in_hub(world, order)["pk"], tracking_number=f"TR{order['id']}", status="500")
    return placed


def state(world: World, placed: Row) -> tuple[str, bool]:
    """What Omnitron believes: its status, and whether the channel was told the present version."""
    row = in_hub(world, placed)
    found = action(world, row["pk"], "order")
    assert found is not None
    return found["status"], found["version_date"] == row["modified_date"]


async def test_a_changed_order_is_told_and_recorded_at_its_version(world: World) -> None:
    (placed,) = await edited(world)
    summary = await run(world, update_orders)
    assert summary.counts == {"updated": 1}
    assert state(world, placed) == ("success", True)
    told = world.market.sales.orders[placed["id"]]
    assert (told["status"], told["tracking_number"]) == ("SHIPPED", f"TR{placed['id']}")
    assert (await run(world, update_orders)).counts == {}


async def test_an_order_that_was_just_brought_in_is_not_told_back(world: World) -> None:
    await imported(world, 1)
    before = len(batches(world))
    summary = await run(world, update_orders)
    assert (summary.counts, summary.requests, len(batches(world))) == ({}, 1, before)


@pytest.mark.parametrize("add_order_items", [True, False])
async def test_items_travel_along_where_they_are_asked_for(world: World, add_order_items: bool) -> None:
    (placed,) = await imported(world, 2)
    first, _ = items_in_hub(world, placed)
    world.hub.edit_order_item(first["pk"], invoice_number="FT7")
    with requests_of(world) as seen:
        await run(world, update_orders, add_order_items=add_order_items)
    (sent,) = [json.loads(request.content)["items"][0] for request in seen if request.url.path == "/orders"]
    numbers = [(item["remote_id"], item["invoice_number"]) for item in sent["items"]]
    ids = [item["id"] for item in placed["items"]]
    assert numbers == ([(ids[0], "FT7"), (ids[1], None)] if add_order_items else [])


async def test_a_change_during_the_run_is_offered_again(world: World) -> None:
    """What was recorded is the version that was sent."""
    (placed,) = await edited(world)

    def edit(number: int, request: Any, moment: str) -> None:
        if request.method == "PUT" and moment == "after":
            world.hub.edit_order(in_hub(world, placed)["pk"])
            world.hook = lambda *_: None

    world.hook = edit
    await run(world, update_orders)
    assert state(world, placed) == ("success", False)
    assert (await run(world, update_orders)).counts == {"updated": 1}
    assert state(world, placed) == ("success", True)


async def test_an_order_that_the_channel_refuses_keeps_its_binding_and_is_offered_again(world: World) -> None:
    refused, fine = await edited(world, 2)
    world.market.refuse[refused["number"]] = "Sipariş kapandı"
    summary = await run(world, update_orders)
    assert (summary.counts, summary.failures) == ({"updated": 1, "failed": 1}, {"Rejected": 1})
    assert (state(world, refused)[0], state(world, fine)) == ("error", ("success", True))
    found = action(world, in_hub(world, refused)["pk"], "order")
    assert found
    assert found["remote_id"] == refused["id"]
    assert (await run(world, fetch_and_create_order)).counts == {"known": 2}
    world.market.refuse.clear()
    world.clock.advance(3_601)
    await run(world, update_orders)
    assert state(world, refused) == ("success", True)


async def test_answers_are_matched_by_the_channels_id_first(world: World) -> None:
    """Their numbers are each other's: the ids count."""
    first, second = await edited(world, 2)

    def crossed(sent: list[Row]) -> list[Result]:
        numbers = {row["remote_id"]: row["number"] for row in sent}
        return [
            Result(ResponseStatus.success, first["id"], numbers[second["id"]]),
            Result(ResponseStatus.fail, second["id"], numbers[first["id"]], "no"),
        ]

    say(world, crossed)
    await run(world, update_orders)
    assert (state(world, first)[0], state(world, second)[0]) == ("success", "error")


async def test_answers_without_an_id_that_is_known_are_matched_by_number(world: World) -> None:
    """Whatever the id is, the order keeps its own."""
    first, second = await edited(world, 2)
    say(
        world,
        lambda sent: [
            Result(ResponseStatus.success, "", first["number"]),
            Result(ResponseStatus.success, "package-9", second["number"]),
        ],
    )
    await run(world, update_orders)
    for placed in (first, second):
        assert state(world, placed) == ("success", True)
        found = action(world, in_hub(world, placed)["pk"], "order")
        assert found
        assert found["remote_id"] == placed["id"]


async def test_an_order_that_the_answer_does_not_mention_is_not_told(world: World) -> None:
    """It fails with a reason; a line about an unknown one is counted."""
    first, second = await edited(world, 2)
    say(
        world,
        lambda sent: [
            Result(ResponseStatus.success, first["id"], first["number"]),
            Result(ResponseStatus.success, "x", "SP0"),
        ],
    )
    summary = await run(world, update_orders)
    assert (summary.failures, summary.irregularities) == ({"NotAnswered": 1}, {"unknown": 1, "missing": 1})
    assert state(world, second)[0] == "error"


async def test_an_order_without_an_id_on_the_channel_fails_with_a_reason_and_stops_no_other(world: World) -> None:
    lost, fine = await edited(world, 2)
    row = in_hub(world, lost)
    world.hub.edit_order(row["pk"], extra_field={})
    summary = await run(world, update_orders)
    assert (summary.counts, summary.failures) == ({"updated": 1, "failed": 1}, {"NoRemoteId": 1})
    assert state(world, fine) == ("success", True)
    found = action(world, row["pk"], "order")
    assert found
    assert found["status"] == "error"


async def test_a_send_whose_answer_is_lost_is_repeated(world: World) -> None:
    """Telling an order twice is the same as once."""
    (placed,) = await edited(world)
    world.market.faults.add(Fault("drop_after", "PUT", "/orders"))
    assert (await run(world, update_orders)).counts == {"updated": 1}
    assert state(world, placed) == ("success", True)


async def test_a_channel_that_answers_later_is_asked_by_the_verify_flow(make_world: Callable[..., World]) -> None:
    """The batch waits with the channel's id; a change meanwhile is offered again."""
    world = make_world(failing=0, asynchronous=True)
    list_products(world)
    told, changed = await edited(world, 2)
    summary = await run(world, update_orders)
    assert (summary.counts, len(summary.remote_batches)) == ({"accepted": 2}, 1)
    assert batches(world)[-1]["status"] == BatchRequestStatus.sent_to_remote
    world.hub.edit_order(in_hub(world, changed)["pk"])
    for _ in range(2):
        assert (await run(world, verify_open_batches)).counts == {"ongoing": 1}
    assert (await run(world, verify_open_batches)).counts == {"updated": 2}
    assert (state(world, told), state(world, changed)) == (("success", True), ("success", False))
    assert (await run(world, update_orders)).counts == {"accepted": 1}


async def test_a_later_answer_about_some_orders_fails_the_others(make_world: Callable[..., World]) -> None:
    """Refused at once, refused later, taken: each ends as the channel says."""
    world = make_world(failing=0, asynchronous=True)
    list_products(world)
    refused, fine = await edited(world, 2)
    world.market.refuse[refused["number"]] = "Sipariş kapandı"
    await run(world, update_orders)
    for _ in range(3):
        await run(world, verify_open_batches)
    assert (state(world, refused)[0], state(world, fine)) == ("error", ("success", True))


async def test_an_order_batch_that_the_channel_forgot_is_offered_again(make_world: Callable[..., World]) -> None:
    world = make_world(failing=0, asynchronous=True)
    list_products(world)
    (placed,) = await edited(world)
    await run(world, update_orders)
    world.market.forget_batches()
    world.clock.advance(1_000)
    assert (await run(world, verify_open_batches)).failures == {"BatchForgotten": 1}
    world.clock.advance(3_601)
    await run(world, update_orders)
    for _ in range(3):
        await run(world, verify_open_batches)
    assert state(world, placed) == ("success", True)


async def test_an_order_that_was_deleted_meanwhile_ends_with_a_reason(make_world: Callable[..., World]) -> None:
    world = make_world(failing=0, asynchronous=True)
    list_products(world)
    gone, fine = await edited(world, 2)
    await run(world, update_orders)
    row = in_hub(world, gone)
    world.orders.remove(row["pk"])
    world.actions.change(action(world, row["pk"], "order")["pk"], remote_id=None)  # type: ignore[index]
    for _ in range(2):
        await run(world, verify_open_batches)
    assert (await run(world, verify_open_batches)).failures == {"ObjectGone": 1}
    assert state(world, fine) == ("success", True)
    assert batches(world)[-1]["status"] == "done"


async def test_many_orders_go_batch_after_batch(world: World) -> None:
    await edited(world, 5)
    summary = await run(world, update_orders, batch_size=2)
    assert (summary.counts, summary.batches) == ({"updated": 5}, 3)


async def test_items_are_read_with_their_actions(world: World) -> None:
    (placed,) = await imported(world, 2)
    async with opened(world, ContentType.order, create_batch=False) as hub:
        world.hub.edit_order(in_hub(world, placed)["pk"])
        (order,) = await hub.do_action(GetOrders)
        items = await hub.do_action(GetOrderItems, objects=order)
    assert [item.integration_action and item.integration_action.remote_id for item in items] == [
        item["id"] for item in placed["items"]
    ]
