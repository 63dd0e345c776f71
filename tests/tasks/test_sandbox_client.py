"""The client of the local marketplace: sales."""

from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from clients.errors import ContractError
from clients.runtime import Runtime
from tasks.channel.sandbox.client import PAGE, SandboxMarketplaceClient
from tests.clients.support import Script, Sleeper, answer, settings
from tests.world.loopback import MARKET, World

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def clock() -> Sleeper:
    return Sleeper()


@pytest.fixture
async def client(world: World) -> AsyncIterator[SandboxMarketplaceClient]:
    market = SandboxMarketplaceClient(MARKET, world.runtime(), asynchronous=False)
    yield market
    await market.aclose()


async def test_lists_are_read_to_their_end(world: World, client: SandboxMarketplaceClient) -> None:
    """All pages of the window, both ends included."""
    orders = world.market.place_orders(PAGE + 1, skus=["A", "B"])
    first = await client.orders(EPOCH)
    assert [*first.rows, *(await client.orders(EPOCH, first.next)).rows] == orders
    last = datetime.fromisoformat(orders[9]["updated_at"])
    assert [row["id"] for row in (await client.orders(EPOCH, until=last)).rows] == [
        order["id"] for order in orders[:10]
    ]
    assert (await client.orders(EPOCH + timedelta(days=1))).rows == []


async def test_each_list_has_its_rows(world: World, client: SandboxMarketplaceClient) -> None:
    order = world.market.place_order(items=[("A", 2)])
    first, second = (line["id"] for line in order["items"])
    cancellation = world.market.cancel_order(order["id"], [first])
    changed = world.market.change_item(second, status="DELIVERED")
    request = world.market.request(second, "refund")
    assert await client.cancellations(EPOCH) == ([cancellation], None)
    assert await client.order_items(EPOCH) == ([changed], None)
    assert await client.requests(EPOCH) == ([request], None)


@pytest.mark.parametrize(("asynchronous", "status"), [(False, 200), (True, 202)])
async def test_orders_are_updated_at_once_or_later(world: World, asynchronous: bool, status: int) -> None:
    """Decisions are always answered at once."""
    order = world.market.place_order(items=[("A", 1)])
    item = order["items"][0]["id"]
    request = world.market.request(item)
    client = SandboxMarketplaceClient(MARKET, world.runtime(), asynchronous=asynchronous)
    reply = await client.update_orders(
        [{"remote_id": order["id"], "number": order["number"], "tracking_number": "TN1"}]
    )
    decision = {"remote_id": request["id"], "status": "approved", "type": "cancel", "order_item": item}
    decided = await client.decide_requests([decision])
    await client.aclose()
    assert (reply.status, order["tracking_number"]) == (status, "TN1")
    assert (decided.status, decided.data["results"][0]["status"], request["status"]) == (200, "SUCCESS", "approved")


@pytest.mark.parametrize("body", [[], {}, {"results": None}, {"results": [1]}])
async def test_an_answer_that_is_no_list_breaks_the_contract(body: Any, clock: Sleeper) -> None:
    client = _client_of(lambda request: answer(body), clock)
    with pytest.raises(ContractError, match="no list of objects"):
        await client.orders(EPOCH)
    await client.aclose()


async def test_a_list_that_never_ends_is_given_up(clock: Sleeper, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tasks.channel.sandbox.client.MOST_PAGES", 3)
    client = _client_of(lambda request: answer({"results": [{}], "next": "more"}), clock)
    with pytest.raises(ContractError, match="did not end after 3 pages"):
        [row async for row in client.listing()]
    await client.aclose()


async def test_a_name_in_a_path_stays_one_part_of_it(clock: Sleeper) -> None:
    """Ids are the channel's, and may hold anything."""
    script = Script(answer({}))
    client = _client_of(script, clock)
    await client.batch("a/b?c")
    await client.category_attributes("a/b?c")
    await client.aclose()
    paths = [request.url.raw_path.decode() for request in script.requests]
    assert paths == ["/batches/a%2Fb%3Fc", "/categories/a%2Fb%3Fc/attributes"]


async def test_a_name_that_is_a_step_to_another_path_is_not_asked_for(clock: Sleeper) -> None:
    script = Script(answer({}))
    client = _client_of(script, clock)
    for ask in (client.batch, client.category_attributes):
        with pytest.raises(ContractError, match="cannot stand in an address"):
            await ask("..")
    await client.aclose()
    assert script.requests == []


def _client_of(handler: Callable[[httpx.Request], httpx.Response], clock: Sleeper) -> SandboxMarketplaceClient:
    runtime = Runtime(settings(), clock, lambda in_flight: httpx.MockTransport(handler))
    return SandboxMarketplaceClient(MARKET, runtime, asynchronous=False)
