"""Both local systems in this process: requests reach them without a socket, and time passes without waiting."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import httpx

from clients.runtime import Runtime
from clients.settings import Settings
from deployments.sandbox.faults import ConnectionDropped
from deployments.sandbox.marketplace import MarketplaceSandbox
from deployments.sandbox.omnitron import OmnitronSandbox

HUB = "http://127.0.0.1:1"
MARKET = "http://127.0.0.1:2"


class VirtualClock:
    """Time that passes when somebody waits for it."""

    def __init__(self) -> None:
        self.moment = datetime(2026, 1, 1, tzinfo=UTC)

    def now(self) -> datetime:
        return self.moment

    def monotonic(self) -> float:
        return self.moment.timestamp()

    async def sleep(self, seconds: float) -> None:
        self.advance(seconds)
        await asyncio.sleep(0)

    def advance(self, seconds: float) -> None:
        """Lets time pass."""
        self.moment += timedelta(seconds=seconds)


class Killed(BaseException):  # noqa: N818  # not an error of the program: its process is gone
    """The process died at this request, and sends nothing any more."""


Hook = Callable[[int, httpx.Request, str], None]
"""Called with the number of the request, the request, and `before` or `after` the server handled it. It may raise."""


class Loopback(httpx.AsyncBaseTransport):
    """Brings each request to the system that its port names."""

    def __init__(self, world: "World") -> None:
        self._world = world
        self._transports = {
            1: httpx.ASGITransport(_in_process(world.hub), raise_app_exceptions=True),
            2: httpx.ASGITransport(_in_process(world.market), raise_app_exceptions=True),
        }

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        world = self._world
        world.sent += 1
        number = world.sent
        world.hook(number, request, "before")
        try:
            response = await self._transports[request.url.port or 0].handle_async_request(request)
        except ConnectionDropped as error:
            raise httpx.ReadError("Server disconnected", request=request) from error
        world.hook(number, request, "after")
        return response


def _in_process(app: Callable[..., object]) -> Callable[..., object]:
    async def marked(scope: dict[str, object], receive: object, send: object) -> None:
        scope["extensions"] = {"sandbox.in_process": {}}
        await app(scope, receive, send)  # type: ignore[misc]

    return marked


class World:
    """A shop, its marketplace, and a program between them."""

    def __init__(self, *, products: int = 12, asynchronous: bool = False, failing: float = 0.5, seed: int = 7) -> None:
        self.clock = VirtualClock()
        self.market = MarketplaceSandbox(clock=self.clock, polls_until_ready=2)
        self.hub = OmnitronSandbox(
            products=products,
            failing=failing,
            seed=seed,
            clock=self.clock,
            channel_conf={"base_url": MARKET, "asynchronous": asynchronous},
        )
        self.sent = 0
        self.hook: Hook = lambda number, request, moment: None  # noqa: ARG005
        self.settings = Settings(
            OMNITRON_URL=HUB,
            OMNITRON_USERNAME="sandbox",
            OMNITRON_PASSWORD="sandbox",
            OMNITRON_CHANNEL_ID=6,
            OMNITRON_CATALOG_ID=1,
            CHANNEL_MODULE="tasks.channel.sandbox",
        )

    def runtime(self) -> Runtime:
        """What a flow of this world stands on."""
        return Runtime(self.settings, self.clock, lambda in_flight: Loopback(self))  # noqa: ARG005
