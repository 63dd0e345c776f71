"""The outermost layer of a sandbox: it makes answers late, wrong or missing on demand."""

import re
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal, get_args

from clients.clock import Clock
from deployments.sandbox.dates import http_date
from deployments.sandbox.messages import HTML, HttpError, Message, Receive, Request, Response, Scope, Send
from deployments.sandbox.messages import json_response as _json
from deployments.sandbox.request_log import DROPPED, RequestLog

IN_PROCESS = "sandbox.in_process"
"""The ASGI extension that a caller without a socket declares: drops reach it as `ConnectionDropped`."""

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


class ConnectionDropped(Exception):  # noqa: N818 - it reports what happened, as OSErrors do
    """The connection went away without an answer (callers in the same process only)."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that goes wrong.

    Args:
        kind: what happens. `status`: an HTML page with `status`, the program does not see the request ·
            `rate_limited`, `rate_limited_date`: 429 with `Retry-After` in seconds or as a date · `unauthorized`: 401 ·
            `drop_before`, `drop_after`: the connection goes away before or after the program handled the request ·
            `slow`: handled, and the answer comes `seconds` late · `html`, `truncated`: handled, then 200 with a page or
            half of the body · `nonsense`: 200 with JSON that no route answers.
        method: which method; any when None.
        path: a regular expression that is searched for in the path; any when None.
        skip: how many matching requests pass first.
        times: how many are hit; until healed when None.
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
    """An ASGI application around a plain `handle(request) -> response`.

    Paths under `control` are neither delayed nor hit nor logged.
    """

    def __init__(
        self, handle: Callable[[Request], Response], *, plan: FaultPlan, log: RequestLog, clock: Clock, control: str
    ) -> None:
        self._handle = handle
        self._plan = plan
        self._log = log
        self._clock = clock
        self._control = control
        self._date = (0, b"")
        self.latency = 0.0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await _live(receive, send)
            return
        request = Request(scope, await _read_body(receive))
        if request.path.startswith(self._control):
            await self._send(send, self._answer(request))
            return
        fault = self._plan.take(request.method, request.path)
        if self.latency:
            await self._clock.sleep(self.latency)
        response = self._answer(request) if fault is None else self._spoilt(request, fault)
        self._log.add(request.method, request.path, DROPPED if response is None else response.status)
        if fault is not None and fault.kind == "slow":
            await self._clock.sleep(fault.seconds)
        if response is None:
            await _drop(scope, receive, send)
        else:
            await self._send(send, response)

    def _answer(self, request: Request) -> Response:
        try:
            return self._handle(request)
        except HttpError as error:
            return _json(error.body, error.status)

    def _spoilt(self, request: Request, fault: Fault) -> Response | None:
        """What the caller gets instead of the answer; None is a dropped connection."""
        response: Response | None
        match fault.kind:
            case "drop_before":
                response = None
            case "status":
                response = _html(fault.status)
            case "rate_limited" | "rate_limited_date":
                response = self._rate_limited(fault)
            case "unauthorized":
                response = _json({"detail": "Invalid token."}, 401)
            case "nonsense":
                response = _json({"unexpected": True})
            case "drop_after":
                self._answer(request)
                response = None
            case "html":
                self._answer(request)
                response = _html(200)
            case "truncated":
                response = self._answer(request)
                response.body = response.body[: len(response.body) // 2]
            case "slow":
                response = self._answer(request)
        return response

    def _rate_limited(self, fault: Fault) -> Response:
        if fault.kind == "rate_limited":
            wait = f"{fault.seconds:g}"
        else:
            wait = http_date(self._clock.now() + timedelta(seconds=fault.seconds))
        response = _json({"detail": "Request was throttled."}, 429)
        response.headers = (*response.headers, (b"retry-after", wait.encode()))
        return response

    async def _send(self, send: Send, response: Response) -> None:
        headers = [*response.headers, (b"content-length", b"%d" % len(response.body)), (b"date", self._http_date())]
        start: dict[str, Any] = {"type": "http.response.start", "status": response.status, "headers": headers}
        await send(start)
        await send({"type": "http.response.body", "body": response.body})

    def _http_date(self) -> bytes:
        now = self._clock.now()
        second = int(now.timestamp())
        # Formatting a date costs as much as the rest of a small answer, and a second has many answers.
        if self._date[0] != second:
            self._date = (second, http_date(now).encode())
        return self._date[1]


def _html(status: int) -> Response:
    page = f"<html><head><title>{status}</title></head><body><h1>{status} from the gateway</h1></body></html>"
    return Response(status, page.encode(), HTML)


async def _read_body(receive: Receive) -> bytes:
    message = await receive()
    body: bytes = message.get("body", b"")
    while message.get("more_body"):
        message = await receive()
        body += message.get("body", b"")
    return body


async def _drop(scope: Scope, receive: Receive, send: Send) -> None:
    # uvicorn hands the bound `send` of its request cycle to the outermost application only, which is why this layer
    # is outermost: the cycle knows the socket. ASGI itself has no way to end a connection without an answer.
    transport = getattr(getattr(send, "__self__", None), "transport", None)
    if IN_PROCESS in (scope.get("extensions") or {}) or transport is None:
        raise ConnectionDropped(f"{scope['method']} {scope['path']}")
    transport.abort()
    # Returning before the server noticed would make it answer 500 into the closed socket and log an error.
    message: Message = {}
    while message.get("type") != "http.disconnect":
        message = await receive()


async def _live(receive: Receive, send: Send) -> None:
    for event in ("startup", "shutdown"):
        await receive()
        await send({"type": f"lifespan.{event}.complete"})
