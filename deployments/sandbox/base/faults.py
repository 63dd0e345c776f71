"""The outermost layer of a sandbox: it makes answers late, wrong or missing on demand."""

import re
from collections import deque
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal, get_args

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from clients.clock import Clock
from deployments.sandbox.base.dates import http_date
from deployments.sandbox.base.http import JsonResponse
from deployments.sandbox.base.request_log import DROPPED, RequestLog

IN_PROCESS = "sandbox.in_process"
"""The ASGI extension that a caller without a socket declares: drops reach it as `ConnectionDroppedError`."""

Kind = Literal[
    "status",
    "rate_limited",
    "rate_limited_date",
    "unauthorized",
    "drop_before",
    "drop_after",
    "slow",
    "html",
    "truncated",
    "nonsense",
]


class ConnectionDroppedError(Exception):
    """The connection went away without an answer (callers in the same process only)."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault.

    Args:
        kind: its effect. `status`: an HTML page with `status`, the program does not see the request ·
            `rate_limited`, `rate_limited_date`: 429 with `Retry-After` in seconds or as a date · `unauthorized`: 401 ·
            `drop_before`, `drop_after`: the connection goes away before or after the program handled the request ·
            `slow`: handled, and the answer comes `seconds` late · `html`, `truncated`: handled, then 200 with a page or
            half of the body · `nonsense`: 200 with JSON that no route answers.
        method: the method that is hit; any when None.
        path: a regular expression that is searched for in the path; any when None.
        skip: the number of matching requests that pass first.
        times: the number of requests that are hit; all until healed when None.
        status: of `status`.
        seconds: of `slow`, `rate_limited` and `rate_limited_date`.
    """

    kind: Kind
    method: str | None = None
    path: str | None = None
    skip: int = 0
    times: int | None = 1
    status: int = 503
    seconds: float = 1.0

    def __post_init__(self) -> None:
        if self.kind not in get_args(Kind):
            raise ValueError(f"unknown fault {self.kind!r}; known: {', '.join(get_args(Kind))}")

    def matches(self, method: str, path: str) -> bool:
        return self.method in (None, method) and (self.path is None or re.search(self.path, path) is not None)


@dataclass(slots=True)
class _Armed:
    fault: Fault
    seen: int = 0
    hits: int = 0


class FaultPlan:
    """The faults that are waiting. `fired` holds `(kind, method, path)` of what happened, the oldest first."""

    def __init__(self) -> None:
        self._armed: list[_Armed] = []
        self.fired: deque[tuple[str, str, str]] = deque(maxlen=10_000)

    def add(self, fault: Fault) -> None:
        self._armed.append(_Armed(fault))

    def clear(self) -> None:
        """Heal: no fault is waiting any more."""
        self._armed.clear()

    def take(self, method: str, path: str) -> Fault | None:
        """The fault that hits this request: the first that is due. Each fault counts the requests that it matches."""
        due: _Armed | None = None
        for armed in self._armed:
            fault = armed.fault
            if not fault.matches(method, path):
                continue
            armed.seen += 1
            if due is None and armed.seen > fault.skip and (fault.times is None or armed.hits < fault.times):
                due = armed
        if due is None:
            return None
        due.hits += 1
        self.fired.append((due.fault.kind, method, path))
        return due.fault


class FaultLayer:
    """ASGI middleware around a whole sandbox: latency, faults, the log, and the `Date` of the sandbox's own clock.

    Paths under `control` are neither delayed nor hit nor logged.
    """

    def __init__(self, app: ASGIApp, *, plan: FaultPlan, log: RequestLog, clock: Clock, control: str) -> None:
        self.app = app
        self.latency = 0.0
        self._plan = plan
        self._log = log
        self._clock = clock
        self._control = control
        self._date = (0, b"")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        method, path = scope["method"], scope["path"]
        is_watched = not path.startswith(self._control)

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                if is_watched:
                    self._log.add(method, path, message["status"])
                message["headers"].append((b"date", self._http_date()))
            await send(message)

        fault = self._plan.take(method, path) if is_watched else None
        if self.latency and is_watched:
            await self._clock.sleep(self.latency)
        if fault is None:
            await self.app(scope, receive, answer)
            return
        response = await self._spoilt(fault, scope, await _whole(scope, receive))
        if fault.kind == "slow":
            await self._clock.sleep(fault.seconds)
        if response is None:
            self._log.add(method, path, DROPPED)
            await _drop(scope, receive, send)
        else:
            await response(scope, receive, answer)

    async def _spoilt(self, fault: Fault, scope: Scope, receive: Receive) -> Response | None:
        """The response instead of the right one; None is a dropped connection."""
        response: Response | None
        match fault.kind:
            case "drop_before":
                response = None
            case "status":
                response = _gateway_page(fault.status)
            case "rate_limited" | "rate_limited_date":
                response = self._rate_limited(fault)
            case "unauthorized":
                response = JsonResponse({"detail": "Invalid token."}, 401)
            case "nonsense":
                response = JsonResponse({"unexpected": True})
            case "drop_after":
                await self._handled(scope, receive)
                response = None
            case "html":
                await self._handled(scope, receive)
                response = _gateway_page(200)
            case "truncated":
                whole = await self._handled(scope, receive)
                half = whole.body[: len(whole.body) // 2]
                response = Response(half, whole.status_code, media_type=whole.media_type)
            case "slow":
                response = await self._handled(scope, receive)
        return response

    async def _handled(self, scope: Scope, receive: Receive) -> Response:
        """The program's own response, not sent yet."""
        messages: list[Message] = []

        async def keep(message: Message) -> None:
            messages.append(message)

        await self.app(scope, receive, keep)
        start, *parts = messages
        content_type = dict(start["headers"]).get(b"content-type")
        return Response(
            b"".join(part.get("body", b"") for part in parts),
            start["status"],
            media_type=content_type.decode() if content_type else None,
        )

    def _rate_limited(self, fault: Fault) -> Response:
        if fault.kind == "rate_limited":
            wait = f"{fault.seconds:g}"
        else:
            wait = http_date(self._clock.now() + timedelta(seconds=fault.seconds))
        response = JsonResponse({"detail": "Request was throttled."}, 429)
        response.headers["retry-after"] = wait
        return response

    def _http_date(self) -> bytes:
        now = self._clock.now()
        second = int(now.timestamp())
        # Formatting a date costs as much as the rest of a small answer, and a second has many answers.
        if self._date[0] != second:
            self._date = (second, http_date(now).encode())
        return self._date[1]


def _gateway_page(status: int) -> Response:
    return HTMLResponse(
        f"<html><head><title>{status}</title></head><body><h1>{status} from the gateway</h1></body></html>", status
    )


async def _whole(scope: Scope, receive: Receive) -> Receive:
    """The request's body, read to its end: a fault strikes when all of it has arrived."""
    body = await Request(scope, receive).body()

    async def again() -> Message:
        return {"type": "http.request", "body": body}

    return again


async def _drop(scope: Scope, receive: Receive, send: Send) -> None:
    # uvicorn hands the bound `send` of its request cycle to the outermost application only, which is why this layer
    # is outermost: the cycle knows the socket. ASGI itself has no way to end a connection without an answer.
    transport = getattr(getattr(send, "__self__", None), "transport", None)
    if IN_PROCESS in (scope.get("extensions") or {}) or transport is None:
        raise ConnectionDroppedError(f"{scope['method']} {scope['path']}")
    transport.abort()
    # Returning before the server noticed would make it answer 500 into the closed socket and log an error.
    message: Message = {}
    while message.get("type") != "http.disconnect":
        message = await receive()
