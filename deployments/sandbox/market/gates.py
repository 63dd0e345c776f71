"""Who may call the local marketplace, how often, and in which media type: each gate is one habit of real ones."""

import math
from collections import deque
from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import Protocol
from urllib.parse import parse_qs

import orjson
from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from clients.clock import Clock
from deployments.sandbox.base.http import HttpError, JsonResponse, refusal
from deployments.sandbox.base.system import CONTROL
from deployments.sandbox.market.settings import KeyLife, Limit, MarketSettings

TOKEN = "/token"  # noqa: S105  # the address of the log-in
_FILES = "/files/"
"""Below it, the token in the address is the key."""

Refuse = Callable[[Request, Exception], Awaitable[Response]]


class Gate(Protocol):
    """What stands before the routes."""

    async def enter(self, request: Request) -> Response | None:
        """The answer, if the gate gives it itself.

        Raises:
            HttpError: the request may not pass.
        """

    def mark(self, headers: MutableHeaders) -> None:
        """Changes the headers of an answer."""


class Gates:
    """ASGI middleware: leads each request through all gates; those of the control routes and for files pass freely."""

    def __init__(self, app: ASGIApp, *, gates: Sequence[Gate], refuse: Refuse) -> None:
        self._app = app
        self._gates = gates
        self._refuse = refuse

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith((CONTROL, _FILES)):
            await self._app(scope, receive, send)
            return

        async def marked(message: Message) -> None:
            if message["type"] == "http.response.start":
                for gate in self._gates:
                    gate.mark(MutableHeaders(scope=message))
            await send(message)

        answer = await self._answer(Request(scope, receive))
        await (answer or self._app)(scope, receive, marked)

    async def _answer(self, request: Request) -> Response | None:
        try:
            for gate in self._gates:
                if (answer := await gate.enter(request)) is not None:
                    return answer
        except HttpError as error:
            return await self._refuse(request, error)
        return None


def gates_of(settings: MarketSettings, clock: Clock) -> Iterator[Gate]:
    """The gates that the settings ask for, the outermost first."""
    if settings.limit:
        yield Bucket(settings.limit, clock) if settings.limit.tells == "bucket" else Metered(settings.limit, clock)
    if settings.key_life:
        yield Locked(settings.key_life, clock)
    if settings.media_type:
        yield Typed(settings.media_type)


class Metered:
    """So many calls in any stretch of time, all calls together."""

    def __init__(self, limit: Limit, clock: Clock) -> None:
        self._limit = limit
        self._clock = clock
        self._taken: deque[float] = deque(maxlen=limit.calls)

    async def enter(self, request: Request) -> None:
        wait = self._wait()
        if wait <= 0:
            self._taken.append(self._clock.monotonic())
            return
        tells = {"Retry-After": str(math.ceil(wait))} if self._limit.tells == "retry_after" else {}
        raise _too_many(request, tells)

    def mark(self, headers: MutableHeaders) -> None:
        """Headers say nothing of the limit."""

    def _wait(self) -> float:
        """Seconds until the next call may come."""
        if len(self._taken) < self._limit.calls:
            return 0.0
        return self._taken[0] + self._limit.seconds - self._clock.monotonic()


class Bucket:
    """A bucket of calls that fills up again in a time; each answer tells its size, that time, and what is left in it."""

    def __init__(self, limit: Limit, clock: Clock) -> None:
        self._limit = limit
        self._clock = clock
        self._left = float(limit.calls)
        self._filled_at = clock.monotonic()

    async def enter(self, request: Request) -> None:
        now, most = self._clock.monotonic(), self._limit.calls
        self._left = min(most, self._left + (now - self._filled_at) * most / self._limit.seconds)
        self._filled_at = now
        if self._left < 1:
            raise _too_many(request, {})
        self._left -= 1

    def mark(self, headers: MutableHeaders) -> None:
        headers["RateLimit-Policy"] = f"{self._limit.calls};w={self._limit.seconds:g}"
        headers["RateLimit"] = str(int(self._left))


def _too_many(request: Request, headers: dict[str, str]) -> HttpError:
    return HttpError(429, {"detail": f"{request.method} {request.url.path}: too many calls."}, headers)


class Locked:
    """A key for each call, from a log-in by a form; the latest key alone is good, for some calls and some time."""

    def __init__(self, life: KeyLife, clock: Clock) -> None:
        self._life = life
        self._clock = clock
        self._keys = 0
        self._calls_left = 0
        self._good_until = 0.0

    async def enter(self, request: Request) -> Response | None:
        if request.url.path == TOKEN:
            return self._key(parse_qs((await request.body()).decode()))
        is_good = request.headers.get("Authorization") == f"Bearer {self._name}" and self._calls_left > 0
        if not (is_good and self._clock.monotonic() < self._good_until):
            raise HttpError(401, {"detail": "The key is unknown, or has expired."})
        self._calls_left -= 1
        return None

    def mark(self, headers: MutableHeaders) -> None:
        """Headers say nothing of a key."""

    @property
    def _name(self) -> str:
        return f"sandbox-key-{self._keys}"

    def _key(self, form: dict[str, list[str]]) -> Response:
        if form.get("grant_type") != ["client_credentials"]:
            raise HttpError(400, {"error": "unsupported_grant_type"})
        self._keys += 1
        self._calls_left = self._life.calls
        self._good_until = self._clock.monotonic() + self._life.seconds
        return JsonResponse({"access_token": self._name, "token_type": "bearer", "expires_in": self._life.seconds})


class Typed:
    """A media type of its own, for what comes in and for what goes out."""

    def __init__(self, media_type: str) -> None:
        self._media_type = media_type

    async def enter(self, request: Request) -> None:
        has_body = request.headers.get("Content-Length", "0") != "0"
        if has_body and request.headers.get("Content-Type") != self._media_type:
            raise HttpError(415, {"detail": f"Send `{self._media_type}`."})
        if request.headers.get("Accept") != self._media_type:
            raise HttpError(406, {"detail": f"Accept `{self._media_type}`."})

    def mark(self, headers: MutableHeaders) -> None:
        if headers.get("Content-Type") == JsonResponse.media_type:
            headers["Content-Type"] = self._media_type


async def refusal_under_200(request: Request, error: Exception) -> Response:
    """A refusal as a channel tells it that has one status for all."""
    plain = await refusal(request, error)
    body = orjson.loads(bytes(plain.body))
    reason = {"code": plain.status_code, "message": str(body.get("detail", body))}
    return JsonResponse({"errors": [reason]}, headers=error.headers if isinstance(error, HttpError) else None)
