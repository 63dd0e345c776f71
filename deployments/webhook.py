"""Listens for what a channel has to tell: an event starts the flow that would otherwise wait for its schedule.

An event is a hint, not data: of its body only the type and, for a batch, the batch's id are used, and the flow asks the
channel itself. So nothing that a channel posts reaches Omnitron, and no payload is kept.
"""

import asyncio
import logging
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
from deployments.booking import (
    Booking,
    Event,
    EventIdTakenError,
    EventType,
    PrefectBooking,
)
from deployments.signatures import (
    BODY_SECONDS,
    EVENT_ID_PATTERN,
    RETRY_SECONDS,
    SIGNATURE_PATTERN,
    TIMESTAMP_PATTERN,
    Gate,
)

AT_ONCE = 100
"""Connections; with the limit of a body, what they can hold of the memory is bounded too."""
HEADER_BYTES = 16 * 1024

KNOWN_TYPES = f"type has to be one of {', '.join(EventType)}"


class _Body(BaseModel):
    """What else a body holds is ignored."""

    model_config = ConfigDict(extra="ignore")


class Notice(_Body):
    """Something happened. The flow that it starts asks the channel what."""

    type: Literal[
        EventType.order_created,
        EventType.order_cancelled,
        EventType.cancellation_requested,
        EventType.order_item_changed,
        EventType.product_wanted,
    ] = Field(description="What happened.")


class BatchFinished(_Body):
    """The channel is done with a batch."""

    type: Literal[EventType.batch_finished] = Field(description="What happened.")
    remote_batch_id: str = Field(
        min_length=1, max_length=255, pattern=r"^[!-~]+$", description="The channel's own id of the batch."
    )


class Accepted(BaseModel):
    """The flow run is booked."""

    flow_run_id: UUID = Field(description="The run, in Prefect; the same one when the event is sent again.")
    deployment: str = Field(description="What it is a run of.", examples=["fetch and create order/..."])


class Problem(BaseModel):
    """Why not, and what to do."""

    detail: str


class Health(BaseModel):
    """This program is up."""

    status: Literal["ok"]
    prefect: Literal["answers", "does not answer"] = Field(description="Prefect's API; without it events get a 503.")


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
        (400, "The body cannot be read: it is no text, or nested too deeply."),
        (401, "Not signed, wrongly signed, or signed more than 300 seconds ago or ahead."),
        (408, f"The body was not here within {BODY_SECONDS:g} seconds."),
        (409, "Another event has this id."),
        (413, "The body is larger than 1 MiB."),
        (422, "The body is no JSON, or no event that is known here."),
        (503, f"Prefect's API does not answer, or nothing is deployed: send it again after {RETRY_SECONDS} seconds."),
    )
}


