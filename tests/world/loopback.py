"""Both local systems in this process: requests reach them without a socket, and time passes without waiting."""

import asyncio
import json
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import httpx
from pydantic import SecretStr

from clients.flow_runs import FlowRuns
from clients.runtime import Runtime
from clients.settings import Settings
from clients.variables import Variables
from deployments.sandbox.base.faults import ConnectionDroppedError
from deployments.sandbox.hub.batches import Batches
from deployments.sandbox.hub.catalogue import Catalogue
from deployments.sandbox.hub.journal import Journal
from deployments.sandbox.hub.ledger import Attempts, Key, Ledger
from deployments.sandbox.hub.omnitron import OmnitronSandbox
from deployments.sandbox.hub.places import Places
from deployments.sandbox.hub.setup import Setup
from deployments.sandbox.hub.shop import Shop
from deployments.sandbox.hub.tables import Row, Table
from deployments.sandbox.market.marketplace import MarketplaceSandbox
from deployments.sandbox.market.settings import MarketOptions

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


class Killed(BaseException):
    """The process died at this request, and sends nothing any more."""


Hook = Callable[[int, httpx.Request, str], None]
"""Called with the number of the request, the request, and `before` or `after` the server handled it. It may raise."""


NOT_HANDLED = ("refused", "reset before", "401", "404 html", "408", "429 seconds", "429 date", "500 html", "503")
"""Faults that strike before the server sees the request."""
SPOILT = ("time-out", "reset after", "502 after", "200 html", "truncated")
"""Faults that strike after the server handled the request."""


@dataclass
class Strike:
    """One fault: at request `at` (counted from the start of the world), and at the next requests to the same method and
    path, `times` in all; None: until it is taken away."""

    kind: str
    at: int
    times: int | None = 1
    target: tuple[str, str] | None = None
    struck: int = 0

    def strikes(self, number: int, request: httpx.Request) -> str | None:
        """The fault, if it is this request's turn."""
        where = (request.method, request.url.path)
        if number == self.at:
            self.target = where
        if number < self.at or where != self.target or (self.times is not None and self.struck >= self.times):
            return None
        self.struck += 1
        return self.kind


@dataclass
class Misprint:
    """One row that a system tells wrongly wherever it tells it, alone or in a list; its own tables are as they were.

    `address` is a part of the requests' addresses; `is_it` recognises the row, and `spoil` changes it. `write` makes JSON of an
    answer.
    """

    address: str
    is_it: Callable[[Row], bool]
    spoil: Callable[[Row], None]
    write: Callable[[Any], str] = json.dumps
    told: int = 0
    """How often the row was told wrongly."""

    async def in_answer(self, request: httpx.Request, response: httpx.Response) -> httpx.Response:
        """The answer with the row as it is misprinted."""
        if self.address not in str(request.url) or not response.is_success:
            return response
        body = json.loads(await response.aread() or b"null")
        before = self.told
        self._spoil_in(body)
        if self.told == before:
            return response
        content = self.write(body).encode()
        return httpx.Response(
            response.status_code, headers={"Content-Type": "application/json"}, content=content, request=request
        )

    def _spoil_in(self, body: Any) -> None:
        lists = [body, *(body.values() if isinstance(body, dict) else ())]
        rows = [row for rows in lists if isinstance(rows, list) for row in rows]
        for row in [body, *rows]:
            if isinstance(row, dict) and self.is_it(row):
                self.spoil(row)
                self.told += 1


def _instead(kind: str, request: httpx.Request, clock: "VirtualClock") -> httpx.Response:
    match kind:
        case "refused":
            raise httpx.ConnectError("All connection attempts failed", request=request)
        case "reset before":
            raise httpx.ReadError("Connection reset by peer", request=request)
        case "429 seconds":
            return httpx.Response(429, headers={"Retry-After": "2"}, request=request)
        case "429 date":
            moment = format_datetime(clock.now() + timedelta(seconds=2), usegmt=True)
            return httpx.Response(429, headers={"Retry-After": moment}, request=request)
        case _:
            code, _, page = kind.partition(" ")
            return httpx.Response(int(code), html=PAGE if page else "", request=request)


