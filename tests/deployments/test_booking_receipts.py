"""An event's id is good for one body: the receipt that the first one leaves decides, and no run is booked for another."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from prefect.client.schemas.objects import FlowRun

from deployments.booking import Event, EventIdTakenError, PrefectBooking
from dto.events import EventType
from tests.deployments.webhooks import CHANNEL, ORDER


class MemoryPrefect:
    """What a Prefect server keeps of bookings: the first run of each idempotency key within a flow."""

    seconds = 1.0

    def __init__(self) -> None:
        self.client = self
        self.receipts: dict[str, dict[str, Any]] = {}
        self.booked: list[str] = []

    @asynccontextmanager
    async def booking(self) -> AsyncIterator[None]:
        yield

    async def patiently(self, ask: Any, *args: Any, **kwargs: Any) -> Any:
        return await ask(*args, **kwargs)

    async def deployment_id(self, name: str) -> UUID:
        return uuid4()

    async def create_flow_from_name(self, name: str) -> UUID:
        return uuid4()

    async def request(self, method: str, path: str, *, json: dict[str, Any]) -> httpx.Response:
        kept = FlowRun(flow_id=json["flow_id"], tags=json["tags"]).model_dump(mode="json")
        return httpx.Response(201, json=self.receipts.setdefault(json["idempotency_key"], kept))

    async def book(self, deployment: str, *, idempotency_key: str, **_: Any) -> UUID:
        self.booked.append(idempotency_key)
        return uuid4()


def event(event_id: str = "evt-1", body: bytes = ORDER) -> Event:
    return Event(event_id, EventType.order_created, body)


@pytest.fixture
def prefect() -> MemoryPrefect:
    return MemoryPrefect()


@pytest.fixture
def booking(prefect: MemoryPrefect) -> PrefectBooking:
    return PrefectBooking(prefect, CHANNEL)  # type: ignore[arg-type]  # a stand-in


async def test_an_event_that_comes_again_has_the_same_key(booking: PrefectBooking, prefect: MemoryPrefect) -> None:
    """By which Prefect knows it; another event has another one, and so has another channel."""
    for one in (event(), event(), event("evt-2")):
        await booking.book(one)
    await PrefectBooking(prefect, CHANNEL + 1).book(event())  # type: ignore[arg-type]  # a stand-in
    first, again, other, elsewhere = prefect.booked
    assert first == again
    assert len({first, other, elsewhere}) == 3


async def test_another_body_under_a_used_id_books_nothing(booking: PrefectBooking, prefect: MemoryPrefect) -> None:
    await booking.book(event())
    with pytest.raises(EventIdTakenError, match=r"evt-1.*give each event its own id"):
        await booking.book(event(body=ORDER + b" "))
    assert len(prefect.booked) == 1
