"""The example connector: its lists, and the parts of a path that the channel names."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from clients.errors import ContractError
from clients.runtime import Runtime
from dto.enums import ContentType
from dto.omnitron import Channel, IntegrationAction
from dto.outcomes import Accepted, Completed
from tasks.batch import Batch
from tasks.channel import orders
from tasks.channel.sandbox import ChannelIntegration as Sandbox
from tasks.channel.sandbox.marketplace import PAGE
from tasks.channel.sandbox.products import CheckProducts
from tasks.channel.sandbox.setup import GetCategoryAttributes
from tests.clients.support import Script, Sleeper, answer, settings
from tests.world.loopback import MARKET, World
from tests.world.shop import opened, opened_channel

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def clock() -> Sleeper:
    return Sleeper()


def sandbox_of(handler: Callable[[httpx.Request], httpx.Response], clock: Sleeper) -> Sandbox:
    """The connector with a marketplace that answers what a test wants."""
    runtime = Runtime(settings(), clock, lambda in_flight: httpx.MockTransport(handler))
    return Sandbox(Channel.model_validate({"pk": 6, "conf": {"base_url": MARKET}}), runtime)


async def test_lists_are_read_to_their_end(world: World) -> None:
    """All pages of the window, its beginning included."""
    placed = world.market.place_orders(PAGE + 1, skus=["A", "B"])
    async with opened(world) as hub, opened_channel(hub) as channel:
        assert isinstance(channel, Sandbox)
        assert [row async for row in channel.listed("/orders", EPOCH)] == placed
        assert [row async for row in channel.listed("/orders", EPOCH + timedelta(days=1))] == []


async def test_each_list_has_its_rows(world: World) -> None:
    order = world.market.place_order(items=[("A", 2)])
    first, second = (line["id"] for line in order["items"])
    cancellation = world.market.cancel_order(order["id"], [first])
    changed = world.market.change_item(second, status="DELIVERED")
    request = world.market.request(second, "refund")
    async with opened(world) as hub, opened_channel(hub) as channel:
        (cancelled,) = (await channel.do_action(orders.GetCancelledOrders, since=EPOCH)).items
        (updated,) = (await channel.do_action(orders.GetUpdatedOrderItems, since=EPOCH)).items
        (requested,) = (await channel.do_action(orders.GetCancellationRequests, since=EPOCH)).items
    assert (cancelled.order, cancelled.cancel_items) == (cancellation["order_number"], [first])
    assert (updated.remote_id, updated.order_number) == (changed["id"], order["number"])
    assert (requested.remote_id, requested.order_item) == (request["id"], second)


@pytest.mark.parametrize("body", [[], {}, {"results": None}, {"results": [1]}])
async def test_an_answer_that_is_no_list_breaks_the_contract(body: Any, clock: Sleeper) -> None:
    async with sandbox_of(lambda request: answer(body), clock) as channel:
        with pytest.raises(ContractError, match="no list of objects"):
            [row async for row in channel.listed("/orders", EPOCH)]


async def test_a_list_that_never_ends_is_given_up(clock: Sleeper, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tasks.channel.sandbox.marketplace.MOST_PAGES", 3)
    async with sandbox_of(lambda request: answer({"results": [{}], "next": "more"}), clock) as channel:
        with pytest.raises(ContractError, match="did not end after 3 pages"):
            [row async for row in channel.listed("/orders", EPOCH)]


def action(remote_id: str) -> IntegrationAction:
    fields = {"pk": 1, "object_id": 1, "content_type": {"model": "categorynode"}, "status": "success"}
    return IntegrationAction.model_validate({**fields, "remote_id": remote_id})


def batch(remote_id: str) -> Batch:
    made = Batch(None, ContentType.product)  # type: ignore[arg-type]
    made.remote_batch_id = remote_id
    return made


async def ask_about(channel: Sandbox, name: str) -> None:
    """Both calls whose path holds an id of the marketplace's."""
    await CheckProducts(channel, objects=batch(name)).run()
    with pytest.raises(ContractError, match="no list of objects in `attributes`"):
        await GetCategoryAttributes(channel, objects=action(name)).run()


@pytest.mark.parametrize("name", ["a/b", "a b", "a?b=c", "a#b", "ğ", "a%2Fb", ";", "a/b?c"])
async def test_a_name_in_a_path_stays_one_part_of_it(name: str, clock: Sleeper) -> None:
    """Ids are the channel's, and may hold anything."""
    script = Script(answer({"status": "processing"}))
    async with sandbox_of(script, clock) as channel:
        await ask_about(channel, name)
    first, second = (request.url.raw_path.decode() for request in script.requests)
    assert first.startswith("/batches/") and first.count("/") == 2 and "?" not in first
    assert second.endswith("/attributes") and second.count("/") == 3 and "?" not in second


async def test_a_name_that_is_a_step_to_another_path_is_not_asked_for(clock: Sleeper) -> None:
    script = Script(answer({}))
    async with sandbox_of(script, clock) as channel:
        for command in (
            CheckProducts(channel, objects=batch("..")),
            GetCategoryAttributes(channel, objects=action("..")),
        ):
            with pytest.raises(ContractError, match="cannot stand in an address"):
                await command.run()
    assert script.requests == []


@pytest.mark.parametrize("asynchronous", [False, True])
async def test_orders_are_updated_at_once_or_later(world: World, asynchronous: bool) -> None:
    """As the merchant's settings say; decisions are always answered at once."""
    world.hub.set_channel(conf={"asynchronous": asynchronous})
    order = world.market.place_order(items=[("A", 1)])
    request = world.market.request(order["items"][0]["id"])
    async with opened(world) as hub, opened_channel(hub) as channel:
        assert isinstance(channel, Sandbox)
        channel.batch_request = Batch(hub.client, ContentType.order)
        update = orders.SendUpdatedOrders(channel, objects=[])
        item = {"remote_id": order["id"], "number": order["number"], "tracking_number": "TN1"}
        sent = await channel.hand_over(update, "PUT", "/orders", [item])
        decision = {
            "remote_id": request["id"],
            "status": "approved",
            "type": "cancel",
            "order_item": request["order_item"],
        }
        decide = orders.UpdateCancellationRequest(channel, objects=[])
        decided = await channel.hand_over(decide, "PUT", "/requests", [decision])
    assert (isinstance(sent, Accepted), order["tracking_number"]) == (asynchronous, "TN1")
    assert isinstance(decided, Completed) and decided.results == (
        decide.accepted(request["id"], remote_id=request["id"], message=""),
    )
