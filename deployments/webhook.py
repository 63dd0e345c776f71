"""`channel-app webhook`: an event of the channel starts the flow that would otherwise wait for its schedule.

An event is a hint, not data: only its type and, for a batch, the batch's id are used. The flow asks the channel for the
rest. So no posted data reaches Omnitron, and no payload is kept.
"""

import asyncio
import logging.config
from collections.abc import Mapping
from http import HTTPStatus
from typing import Annotated, Any, Literal
from uuid import UUID

import uvicorn
from fastapi import Body, FastAPI, Header, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp

from clients.clock import Clock, SystemClock
from clients.errors import ChannelAppError
from clients.flow_runs import NotDeployedError, PrefectUnavailableError
from clients.settings import WebhookSettings
from clients.webhooks import TIMESTAMP_PATTERN, Webhook
from deployments.booking import Booking, Event, EventIdTakenError, PrefectBooking
from deployments.deliveries import event_of
from deployments.signatures import (
    BODY_SECONDS,
    EVENT_ID_PATTERN,
    RETRY_SECONDS,
    SIGNATURE_PATTERN,
    Gate,
    OwnSignature,
)
from deployments.slow_senders import BACKLOG, MAX_CONNECTIONS, BoundedProtocol
from dto.events import EventType, RemoteBatchId

HEADER_BYTES = 16 * 1024
LOG: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"level": "INFO", "handlers": ["stderr"]},
    "loggers": {
        # Prefect, which a connector brings along, sets up a log of its own, without these lines.
        "uvicorn": {"level": "INFO", "handlers": [], "propagate": True},
        # It writes a line for each request to Prefect.
        "httpx": {"level": "WARNING"},
    },
}

KNOWN_TYPES = f"type has to be one of {', '.join(EventType)}"


class _Body(BaseModel):
    """Ignores all other fields."""

    model_config = ConfigDict(extra="ignore")


class Notice(_Body):
    """A change on the channel. The flow that it starts asks the channel for the details."""

    type: Literal[
        EventType.order_created,
        EventType.order_cancelled,
        EventType.cancellation_requested,
        EventType.order_item_changed,
        EventType.product_wanted,
    ] = Field(description="The type of the event.")


class BatchFinished(_Body):
    """The channel has finished a batch."""

    type: Literal[EventType.batch_finished] = Field(description="The type of the event.")
    remote_batch_id: RemoteBatchId = Field(description="The channel's id of the batch.")


class Accepted(BaseModel):
    """The flow run is booked."""

    flow_run_id: UUID = Field(description="The run in Prefect; the same run if the event is sent again.")
    deployment: str = Field(description="The deployment of the run.", examples=["fetch and create order/..."])


class Problem(BaseModel):
    """The reason for a refusal, and the next step."""

    detail: str


class Health(BaseModel):
    """The receiver is up."""

    status: Literal["ok"]
    prefect: Literal["answers", "does not answer"] = Field(
        description="Prefect's API; without it, events are answered with 503."
    )


Posted = Annotated[
    Notice | BatchFinished,
    Body(
        discriminator="type",
        openapi_examples={
            "order": {"summary": "A buyer has ordered", "value": {"type": "order_created"}},
            "batch": {
                "summary": "A batch is finished",
                "value": {"type": "batch_finished", "remote_batch_id": "b-4711"},
            },
        },
    ),
]

_NOT_TAKEN: dict[int | str, dict[str, Any]] = {
    status: {"model": Problem, "description": description}
    for status, description in (
        (400, "The body cannot be read: it is not text, or it is nested too deeply."),
        (401, "The signature is missing or wrong, or its timestamp is more than 300 seconds off."),
        (408, f"The body did not arrive within {BODY_SECONDS:g} seconds."),
        (409, "The id was used for another event."),
        (413, "The body is larger than 1 MiB."),
        (422, "The body is not JSON, or not a known event."),
        (
            503,
            f"Prefect's API does not answer, or the flow is not deployed: send it again after {RETRY_SECONDS} seconds.",
        ),
    )
}


