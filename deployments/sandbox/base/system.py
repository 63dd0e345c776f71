"""Common ground of both sandboxes: the application, the log, the faults, and the control routes for people and tests."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Any

from pydantic import BaseModel, ValidationError
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ExceptionHandler, Receive, Scope, Send

from clients.clock import Clock
from deployments.sandbox.base.dates import ShiftedClock, iso
from deployments.sandbox.base.faults import Fault, FaultLayer, FaultPlan
from deployments.sandbox.base.http import REFUSALS, JsonResponse, json_object
from deployments.sandbox.base.pages import page_html
from deployments.sandbox.base.request_log import RequestLog

CONTROL = "/_sandbox/"
"""The control routes' common beginning."""

_DEFAULT_REQUESTS = 100


class _Advance(BaseModel):
    advance: float


class _Latency(BaseModel):
    seconds: float


class SandboxSystem(ABC):
    """An ASGI application that can be delayed, disturbed, watched and reset.

    Args:
        clock: the time that it lives in; `clock.advance(seconds)` of the system's own clock sets it forward.
        latency: seconds that every answer takes longer; control routes are not delayed.
    """

    title: str

    def __init__(self, *, clock: Clock, latency: float) -> None:
        self.clock = ShiftedClock(clock)
        self.faults = FaultPlan()
        self.log = RequestLog()
        self.requests = self.log.entries
        self._app = Starlette()
        self._layer = FaultLayer(self._app, plan=self.faults, log=self.log, clock=self.clock, control=CONTROL)
        self.latency = latency

    @property
    def latency(self) -> float:
        return self._layer.latency

    @latency.setter
    def latency(self, seconds: float) -> None:
        self._layer.latency = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._layer(scope, receive, send)

    @abstractmethod
    def reset(self, **overrides: Any) -> None:
        """Begin anew, with constructor arguments changed."""

    @abstractmethod
    def state(self) -> dict[str, Any]:
        """The answer to `GET /_sandbox/state`."""

    @abstractmethod
    def page(self) -> str:
        """The body of the page for people."""

    def override(self, path: str, body: Any) -> None:
        """Answer `GET path` with this body until the next reset."""

        async def endpoint(_request: Request) -> Response:
            return JsonResponse(body)

        self._app.router.routes.insert(0, Route(path, endpoint))

    def restart_log(self) -> None:
        """Forget the requests so far."""
        self.log.clear()

    def serve(
        self,
        routes: list[BaseRoute],
        control: list[Route],
        *,
        refusals: Mapping[Any, ExceptionHandler] = REFUSALS,
        middleware: Sequence[Middleware] = (),
    ) -> None:
        """Answer with these routes from now on, and below `/_sandbox` with the shared control routes and `control`."""
        # A control request calls a method with arguments from its body: an error there is the caller's mistake.
        mistakes = dict.fromkeys((KeyError, TypeError, ValueError), _mistake)
        own = Starlette(routes=[*self._shared_control(), *control], exception_handlers={**REFUSALS, **mistakes})
        self._app = Starlette(
            routes=[*routes, Mount(CONTROL.rstrip("/"), app=own)], exception_handlers=refusals, middleware=middleware
        )
        for router in (own.router, self._app.router):
            # A path with a slash too many or too few is unknown.
            router.redirect_slashes = False
        self._layer.app = self._app

    def _shared_control(self) -> list[Route]:
        return [
            Route("/", self._get_page),
            Route("/state", self._get_state),
            Route("/requests", self._get_requests),
            Route("/reset", self._post_reset, methods=["POST"]),
            Route("/clock", self._post_clock, methods=["POST"]),
            Route("/latency", self._post_latency, methods=["POST"]),
            Route("/faults", self._post_fault, methods=["POST"]),
            Route("/faults", self._delete_faults, methods=["DELETE"]),
        ]

    async def _get_page(self, _request: Request) -> Response:
        return HTMLResponse(page_html(self.title, self.page()))

    async def _get_state(self, _request: Request) -> Response:
        return JsonResponse(self.state())

    async def _get_requests(self, request: Request) -> Response:
        text = request.query_params.get("limit", "")
        newest = list(islice(reversed(self.requests), int(text) if text.isdecimal() else _DEFAULT_REQUESTS))
        return JsonResponse(
            [{"method": method, "path": path, "status": status} for method, path, status in reversed(newest)]
        )

    async def _post_reset(self, request: Request) -> Response:
        self.reset(**await json_object(request))
        return JsonResponse(self.state())

    async def _post_clock(self, request: Request) -> Response:
        self.clock.advance(_Advance.model_validate(await json_object(request)).advance)
        return JsonResponse({"now": iso(self.clock.now())})

    async def _post_latency(self, request: Request) -> Response:
        self.latency = _Latency.model_validate(await json_object(request)).seconds
        return JsonResponse({"seconds": self.latency})

    async def _post_fault(self, request: Request) -> Response:
        self.faults.add(Fault(**await json_object(request)))
        return JsonResponse({"detail": "armed"}, 201)

    async def _delete_faults(self, _request: Request) -> Response:
        self.faults.clear()
        return JsonResponse({"detail": "healed"})


async def _mistake(_request: Request, error: Exception) -> Response:
    if isinstance(error, ValidationError):
        text = "; ".join(f"{'.'.join(map(str, wrong['loc']))}: {wrong['msg']}" for wrong in error.errors())
    else:
        text = repr(error)
    return JsonResponse({"detail": text}, 400)
