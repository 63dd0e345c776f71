"""Requests to Prefect's own API beyond those that Prefect makes itself."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import datetime
from http import HTTPStatus
from typing import Any, ParamSpec, Self, TypeVar
from uuid import UUID

import httpx
from prefect.client.orchestration import PrefectClient
from prefect.exceptions import ObjectNotFound
from prefect.settings import PREFECT_CLIENT_MAX_RETRIES, get_current_settings, temporary_settings
from prefect.states import Scheduled
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception, wait_exponential, wait_random

from clients.clock import Clock, SystemClock
from clients.flow_runs import NotDeployedError, PrefectUnavailableError
from clients.prefect_address import refuse_clear_text

SECONDS = 5.0
"""Seconds for all requests of one booking: neither a run nor a channel that reports an event waits for long."""
FIRST_PAUSE, LONGEST_PAUSE = 0.2, 2.0
"""Seconds before a request is sent again: twice the pause before, and up to `FIRST_PAUSE` more, so that processes which
met a busy server together do not meet again. Prefect's own client pauses 2 s and 4 s, more than `SECONDS` in all."""
BUSY = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.BAD_GATEWAY, HTTPStatus.SERVICE_UNAVAILABLE})
"""A server on SQLite answers 503 while many write at once, and a proxy 502 while the server starts again."""

P = ParamSpec("P")
Answer = TypeVar("Answer")


class _BusyError(httpx.HTTPError):
    """An answer that asks for another try."""


@asynccontextmanager
async def in_time(what: str, seconds: float) -> AsyncIterator[None]:
    """Limits the time of the requests to Prefect inside, and translates their errors. `what` they are for, for the message.

    Raises:
        PrefectUnavailableError: Prefect's API does not answer as it should.
    """
    try:
        async with asyncio.timeout(seconds):
            yield
    # An answer that is not JSON, or not the expected row, raises ValueError: a proxy in between may answer with a page. An
    # ephemeral server that does not start raises RuntimeError.
    except (httpx.HTTPError, TimeoutError, ValueError, RuntimeError) as error:
        raise PrefectUnavailableError(f"Prefect's API did not {what} ({type(error).__name__}).") from error


class PrefectApi:
    """One Prefect server.

    A request that meets a busy server, or none, is sent again until half of the time is up: the other half is for answers.
    """

    def __init__(self, client: PrefectClient, seconds: float, clock: Clock) -> None:
        self.client = client
        self.seconds = seconds
        self._clock = clock

    @classmethod
    @asynccontextmanager
    async def open(
        cls,
        url: str,
        seconds: float | None = None,
        *,
        clock: Clock | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> AsyncIterator[Self]:
        """Opens a client that closes with the block. It sends no request yet.

        Args:
            url: Prefect's API.
            seconds: for all requests of one question; by default, `SECONDS`.
            clock: what pauses pass on.
            transport: the way to the server, in place of the network.

        Raises:
            ConfigError: credentials would travel there in clear.
        """
        refuse_clear_text(url)
        api = get_current_settings().api
        client = PrefectClient(
            url,
            auth_string=api.auth_string.get_secret_value() if api.auth_string else None,
            api_key=api.key.get_secret_value() if api.key else None,
            httpx_settings={"event_hooks": {"response": [_refuse_busy]}}
            | ({"transport": transport} if transport else {}),
        )
        async with client:
            yield cls(client, SECONDS if seconds is None else seconds, clock or SystemClock())

    async def patiently(
        self, ask: Callable[P, Coroutine[Any, Any, Answer]], *args: P.args, **kwargs: P.kwargs
    ) -> Answer:
        """The answer of a method of Prefect's client, called again while the server is busy or away. It has to be one that
        may be called twice.

        Raises:
            httpx.HTTPError: the time is up, or the server refused it.
        """
        started = self._clock.monotonic()

        def is_over(state: RetryCallState) -> bool:
            return self._clock.monotonic() + state.upcoming_sleep - started > self.seconds / 2

        retrying = AsyncRetrying(
            sleep=self._clock.sleep,
            retry=retry_if_exception(_may_pass),
            wait=wait_exponential(multiplier=FIRST_PAUSE, max=LONGEST_PAUSE) + wait_random(0, FIRST_PAUSE),
            stop=is_over,
            reraise=True,
        )
        # Instead of Prefect's own pauses, which no clock of ours passes.
        with temporary_settings({PREFECT_CLIENT_MAX_RETRIES: 0}):
            answer: Answer = await retrying(ask, *args, **kwargs)
        return answer

    def in_time(self, what: str) -> AbstractAsyncContextManager[None]:
        """Limits the time of the requests inside, and translates their errors, as the function of this name."""
        return in_time(what, self.seconds)


class PrefectFlowRuns(PrefectApi):
    """Books flow runs. A deployment's id is asked for once. Each request may be repeated: bookings carry idempotency keys."""

    def __init__(self, client: PrefectClient, seconds: float, clock: Clock) -> None:
        super().__init__(client, seconds, clock)
        self._ids: dict[str, UUID] = {}

    async def book(
        self,
        deployment: str,
        *,
        parameters: Mapping[str, Any],
        tags: Sequence[str],
        idempotency_key: str,
        name: str | None = None,
        scheduled_time: datetime | None = None,
    ) -> UUID:
        async with self.booking():
            deployment_id = await self.deployment_id(deployment)
            run = await self.patiently(
                self.client.create_flow_run_from_deployment,
                deployment_id,
                parameters=dict(parameters),
                state=Scheduled(scheduled_time=scheduled_time),
                name=name,
                tags=tags,
                idempotency_key=idempotency_key,
            )
        return run.id

    @asynccontextmanager
    async def booking(self) -> AsyncIterator[None]:
        """The time of one booking."""
        try:
            async with self.in_time("take the booking"):
                yield
        except PrefectUnavailableError:
            # Another database may answer next time.
            self._ids.clear()
            raise

    async def deployment_id(self, name: str) -> UUID:
        """The key of a deployment.

        Raises:
            NotDeployedError: no deployment has this name.
        """
        if name not in self._ids:
            try:
                found = await self.patiently(self.client.read_deployment_by_name, name)
            except ObjectNotFound as error:
                raise NotDeployedError(
                    f"Prefect has no deployment `{name}`: run `prefect --no-prompt deploy --all` with the channel's "
                    "OMNITRON_CHANNEL_ID."
                ) from error
            self._ids[name] = found.id
        return self._ids[name]


def _may_pass(error: BaseException) -> bool:
    """Whether another try may succeed."""
    match error:
        case _BusyError() | httpx.TransportError():
            return True
        case httpx.HTTPStatusError(response=response):
            # Prefect's client has fetched a new token by now.
            return response.status_code == HTTPStatus.FORBIDDEN and "Invalid CSRF token" in response.text
        case _:
            return False


async def _refuse_busy(response: httpx.Response) -> None:
    """Answers a busy server before Prefect's client does, which would wait for seconds even after its last try."""
    if response.status_code in BUSY:
        raise _BusyError(f"{response.status_code} {response.reason_phrase}")