def webhook_app(
    settings: WebhookSettings,
    booking: Booking,
    *,
    clock: Clock | None = None,
    body_seconds: float = BODY_SECONDS,
    webhook: Webhook | None = None,
) -> ASGIApp:
    """The receiver: `POST /events`, `GET /health`, `GET /openapi.json`.

    Args:
        settings: keys and channel. Without a key, every request is refused.
        booking: books the flow runs.
        clock: the clock that timestamps are compared with.
        body_seconds: the time in which a body has to arrive.
        webhook: how the connector takes events, in place of the program's own form.
    """
    clock = clock or SystemClock()
    # No pages for people: FastAPI's load scripts from other hosts.
    app = FastAPI(
        title="Channel App webhooks",
        description="An event of the channel starts the flow that would otherwise wait for its schedule.",
        version="1",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    app.state.booking = booking
    app.state.clock = clock
    app.state.webhook = webhook
    route = app.post("/events", status_code=HTTPStatus.ACCEPTED, responses=_NOT_TAKEN, summary="Send an event")
    route(take_delivery if webhook else take_event)
    app.get("/health", summary="Whether the receiver is up, and Prefect's API answers")(health)
    app.exception_handler(RequestValidationError)(_explain_body)
    app.exception_handler(HTTPException)(_explain)
    for kind in (EventIdTakenError, NotDeployedError, PrefectUnavailableError):
        app.exception_handler(kind)(_explain_booking)
    scheme = webhook.scheme if webhook else OwnSignature()
    return Gate(app, keys=settings.secrets, clock=clock, body_seconds=body_seconds, scheme=scheme)


async def take_event(
    request: Request,
    posted: Posted,
    x_channel_event_id: Annotated[
        str,
        Header(pattern=EVENT_ID_PATTERN, description="The event's id; an event that is sent again keeps it."),
    ],
    x_channel_timestamp: Annotated[  # noqa: ARG001  # verified before; here for the description of the API
        str,
        Header(pattern=TIMESTAMP_PATTERN, description="Seconds since 1970, at most 300 off the receiver's clock."),
    ],
    x_channel_signature: Annotated[  # noqa: ARG001  # as the timestamp
        str,
        Header(
            pattern=SIGNATURE_PATTERN,
            description="HMAC-SHA256 over `id.timestamp.body`, hexadecimal; several during a change of keys.",
        ),
    ],
) -> Accepted:
    """Books the flow run for the event. The gate has verified it."""
    parameters = {"remote_batch_id": posted.remote_batch_id} if isinstance(posted, BatchFinished) else {}
    return await _book(request, Event(x_channel_event_id, posted.type, await request.body(), parameters))


async def take_delivery(request: Request) -> Accepted | None:
    """Books the flow run for an event in the marketplace's own form, which the connector names. One that starts nothing is
    taken too, so that the marketplace does not send it again: the answer is `null`."""
    event = await event_of(request, request.app.state.webhook, request.app.state.clock)
    if event is None:
        request.state.result = "the connector starts nothing for it"
        return None
    return await _book(request, event)


async def _book(request: Request, event: Event) -> Accepted:
    request.state.event_id, request.state.type = event.id, event.type
    booking: Booking = request.app.state.booking
    booked = await booking.book(event)
    request.state.result = f"flow run {booked.flow_run_id} of {booked.deployment}"
    return Accepted(flow_run_id=booked.flow_run_id, deployment=booked.deployment)


async def health(request: Request) -> Health:
    """Answers 200 while the receiver is up."""
    booking: Booking = request.app.state.booking
    return Health(status="ok", prefect="answers" if await booking.answers() else "does not answer")


def serve(settings: WebhookSettings, host: str, port: int, webhook: Webhook | None = None) -> None:
    """Serves the receiver until SIGINT or SIGTERM."""
    logging.config.dictConfig(LOG)

    async def until_stopped() -> None:
        async with PrefectBooking.open(settings) as booking:
            await uvicorn.Server(server_config(webhook_app(settings, booking, webhook=webhook), host, port)).serve()

    # uvicorn picks the fastest installed loop.
    with asyncio.Runner(loop_factory=uvicorn.Config("", log_config=None).get_loop_factory()) as runner:
        runner.run(until_stopped())


def server_config(app: ASGIApp, host: str, port: int) -> uvicorn.Config:
    """A server that limits the resources that a stranger can use."""
    return uvicorn.Config(
        app,
        host=host,
        port=port,
        # Based on h11: the faster parser has no limit for headers.
        http=BoundedProtocol,
        h11_max_incomplete_event_size=HEADER_BYTES,
        backlog=BACKLOG,
        # Reached only while so many are answered at the same time: those that wait for their senders are dropped before.
        limit_concurrency=MAX_CONNECTIONS + BACKLOG,
        ws="none",
        lifespan="off",
        proxy_headers=False,
        server_header=False,
        # The receiver writes a line for each event itself.
        access_log=False,
        log_config=None,
    )


async def _explain_body(request: Request, error: RequestValidationError) -> JSONResponse:
    """Explains what is wrong with the body, without quoting it."""
    wrong = sorted({_wrong(row) for row in error.errors()})
    return _problem(request, HTTPStatus.UNPROCESSABLE_ENTITY, f"{'; '.join(wrong)}.")


def _wrong(row: Mapping[str, Any]) -> str:
    if str(row["type"]).startswith("union_tag"):
        return KNOWN_TYPES
    return f"{'.'.join(map(str, row['loc']))}: {row['msg']}"


async def _explain(request: Request, error: HTTPException) -> JSONResponse:
    """Explains the framework's own refusals: unknown path, wrong method, broken JSON."""
    return _problem(request, HTTPStatus(error.status_code), str(error.detail), error.headers)


async def _explain_booking(request: Request, error: ChannelAppError) -> JSONResponse:
    if isinstance(error, EventIdTakenError):
        return _problem(request, HTTPStatus.CONFLICT, error.message)
    detail = f"{error.message} Send the event again later."
    return _problem(request, HTTPStatus.SERVICE_UNAVAILABLE, detail, {"Retry-After": str(RETRY_SECONDS)})


def _problem(
    request: Request, status: HTTPStatus, detail: str, headers: Mapping[str, str] | None = None
) -> JSONResponse:
    request.state.result = detail
    return JSONResponse({"detail": detail}, status, headers)
