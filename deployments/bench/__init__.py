"""What runs cost, beside the floor that latency and CPU set, measured in one go on one machine."""

import asyncio

from rich.console import Console

from deployments.bench import memory, offers, orders, products, setup

IN_FLIGHT = 16


def run_bench(number: int, latency_ms: float, runs: int, memory_products: int) -> None:
    """Prints one line for each measurement."""
    console = Console(highlight=False, soft_wrap=True)
    latency = latency_ms / 1000
    console.print(
        f"insert_products: {number} products, 4 % of them failing, {latency_ms:g} ms latency, median of {runs} runs"
    )
    asyncio.run(products.products(console, number, latency, runs))
    console.print(f"everything else: {latency_ms:g} ms latency, {IN_FLIGHT} in flight")
    asyncio.run(offers.offers(console, latency, IN_FLIGHT))
    asyncio.run(orders.orders(console, latency, IN_FLIGHT))
    asyncio.run(setup.setup(console, latency, IN_FLIGHT))
    asyncio.run(_overhead(console))
    if memory_products:
        memory.memory(console, memory_products)


async def _overhead(console: Console) -> None:
    from deployments.bench.overhead import overhead  # noqa: PLC0415  # Prefect takes its time to import

    await overhead(console)
