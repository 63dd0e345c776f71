"""The cost of changed prices, changed stocks and new images."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import httpx
from rich.console import Console

from clients.omnitron import OmnitronClient
from clients.runtime import Runtime
from clients.settings import Settings
from deployments.bench.floor import CeleryVersion, Floor, delay, measured_cpu_per_request, reset
from deployments.sandbox.server import SandboxProcess
from dto.enums import ContentType, IntegrationActionStatus
from dto.summary import RunSummary

EDITS_AT_ONCE = 16


@dataclass(frozen=True)
class Measurement:
    """One flow over a number of items, and the allowed requests for each item."""

    name: str
    items: int
    allowed: float
    celery: CeleryVersion


PRICES = Measurement("update_product_prices", 1_000, 0.09, CeleryVersion(243, 7.7))
STOCKS = Measurement("update_product_stocks", 1_000, 0.09, CeleryVersion(240, 7.8))
IMAGES = Measurement("insert_product_images", 2_000, 0.1, CeleryVersion(400, 12.0))


async def offers(console: Console, latency: float, in_flight: int) -> None:
    """Prints one line each for prices, stocks and images."""
    from flows.image import insert_product_images  # noqa: PLC0415  # Prefect takes its time to import
    from flows.price import update_product_prices  # noqa: PLC0415
    from flows.product import insert_products  # noqa: PLC0415
    from flows.stock import update_product_stocks  # noqa: PLC0415

    # One image a product.
    with SandboxProcess("all", products=IMAGES.items, failing=0) as sandbox:
        os.environ.update(sandbox.environment, CHANNEL_APP_IN_FLIGHT=str(in_flight))
        await reset(sandbox, 0)
        await insert_products(add_mapped=False, add_categories=False)
        floor = Floor(latency, in_flight, await measured_cpu_per_request(sandbox, in_flight))

        async def line(measurement: Measurement, flow: Callable[[], Awaitable[RunSummary]]) -> None:
            await delay(sandbox, latency)
            summary = await flow()
            await delay(sandbox, 0)
            console.print(
                f"  {measurement.name}: {summary.counts.get('integrated', 0)} of {measurement.items}, "
                f"{summary.requests} requests, {summary.requests / measurement.items:.3f} an item (at most "
                f"{measurement.allowed:g}), {floor.compared(summary)}; "
                f"{measurement.celery.compared(summary.wire_seconds, latency)}"
            )

        await _edit(sandbox, "prices", PRICES.items)
        await line(PRICES, lambda: update_product_prices(add_product_objects=True))
        await _edit(sandbox, "stocks", STOCKS.items)
        await line(STOCKS, lambda: update_product_stocks(add_product_objects=True))
        await line(IMAGES, insert_product_images)


async def _edit(sandbox: SandboxProcess, resource: str, number: int) -> None:
    """Changes the prices or stocks of the first products that are on the channel."""
    async with OmnitronClient(Runtime(Settings.load())) as omnitron:
        actions = await omnitron.actions.find(content_type=ContentType.product, status=IntegrationActionStatus.success)
    places = asyncio.Semaphore(EDITS_AT_ONCE)
    async with httpx.AsyncClient(base_url=sandbox.urls["omnitron"], trust_env=False, timeout=60) as client:

        async def one(product: int) -> None:
            async with places:
                (await client.patch(f"/_sandbox/{resource}/{product}", json={})).raise_for_status()

        await asyncio.gather(*(one(action.object_id) for action in actions[:number]))
