"""Bookings at a Prefect server that is busy, away, or slow to come back."""

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from uuid import UUID, uuid4

import httpx
import pytest

from clients.flow_runs import NotDeployedError, PrefectUnavailableError
from clients.prefect_api import FIRST_PAUSE, LONGEST_PAUSE, SECONDS, PrefectFlowRuns
from tests.clients.support import Sleeper

URL = "http://127.0.0.1:9/api"
DEPLOYMENT = {"id": str(uuid4()), "name": "verify-batch-6", "flow_id": str(uuid4())}

Trouble = httpx.Response | httpx.TransportError


class Server:
    """A Prefect server with one deployment. Answers bookings with the troubles in turn, and takes the next one."""

    def __init__(self, *troubles: Trouble) -> None:
        self.troubles = list(troubles)
        self.keys: list[str] = []
        self.requests = 0

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests += 1
        path = request.url.path.removeprefix("/api")
        if path == "/csrf-token":
            return httpx.Response(404)
        if path.startswith("/deployments/name/"):
            found = path == "/deployments/name/verify batch/verify-batch-6"
            return httpx.Response(200, json=DEPLOYMENT) if found else httpx.Response(404)
        self.keys.append(json.loads(request.content)["idempotency_key"])
        if self.troubles:
            trouble = self.troubles.pop(0)
            if isinstance(trouble, Exception):
                raise trouble
            return trouble
        return httpx.Response(201, json={"id": str(uuid4()), "flow_id": DEPLOYMENT["flow_id"]})


@asynccontextmanager
async def flow_runs_of(
    server: Callable[[httpx.Request], httpx.Response], clock: Sleeper
) -> AsyncIterator[PrefectFlowRuns]:
    async with PrefectFlowRuns.open(URL, clock=clock, transport=httpx.MockTransport(server)) as flow_runs:
        yield flow_runs


async def book(flow_runs: PrefectFlowRuns, deployment: str = "verify batch/verify-batch-6") -> UUID:
    return await flow_runs.book(deployment, parameters={}, tags=[], idempotency_key="verify:6:1")


@pytest.mark.parametrize(
    "trouble",
    [
        lambda: httpx.Response(503, json={"exception_message": "Service Unavailable"}),
        lambda: httpx.Response(502),
        lambda: httpx.Response(429),
        lambda: httpx.ConnectError("All connection attempts failed"),
        lambda: httpx.ReadError("Connection reset by peer"),
        lambda: httpx.ReadTimeout("The read operation timed out"),
        lambda: httpx.Response(403, text="Invalid CSRF token", headers={"Retry-After": "0"}),
    ],
    ids=["503", "502", "429", "refused", "reset", "timed out", "old token"],
)
async def test_a_booking_is_sent_again_under_the_same_key(clock: Sleeper, trouble: Callable[[], Trouble]) -> None:
    """Twice here, after pauses that grow."""
    server = Server(trouble(), trouble())
    async with flow_runs_of(server, clock) as flow_runs:
        await book(flow_runs)
    assert server.keys == ["verify:6:1"] * 3
    first, second = clock.sleeps
    assert FIRST_PAUSE <= first <= 2 * FIRST_PAUSE
    assert 2 * FIRST_PAUSE <= second <= 3 * FIRST_PAUSE


async def test_a_server_that_stays_busy_is_given_up_when_the_time_is_up(clock: Sleeper) -> None:
    """No pause is longer than the longest, and none ends after half the time of a booking."""
    started = clock.monotonic()
    server = Server(*(httpx.Response(503) for _ in range(100)))
    async with flow_runs_of(server, clock) as flow_runs:
        with pytest.raises(PrefectUnavailableError):
            await book(flow_runs)
    assert max(clock.sleeps) <= LONGEST_PAUSE + FIRST_PAUSE
    assert SECONDS / 2 - LONGEST_PAUSE - FIRST_PAUSE <= clock.monotonic() - started <= SECONDS / 2


async def test_the_deployment_is_looked_up_again_too(clock: Sleeper) -> None:
    """After an answer of 503; its id is then remembered."""
    server = Server()
    troubles = [httpx.Response(503), httpx.Response(503)]

    def busy(request: httpx.Request) -> httpx.Response:
        return troubles.pop() if troubles else server(request)

    async with flow_runs_of(busy, clock) as flow_runs:
        await book(flow_runs)
        asked = server.requests
        await book(flow_runs)
    assert len(clock.sleeps) == 2
    assert server.requests == asked + 1


@pytest.mark.parametrize("status", [400, 401, 403, 409, 422, 500])
async def test_a_refusal_is_final(clock: Sleeper, status: int) -> None:
    server = Server(httpx.Response(status))
    async with flow_runs_of(server, clock) as flow_runs:
        with pytest.raises(PrefectUnavailableError, match="HTTPStatusError"):
            await book(flow_runs)
    assert (len(server.keys), clock.sleeps) == (1, [])


async def test_what_is_not_deployed_is_not_asked_for_twice(clock: Sleeper) -> None:
    server = Server()
    async with flow_runs_of(server, clock) as flow_runs:
        with pytest.raises(NotDeployedError, match="prefect --no-prompt deploy --all"):
            await book(flow_runs, "verify batch/verify-batch-404")
    assert (server.keys, clock.sleeps) == ([], [])
