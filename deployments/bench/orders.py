"""The cost of new orders: a hundred orders of two items each, all from customers that are new to Omnitron."""

import os

import httpx
from rich.console import Console

from deployments.bench.floor import CeleryVersion, Floor, delay, measured_cpu_per_request, outcome, reset
from deployments.sandbox.server import SandboxProcess

ORDERS, PRODUCTS, ALLOWED = 100, 50, 9
CELERY = CeleryVersion(2_205, 62.0)


async def orders(console: Console, latency: float, in_flight: int) -> None:
    """Prints a line for the run that imports them, and one for the next run, which finds all of them known."""
    from flows.order import fetch_and_create_order  # noqa: PLC0415  # Prefect takes its time to import
    from flows.product import insert_products  # noqa: PLC0415

    with SandboxProcess("all", products=PRODUCTS, failing=0) as sandbox:
        os.environ.update(sandbox.environment, CHANNEL_APP_IN_FLIGHT=str(in_flight))
        await reset(sandbox, 0)
        await insert_products()
        await _place_orders(sandbox)
        floor = Floor(latency, in_flight, await measured_cpu_per_request(sandbox, in_flight))
        await delay(sandbox, latency)
        for line in ("fetch_and_create_order", "  the next run"):
            summary = await fetch_and_create_order()
            console.print(
                f"  {line}: {outcome(summary)}, {summary.requests} requests, {summary.requests / ORDERS:.2f} an order (at "
                f"most {ALLOWED}), {floor.compared(summary)}; {CELERY.compared(summary.wire_seconds, latency)}"
            )


async def _place_orders(sandbox: SandboxProcess) -> None:
    market = sandbox.urls["marketplace"]
    async with httpx.AsyncClient(base_url=market, trust_env=False, timeout=60) as client:
        listed = (await client.get("/listing", params={"limit": PRODUCTS})).json()["results"]
        skus = [row["sku"] for row in listed]
        for number in range(ORDERS):
            email = f"buyer-{number}@example.com"
            order = {
                "items": [[skus[number % PRODUCTS], 1], [skus[(number + 7) % PRODUCTS], 1]],
                "buyer": {"id": f"N{number}"},
                "email": email,
                "shipping_address": {"line": f"Gül Sok. No: {number}"},
            }
            (await client.post("/_sandbox/orders", json=order)).raise_for_status()
