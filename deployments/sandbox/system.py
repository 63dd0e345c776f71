"""What both sandboxes share: the ASGI application, the log, the faults, and the control routes for people and tests."""

import html
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Any

from clients.clock import Clock
from deployments.sandbox.dates import ShiftedClock, iso
from deployments.sandbox.faults import Fault, FaultLayer, FaultPlan
from deployments.sandbox.messages import (
    HttpError,
    Receive,
    Request,
    Response,
    Scope,
    Send,
    html_response,
    json_response,
)
from deployments.sandbox.request_log import RequestLog
from deployments.sandbox.routing import Router

CONTROL = "/_sandbox/"

_DEFAULT_REQUESTS = 100


class SandboxSystem(ABC):
    """An ASGI application that can be delayed, disturbed, watched and reset.

    Args:
        clock: the time that it lives in; `clock.advance(seconds)` of the system's own clock sets it forward.
        latency: seconds that every answer takes longer; control routes do not.
    """

    title: str

    def __init__(self, *, clock: Clock, latency: float) -> None:
        self.clock = ShiftedClock(clock)
        self.faults = FaultPlan()
        self.log = RequestLog()
        self.requests = self.log.entries
        self._layer = FaultLayer(self._handle, plan=self.faults, log=self.log, clock=self.clock, control=CONTROL)
        self.latency = latency
        self._control = Router()
        self._add_shared_control()

    @property
    def latency(self) -> float:
        return self._layer.latency

    @latency.setter
    def latency(self, seconds: float) -> None:
        self._layer.latency = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._layer(scope, receive, send)

    @abstractmethod
    def answer(self, request: Request) -> Response:
        """Answer a request that is not a control request."""

    @abstractmethod
    def reset(self, **overrides: Any) -> None:
        """Begin anew, with constructor arguments changed."""

    @abstractmethod
    def state(self) -> dict[str, Any]:
        """What `GET /_sandbox/state` answers."""

    @abstractmethod
    def page(self) -> str:
        """The body of the page for people."""

    def restart_log(self) -> None:
        """Forget the requests so far."""
        self.log.clear()

    def _handle(self, request: Request) -> Response:
        if request.path.startswith(CONTROL):
            try:
                return self._control.dispatch(request)
            except (KeyError, TypeError, ValueError) as error:
                raise HttpError(400, {"detail": repr(error)}) from None
        return self.answer(request)

    def _add_shared_control(self) -> None:
        control = self._control
        control.add("GET", CONTROL, self._get_page)
        control.add("GET", f"{CONTROL}state", lambda _request: json_response(self.state()))
        control.add("GET", f"{CONTROL}requests", self._get_requests)
        control.add("POST", f"{CONTROL}reset", self._post_reset)
        control.add("POST", f"{CONTROL}clock", self._post_clock)
        control.add("POST", f"{CONTROL}latency", self._post_latency)
        control.add("POST", f"{CONTROL}faults", self._post_fault)
        control.add("DELETE", f"{CONTROL}faults", self._delete_faults)

    def _get_page(self, _request: Request) -> Response:
        return html_response(
            f"<!doctype html><html lang=en><meta charset=utf-8><meta http-equiv=refresh content=2>"
            f"<title>{html.escape(self.title)}</title>{_STYLE}"
            f"<h1>{html.escape(self.title)}</h1>{self.page()}</html>"
        )

    def _get_requests(self, request: Request) -> Response:
        text = request.parameter("limit") or ""
        limit = int(text) if text.isdecimal() else _DEFAULT_REQUESTS
        newest = list(islice(reversed(self.requests), limit))
        return json_response(
            [{"method": method, "path": path, "status": status} for method, path, status in reversed(newest)]
        )

    def _post_reset(self, request: Request) -> Response:
        self.reset(**request.json())
        return json_response(self.state())

    def _post_clock(self, request: Request) -> Response:
        self.clock.advance(float(request.json()["advance"]))
        return json_response({"now": iso(self.clock.now())})

    def _post_latency(self, request: Request) -> Response:
        self.latency = float(request.json()["seconds"])
        return json_response({"seconds": self.latency})

    def _post_fault(self, request: Request) -> Response:
        self.faults.add(Fault(**request.json()))
        return json_response({"detail": "armed"}, 201)

    def _delete_faults(self, _request: Request) -> Response:
        self.faults.clear()
        return json_response({"detail": "healed"})


_STYLE = (
    "<style>body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:60rem;padding:0 1rem;color:#222}"
    "table{border-collapse:collapse;margin:.5rem 0 1.5rem}td,th{border-bottom:1px solid #ddd;padding:.25rem .75rem;"
    "text-align:left}th{font-weight:600}caption{text-align:left;font-weight:600;padding:.25rem 0}</style>"
)


def table_html(caption: str, head: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """A table for people; every value is escaped."""
    cells = [[html.escape(str(value)) for value in row] for row in rows]
    if not cells:
        return f"<p>{html.escape(caption)}: none</p>"
    titles = "".join(f"<th>{html.escape(title)}</th>" for title in head)
    body = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in cells)
    return f"<table><caption>{html.escape(caption)}</caption><tr>{titles}</tr>{body}</table>"
