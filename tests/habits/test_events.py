"""Marketplaces that post signed events: they arrive at the receiver, and start the flow that the connector names."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest

from clients.flow_runs import PrefectUnavailableError
from deployments.sandbox import MarketplaceSandbox
from deployments.sandbox.server import running
from deployments.webhook import webhook_app
from dto.events import EventType
from tasks.channel.integration import load_webhook
from tests.deployments.webhooks import KEY, MemoryBooking, webhook_settings
from tests.habits.cases import SIGNING
from tests.world.loopback import VirtualClock


class Shop:
    """A receiver on this machine, and a marketplace that posts to it."""

    def __init__(self, market: MarketplaceSandbox, booking: MemoryBooking, http: httpx.AsyncClient, url: str) -> None:
        self.market, self.booking, self.http, self.url = market, booking, http, url

    async def post(self, path: str, **body: object) -> httpx.Response:
        return await self.http.post(f"/_sandbox/{path}", json=body)

    async def order(self) -> dict[str, object]:
        placed: dict[str, object] = (await self.post("orders", items=[["A", 2]])).json()
        return placed

    def booked(self) -> list[EventType]:
        return [event.type for event in self.booking.events]


@asynccontextmanager
async def shop_with(habit: str) -> AsyncIterator[Shop]:
    clock, booking = VirtualClock(), MemoryBooking()
    market = MarketplaceSandbox(clock=clock, habits=[habit])
    receiver = webhook_app(webhook_settings(), booking, clock=clock, webhook=load_webhook(SIGNING[habit]))
    transport = httpx.ASGITransport(market)
    async with (
        running({"receiver": (receiver, 0)}) as urls,
        httpx.AsyncClient(transport=transport, base_url="http://market") as http,
    ):
        yield Shop(market, booking, http, f"{urls['receiver']}/events")


@pytest.fixture(params=SIGNING)
async def shop(request: pytest.FixtureRequest) -> AsyncIterator[Shop]:
    async with shop_with(request.param) as made:
        yield made


async def test_each_deed_starts_the_flow_that_reads_it(shop: Shop) -> None:
    await shop.post("webhook", url=shop.url, key=KEY)
    placed = await shop.order()
    first, second = (line["id"] for line in placed["items"])  # type: ignore[attr-defined]
    await shop.post(f"order-items/{first}/change", status="SHIPPED")
    await shop.post(f"order-items/{first}/request", kind="refund")
    await shop.post(f"orders/{placed['id']}/cancel", items=[second])
    assert shop.booked() == [
        EventType.order_created,
        EventType.order_item_changed,
        EventType.cancellation_requested,
        EventType.order_cancelled,
    ]
    assert shop.market.state()["webhook"] == {"url": shop.url, "answers": {"202": 4}, "waiting": 0}


async def test_an_event_that_another_key_signed_starts_nothing(shop: Shop) -> None:
    await shop.post("webhook", url=shop.url, key="x" * 16)
    await shop.order()
    assert shop.booked() == []
    assert shop.market.posts.answers == {401: 1}


async def test_an_event_waits_while_the_receiver_is_in_trouble_and_comes_once(shop: Shop) -> None:
    await shop.post("webhook", url=shop.url, key=KEY)
    shop.booking.error = PrefectUnavailableError("Prefect's API does not answer.")
    await shop.order()
    shop.booking.error = None
    shop.booking.events.clear()
    await shop.http.get("/health")
    await shop.http.get("/health")
    assert shop.booked() == [EventType.order_created]


async def test_nothing_that_happened_before_is_posted(shop: Shop) -> None:
    await shop.order()
    await shop.post("webhook", url=shop.url, key=KEY)
    await shop.http.get("/health")
    assert shop.booked() == []