def webhook_app(
    settings: WebhookSettings,
    booking: Booking,
    *,
    clock: Clock | None = None,
    body_seconds: float = BODY_SECONDS,
) -> ASGIApp:
    """The receiver: `POST /events`, `GET /health`, `GET /openapi.json`.

    Args:
        settings: keys and channel. Without a key every request is refused.
        booking: books runs.
        clock: what timestamps are held against.
        body_seconds: in which a body has to be here.
    """
    # No pages for people: those that FastAPI makes load their scripts from elsewhere.
    app = FastAPI(
        title="Channel App webhooks",
        description="What a channel tells starts the flow that would otherwise wait for its schedule.",
        version="1",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    app.state.booking = booking
    app.post("/events", status_code=HTTPStatus.ACCEPTED, responses=_NOT_TAKEN, summary="Tell an event")(take_event)
    app.get("/health", summary="Whether this program is up, and Prefect's API answers")(health)
    app.exception_handler(RequestValidationError)(_explain_body)
    app.exception_handler(HTTPException)(_explain)
    for kind in (EventIdTakenError, NotDeployedError, PrefectUnavailableError):
        app.exception_handler(kind)(_explain_booking)
    return Gate(app, keys=settings.secrets, clock=clock or SystemClock(), body_seconds=body_seconds)


async def take_event(
    request: Request,
    posted: Posted,
    x_channel_event_id: Annotated[
        str,
        Header(pattern=EVENT_ID_PATTERN, description="One id per event: sent again, it is the same event."),
    ],
    x_channel_timestamp: Annotated[  # noqa: ARG001  # verified before; it stands here for the description of the API
        str,
        Header(pattern=TIMESTAMP_PATTERN, description="Seconds since 1970, at most 300 off."),
    ],
    x_channel_signature: Annotated[  # noqa: ARG001  # as the timestamp
        str,
        Header(
            pattern=SIGNATURE_PATTERN,
            description="HMAC-SHA256 over `id.timestamp.body`, hexadecimal; several, where keys change.",
        ),
    ],
) -> Accepted:
    """Books the flow run that the event asks for. Comes here verified."""
    request.state.type = posted.type
    parameters = {"remote_batch_id": posted.remote_batch_id} if isinstance(posted, BatchFinished) else {}
    event = Event(x_channel_event_id, posted.type, await request.body(), parameters)
    booking: Booking = request.app.state.booking
    booked = await booking.book(event)
    request.state.verdict = f"flow run {booked.flow_run_id} of {booked.deployment}"
    return Accepted(flow_run_id=booked.flow_run_id, deployment=booked.deployment)


async def health(request: Request) -> Health:
    """Answers 200 as long as it can answer at all."""
    booking: Booking = request.app.state.booking
    return Health(status="ok", prefect="answers" if await booking.answers() else "does not answer")


def serve(settings: WebhookSettings, host: str, port: int) -> None:
    """Serves the receiver until SIGINT or SIGTERM."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)  # it would write a line for each request to Prefect

    async def until_stopped() -> None:
        async with PrefectBooking.open(settings) as booking:
            await uvicorn.Server(server_config(webhook_app(settings, booking), host, port)).serve()

    # uvicorn knows the fastest loop that is installed.
    with asyncio.Runner(loop_factory=uvicorn.Config("", log_config=None).get_loop_factory()) as runner:
        runner.run(until_stopped())


def server_config(app: ASGIApp, host: str, port: int) -> uvicorn.Config:
    """A server that bounds what a stranger can make it hold."""
    return uvicorn.Config(
        app,
        host=host,
        port=port,
        # The faster parser reads headers without an end.
        http="h11",
        h11_max_incomplete_event_size=HEADER_BYTES,
        limit_concurrency=AT_ONCE,
        ws="none",
        lifespan="off",
        proxy_headers=False,
        server_header=False,
        # The receiver writes a line for each event itself.
        access_log=False,
        log_config=None,
    )


async def _explain_body(request: Request, error: RequestValidationError) -> JSONResponse:
    """What is wrong with it, without a word of what stood in it."""
    wrong = sorted({_wrong(row) for row in error.errors()})
    return _problem(request, HTTPStatus.UNPROCESSABLE_ENTITY, f"{'; '.join(wrong)}.")


def _wrong(row: Mapping[str, Any]) -> str:
    if str(row["type"]).startswith("union_tag"):
        return KNOWN_TYPES
    return f"{'.'.join(map(str, row['loc']))}: {row['msg']}"


async def _explain(request: Request, error: HTTPException) -> JSONResponse:
    """The framework's own refusals: no such path, no such method, no JSON."""
    return _problem(request, HTTPStatus(error.status_code), str(error.detail), error.headers)


async def _explain_booking(request: Request, error: ChannelAppError) -> JSONResponse:
    if isinstance(error, EventIdTakenError):
        return _problem(request, HTTPStatus.CONFLICT, error.message)
    detail = f"{error.message} Send the event again later."
    return _problem(request, HTTPStatus.SERVICE_UNAVAILABLE, detail, {"Retry-After": str(RETRY_SECONDS)})


def _problem(
    request: Request, status: HTTPStatus, detail: str, headers: Mapping[str, str] | None = None
) -> JSONResponse:
    request.state.verdict = detail
    return JSONResponse({"detail": detail}, status, headers)
