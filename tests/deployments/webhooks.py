"""A receiver of events in this process, a Prefect that books from memory, and a channel that signs."""

import hashlib
import hmac
from typing import Any
from uuid import UUID, uuid4

import httpx
from pydantic import SecretStr

from clients.settings import WebhookSettings
from deployments.booking import Booked, Event, EventIdTakenError, deployment_of
from deployments.webhook import webhook_app
from tests.world.loopback import VirtualClock

CHANNEL = 6
KEY, FORMER_KEY = "canary-present-key", "canary-former-key-"
ORDER = b'{"type": "order_created"}'
BASE = "http://receiver"


class MemoryBooking:
    """Keeps the promise of a booking in a dictionary; `error` is raised by the next calls."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.error: Exception | None = None
        self.is_up = True
        self._booked: dict[str, tuple[bytes, Booked]] = {}

    async def book(self, event: Event) -> Booked:
        self.events.append(event)
        if self.error:
            raise self.error
        fresh = (event.body, Booked(uuid4(), deployment_of(event.type, CHANNEL)))
        body, booked = self._booked.setdefault(event.id, fresh)
        if body != event.body:
            raise EventIdTakenError(f"The event id {event.id} was used before, with another body.")
        return booked

    async def answers(self) -> bool:
        return self.is_up


class Receiver:
    """The application without a socket, and a channel with its keys."""

    def __init__(self, *, body_seconds: float = 10.0, **settings: Any) -> None:
        self.booking = MemoryBooking()
        self.clock = VirtualClock()
        self.app = webhook_app(webhook_settings(**settings), self.booking, clock=self.clock, body_seconds=body_seconds)
        # Without the machine's proxy; an error in the application fails the test.
        self.http = httpx.AsyncClient(transport=httpx.ASGITransport(self.app), base_url=BASE, trust_env=False)

    @property
    def timestamp(self) -> int:
        return int(self.clock.now().timestamp())

    def headers(self, body: bytes = ORDER, event_id: str = "evt-1", **signed: Any) -> dict[str, str]:
        return signed_headers(body, event_id, **{"timestamp": self.timestamp, **signed})

    async def post(self, body: bytes = ORDER, event_id: str = "evt-1", **signed: Any) -> httpx.Response:
        return await self.http.post("/events", content=body, headers=self.headers(body, event_id, **signed))


def webhook_settings(**changed: Any) -> WebhookSettings:
    values: dict[str, Any] = {
        "OMNITRON_CHANNEL_ID": CHANNEL,
        "PREFECT_API_URL": "http://127.0.0.1:9/api",
        "CHANNEL_APP_WEBHOOK_SECRET": KEY,
        "CHANNEL_APP_WEBHOOK_SECRET_OLD": FORMER_KEY,
    }
    return WebhookSettings(**values | changed)


def signed_headers(body: bytes, event_id: str, *, timestamp: int, key: str = KEY) -> dict[str, str]:
    """As a channel signs them, which knows the documentation but not this program."""
    signature = hmac.new(key.encode(), f"{event_id}.{timestamp}.".encode() + body, hashlib.sha256).hexdigest()
    return {
        "Content-Type": "application/json",
        "X-Channel-Event-Id": event_id,
        "X-Channel-Timestamp": str(timestamp),
        "X-Channel-Signature": signature,
    }


def raw(headers: dict[str, str]) -> list[tuple[bytes, bytes]]:
    """As a server passes them on."""
    return [(name.lower().encode(), value.encode()) for name, value in headers.items()]


def flow_run_of(answer: httpx.Response) -> UUID:
    assert answer.status_code == 202, answer.text
    return UUID(answer.json()["flow_run_id"])


def without_keys() -> WebhookSettings:
    """Settings without validation."""
    return webhook_settings().model_copy(
        update={"CHANNEL_APP_WEBHOOK_SECRET": SecretStr(""), "CHANNEL_APP_WEBHOOK_SECRET_OLD": None}
    )
