"""What prices, stocks and images cost, beside the floor that latency and CPU set."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import httpx
from rich.console import Console

from clients.omnitron import OmnitronClient
from clients.runtime import Runtime
from clients.settings import Settings
from deployments.bench import Floor, reset
from deployments.sandbox.server import SandboxProcess
from dto.enums import ContentType, IntegrationActionStatus
from dto.summary import RunSummary

EDITS_AT_ONCE = 16


@dataclass(frozen=True)
class Peer:
    """What the peer needs for so many items, at 25 ms."""

    items: int
    requests: int
    seconds: float


@dataclass(frozen=True)
class Measurement:
    """One flow over so many items, and the requests that it is allowed for each."""

    name: str
    items: int
    allowed: float
    peer: Peer


PRICES = Measurement("update_product_prices", 1_000, 0.09, Peer(1_000, 243, 7.7))
STOCKS = Measurement("update_product_stocks", 1_000, 0.09, Peer(1_000, 240, 7.8))
IMAGES = Measurement("insert_product_images", 2_000, 0.1, Peer(2_000, 400, 12.0))


async def measure_offers(console: Console, sandbox: SandboxProcess, latency: float, in_flight: int) -> None:
    """Prints one line for each kind of offer. The sandbox holds as many good products as there are images to send; the
    settings in the environment are its own.

    Args:
        console: takes the lines.
        sandbox: both systems, running.
        latency: seconds that each answer takes longer while it is measured.
        in_flight: requests at the same time, as CHANNEL_APP_IN_FLIGHT says.
    """
    from flows.image import insert_product_images  # noqa: PLC0415  # Prefect takes its time to import
    from flows.price import update_product_prices  # noqa: PLC0415
    from flows.product import insert_products  # noqa: PLC0415
    from flows.stock import update_product_stocks  # noqa: PLC0415

    await reset(sandbox, 0)
    await insert_products(add_mapped=False, add_categories=False)
    cpu = await measured_cpu_per_request(sandbox, in_flight)
    floor = Floor(latency, in_flight, cpu)

    async def line(measurement: Measurement, flow: Callable[[], Awaitable[RunSummary]]) -> None:
        await _delay(sandbox, latency)
        summary = await flow()
        await _delay(sandbox, 0)
        _say(console, measurement, summary, floor)

    await _edit(sandbox, "prices", PRICES.items)
    await line(PRICES, lambda: update_product_prices(add_product_objects=True))
    await _edit(sandbox, "stocks", STOCKS.items)
    await line(STOCKS, lambda: update_product_stocks(add_product_objects=True))
    await line(IMAGES, insert_product_images)


async def _delay(sandbox: SandboxProcess, seconds: float) -> None:
    async with httpx.AsyncClient(trust_env=False, timeout=60) as client:
        for url in sandbox.urls.values():
            (await client.post(f"{url}/_sandbox/latency", json={"seconds": seconds})).raise_for_status()


async def _edit(sandbox: SandboxProcess, what: str, number: int) -> None:
    """Changes the prices or stocks of the first products that are on the channel."""
    async with OmnitronClient(Runtime(Settings.load())) as omnitron:
        actions = await omnitron.actions(content_type=ContentType.product, status=IntegrationActionStatus.success)
    places = asyncio.Semaphore(EDITS_AT_ONCE)
    async with httpx.AsyncClient(base_url=sandbox.urls["omnitron"], trust_env=False, timeout=60) as client:

        async def one(product: int) -> None:
            async with places:
                (await client.patch(f"/_sandbox/{what}/{product}", json={})).raise_for_status()

        await asyncio.gather(*(one(action.object_id) for action in actions[:number]))


def _say(console: Console, measurement: Measurement, summary: RunSummary, floor: Floor) -> None:
    items, peer = measurement.items, measurement.peer
    done = summary.counts.get("integrated", 0)
    least = floor.seconds(summary.requests)
    console.print(
        f"  {measurement.name}: {done} of {items}, {summary.requests} requests, {summary.requests / items:.3f} an item "
        f"(at most {measurement.allowed:g}), {summary.wire_seconds:.2f} s, floor {least:.2f} s, "
        f"ratio {summary.wire_seconds / least:.2f}; peer {peer.requests} requests, {peer.seconds:g} s: "
        f"{peer.seconds / summary.wire_seconds:.0f} times as fast"
    )
