"""`channel-app bench`: the cost of runs beside the floor set by latency and CPU, measured on one machine."""

import asyncio
import os

from rich.console import Console

from clients.errors import ChannelAppError
from deployments.bench import memory, offers, orders, products, settling, setup, verify, webhook
from deployments.console import FAILED, end

IN_FLIGHT = 16


def run_bench(number: int, latency_ms: float, runs: int, memory_products: int) -> None:
    """Prints one line for each measurement."""
    os.environ.setdefault("PREFECT_LOGGING_LEVEL", "WARNING")  # the bench prints its own lines
    console = Console(highlight=False, soft_wrap=True)
    try:
        asyncio.run(_measure(console, number, latency_ms / 1000, runs))
    except ChannelAppError as error:
        end(error.message, FAILED)
    if memory_products:
        memory.memory(console, memory_products)


async def _measure(console: Console, number: int, latency: float, runs: int) -> None:
    from deployments.local_server import prefect_for_runs  # noqa: PLC0415  # Prefect takes its time to import

    async with prefect_for_runs():
        await _measure_all(console, number, latency, runs)


async def _measure_all(console: Console, number: int, latency: float, runs: int) -> None:
    from deployments.bench.overhead import overhead  # noqa: PLC0415  # Prefect takes its time to import
    from deployments.bench.rates import rates  # noqa: PLC0415

    milliseconds = f"{latency * 1000:g} ms latency"
    console.print(f"insert_products: {number} products, 4 % of them failing, {milliseconds}, median of {runs} runs")
    await products.products(console, number, latency, runs)
    console.print(f"everything else: {milliseconds}, {IN_FLIGHT} in flight")
    await offers.offers(console, latency, IN_FLIGHT)
    await orders.orders(console, latency, IN_FLIGHT)
    await setup.setup(console, latency, IN_FLIGHT)
    await verify.verify(console, latency, IN_FLIGHT)
    await settling.settling(console)
    await overhead(console)
    await rates(console)
    await webhook.webhook(console)