async def _spoilt(kind: str, request: httpx.Request, response: httpx.Response) -> httpx.Response:
    match kind:
        case "time-out":
            raise httpx.ReadTimeout("The read operation timed out", request=request)
        case "reset after":
            raise httpx.ReadError("Connection reset by peer", request=request)
        case "502 after":
            return httpx.Response(502, html=PAGE, request=request)
        case "200 html":
            return httpx.Response(200, html=PAGE, request=request)
        case _:
            body = await response.aread()
            return httpx.Response(response.status_code, content=body[: len(body) // 2] or b"{", request=request)


PAGE = "<!doctype html><html><body>Bad Gateway</body></html>"


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
        fault = world.fault.strikes(number, request) if world.fault else None
        if fault is not None and fault in NOT_HANDLED:
            return _instead(fault, request, world.clock)
        try:
            response = await self._transports[request.url.port or 0].handle_async_request(request)
        except ConnectionDroppedError as error:
            raise httpx.ReadError("Server disconnected", request=request) from error
        world.hook(number, request, "after")
        for misprint in world.misprints:
            response = await misprint.in_answer(request, response)
        return response if fault is None else await _spoilt(fault, request, response)


def _in_process(app: Callable[..., Awaitable[None]]) -> Callable[..., Awaitable[None]]:
    async def marked(scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
        scope["extensions"] = {"sandbox.in_process": {}}
        await app(scope, receive, send)

    return marked


class World:
    """A shop, its marketplace, and a program between them. The properties are Omnitron's tables and rows.

    `sends_offers`: prices, stocks and images have scheduled flows of their own. `base_url`: where the marketplace is.
    `habits` and `market`: habits and settings of the marketplace. `pause`: the seconds between two runs.
    """

    def __init__(
        self,
        *,
        products: int = 12,
        asynchronous: bool = False,
        failing: float = 0.5,
        seed: int = 7,
        extra_lists: bool = False,
        sends_offers: bool = False,
        clock: VirtualClock | None = None,
        base_url: str = MARKET,
        habits: Sequence[str] = (),
        market: MarketOptions | None = None,
        pause: float = 0.0,
    ) -> None:
        self.pause = pause
        self.sends_offers = sends_offers
        self.clock = clock or VirtualClock()
        options: MarketOptions = {"polls_until_ready": 2, **(market or {})}
        self.market = MarketplaceSandbox(clock=self.clock, habits=habits, **options)
        self.hub = OmnitronSandbox(
            products=products,
            failing=failing,
            seed=seed,
            extra_lists=extra_lists,
            clock=self.clock,
            channel_conf={"base_url": base_url, "asynchronous": asynchronous},
        )
        self.sent = 0
        self.fault: Strike | None = None
        self.misprints: list[Misprint] = []
        """What either system says wrongly."""
        self.hook: Hook = lambda number, request, moment: None
        self.flow_runs: FlowRuns | None = None
        self.variables: Variables | None = None
        self.settings = Settings(
            OMNITRON_URL=HUB,
            OMNITRON_USERNAME="sandbox",
            OMNITRON_PASSWORD=SecretStr("sandbox"),
            OMNITRON_CHANNEL_ID=6,
            OMNITRON_CATALOG_ID=1,
            CHANNEL_MODULE="tasks.channel.sandbox",
        )

    def runtime(self) -> Runtime:
        """The runtime of a flow in this world."""
        return Runtime(
            self.settings,
            self.clock,
            lambda in_flight: Loopback(self),
            flow_runs=self.flow_runs,
            variables=self.variables,
        )

    @property
    def shop(self) -> Shop:
        """All that Omnitron knows; a reset makes another one."""
        return self.hub.shop

    @property
    def channel(self) -> Row:
        return self.shop.channel

    @property
    def catalog(self) -> Row:
        return self.shop.catalog

    @property
    def goods(self) -> Catalogue:
        return self.shop.goods

    @property
    def products(self) -> Table:
        return self.goods.products

    @property
    def prices(self) -> Table:
        return self.goods.prices

    @property
    def offered(self) -> dict[str, Table]:
        """The rows that are sent, by content type."""
        return self.shop.offered

    @property
    def setup(self) -> Setup:
        return self.shop.setup

    @property
    def ledger(self) -> Ledger:
        return self.shop.ledger

    @property
    def actions(self) -> Table:
        return self.ledger.actions

    @property
    def attempts(self) -> dict[Key, Attempts]:
        """How often objects were tried in vain."""
        return self.ledger.attempts

    @property
    def batches(self) -> Batches:
        return self.shop.batches

    @property
    def reports(self) -> Table:
        """The merchant's log."""
        return self.shop.error_reports

    @property
    def events(self) -> Table:
        return self.shop.operational_events

    @property
    def places(self) -> Places:
        return self.shop.places

    @property
    def customers(self) -> Table:
        return self.shop.customers.table

    @property
    def addresses(self) -> Table:
        return self.shop.customers.addresses

    @property
    def orders(self) -> Table:
        return self.shop.orders.table

    @property
    def order_items(self) -> Table:
        return self.shop.orders.items

    @property
    def shipping_infos(self) -> Table:
        return self.shop.orders.shipping_infos

    @property
    def requests(self) -> Table:
        """Cancellation and refund requests."""
        return self.shop.cancellations.table

    @property
    def journal(self) -> Journal:
        """The orders, cancellations and requests that were asked for."""
        return self.shop.journal

    def edit(self, content_type: str, pk: int, **fields: Any) -> Row:
        """Change a row as the merchant does."""
        return self.shop.edit(content_type, pk, **fields)

    def set_channel(self, **fields: Any) -> None:
        """Change the channel as the merchant does."""
        self.shop.set_channel(**fields)

    def use_up_attempts(self, content_type: str, pk: int) -> None:
        """The hub has offered this version of an object as often as it ever will."""
        key = Key(content_type, pk)
        self.attempts[key] = Attempts(self.offered[content_type][pk]["modified_date"], 99, 0.0)
        self.shop.due_lists.refresh(key)
