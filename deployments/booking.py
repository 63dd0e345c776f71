"""Books the flow run for an event: once per event, in any process, before or after a restart."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Protocol, Self
from uuid import UUID

from prefect.client.schemas.actions import FlowRunCreate
from prefect.client.schemas.objects import FlowRun
from prefect.states import Completed, to_state_create

from clients.errors import FatalError
from clients.flow_runs import PrefectUnavailableError
from clients.prefect_api import SECONDS, PrefectFlowRuns
from clients.settings import WebhookSettings
from dto.events import EventType

RECEIPTS = "channel event"
"""The name under which Prefect keeps one completed run per event."""


FLOW_OF: Mapping[EventType, str] = {
    EventType.order_created: "fetch_and_create_order",
    EventType.order_cancelled: "fetch_and_create_cancel",
    EventType.cancellation_requested: "fetch_and_create_cancellation_requests",
    EventType.order_item_changed: "fetch_and_update_order_items",
    EventType.batch_finished: "verify_batch",
    EventType.product_wanted: "insert_and_update_products",
}
"""The flow that each type starts. Names only: importing the flows would bring this program's credentials along."""


@dataclass(frozen=True, slots=True)
class Event:
    """A verified event. `parameters` are the flow's, and hold ids only. Prefect keeps no more of the body than its hash: the id
    is good for this body alone."""

    id: str
    type: EventType
    body: bytes = field(repr=False)
    parameters: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Booked:
    """The flow run of an event, and its deployment."""

    flow_run_id: UUID
    deployment: str


class EventIdTakenError(FatalError):
    """Another event has this id."""


class Booking(Protocol):
    """The receiver's requests to Prefect."""

    async def book(self, event: Event) -> Booked:
        """The event's flow run; the same run for every call with this event.

        Raises:
            EventIdTakenError: the id was used with another body.
            NotDeployedError: this type has no deployment.
            PrefectUnavailableError: Prefect's API does not answer.
        """
        ...

    async def answers(self) -> bool:
        """Whether Prefect's API answers."""
        ...


def deployment_of(event_type: EventType, channel_id: int) -> str:
    """`flow/deployment` as prefect.yaml names it.

    The scheduled deployments cancel a second run while the first is at work, and an event must not be lost. So events have
    their own deployments, without a limit. `verify_batch` never has a limit.
    """
    flow = FLOW_OF[event_type]
    name = flow if event_type is EventType.batch_finished else f"{flow}_on_event"
    return f"{flow.replace('_', ' ')}/{name.replace('_', '-')}-{channel_id}"


class PrefectBooking:
    """Books through Prefect's API.

    An idempotency key is unique within one flow only, and events start several flows. So each event first leaves a receipt:
    a completed run of one flow for all events, tagged with the hash of the event's body. A second event with the same id gets
    the first one's receipt. Prefect's database decides which is first.
    """

    def __init__(self, flow_runs: PrefectFlowRuns, channel_id: int) -> None:
        self._flow_runs = flow_runs
        self._channel_id = channel_id
        self._receipts: UUID | None = None

    @classmethod
    @asynccontextmanager
    async def open(cls, settings: WebhookSettings, seconds: float = SECONDS) -> AsyncIterator[Self]:
        """A booking that closes with the block. Sends no request yet."""
        async with PrefectFlowRuns.open(settings.PREFECT_API_URL, seconds) as flow_runs:
            yield cls(flow_runs, settings.OMNITRON_CHANNEL_ID)

    async def book(self, event: Event) -> Booked:
        deployment = deployment_of(event.type, self._channel_id)
        try:
            async with self._flow_runs.booking():
                await self._flow_runs.deployment_id(deployment)  # leaves no receipt for an event that cannot be booked
                await self._leave_receipt(event)
                flow_run_id = await self._flow_runs.book(
                    deployment,
                    parameters=event.parameters,
                    tags=["webhook", f"event:{event.type}"],
                    idempotency_key=self._key(event),
                )
        except PrefectUnavailableError:
            self._receipts = None  # the database may be another one later
            raise
        return Booked(flow_run_id, deployment)

    async def answers(self) -> bool:
        try:
            async with asyncio.timeout(self._flow_runs.seconds):
                return await self._flow_runs.client.api_healthcheck() is None
        except TimeoutError:
            return False

    async def _leave_receipt(self, event: Event) -> None:
        client = self._flow_runs.client
        digest = f"body:{hashlib.sha256(event.body).hexdigest()}"
        if self._receipts is None:
            self._receipts = await self._flow_runs.patiently(client.create_flow_from_name, RECEIPTS)
        receipt = FlowRunCreate(
            flow_id=self._receipts,
            name=f"{event.type} {event.id}",
            state=to_state_create(Completed(message="Received.")),
            tags=[f"channel:{self._channel_id}", digest],
            idempotency_key=self._key(event),
        )
        content = receipt.model_dump(mode="json", exclude_unset=True)
        answer = await self._flow_runs.patiently(client.request, "POST", "/flow_runs/", json=content)
        if digest not in FlowRun.model_validate(answer.json()).tags:
            raise EventIdTakenError(
                f"The event id {event.id} was used before, with another body: give each event its own id."
            )

    def _key(self, event: Event) -> str:
        """A key never expires, and is shared by all channels of a server."""
        return f"webhook:{self._channel_id}:{event.id}"
