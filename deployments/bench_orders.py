"""What bringing orders in costs, beside the floor that latency and CPU set."""

import os
import statistics

import httpx
from rich.console import Console

from deployments.sandbox.marketplace import remote_id_of
from deployments.sandbox.server import SandboxProcess

PEER_REQUESTS, PEER_SECONDS = 22, 62.0
"""The peer: requests an order, and seconds for 100 orders of two items with new customers at 25 ms."""
MOST_REQUESTS = 9
"""An order, all in."""
RUNS = 3


async def measure_orders(
    console: Console, sandbox: SandboxProcess, latency: float, cpu_per_request: float, orders: int = 100
) -> None:
    """Prints one line about orders of two items with new customers: the median of a few runs.

    `latency` is how many seconds every answer takes, `cpu_per_request` the CPU seconds of one bare request.
    """
    from flows.order import fetch_and_create_order  # noqa: PLC0415

    in_flight = int(os.environ.get("CHANNEL_APP_IN_FLIGHT", "16"))
    summaries = []
    for _ in range(RUNS):
        await _fill(sandbox, orders, latency)
        summaries.append(await fetch_and_create_order())
    for summary in summaries:
        if summary.counts.get("created") != orders:
            raise RuntimeError(f"{orders} orders were placed, and the run says {dict(summary.counts)}")
    requests = round(statistics.median(summary.requests for summary in summaries))
    seconds = statistics.median(summary.wire_seconds for summary in summaries)
    least = max(requests * latency / in_flight, requests * cpu_per_request)
    peer = PEER_SECONDS * orders / 100
    console.print(
        f"fetch_and_create_order: {orders} orders of two items with new customers, {latency * 1000:g} ms latency, "
        f"{in_flight} in flight: {requests / orders:.1f} requests an order (at most {MOST_REQUESTS}), {seconds:.2f} s, "
        f"floor {least:.2f} s, ratio {seconds / least:.2f}; peer {PEER_REQUESTS} requests an order, {peer:.0f} s: "
        f"{peer / seconds:.0f} times as fast"
    )


async def _fill(sandbox: SandboxProcess, orders: int, latency: float) -> None:
    """A shop with two products on the market, orders for both, and answers that take their time."""
    hub, market = sandbox.urls["omnitron"], sandbox.urls["marketplace"]
    async with httpx.AsyncClient(trust_env=False, timeout=60) as client:

        async def post(url: str, body: object) -> httpx.Response:
            return (await client.post(url, json=body)).raise_for_status()

        for url in (hub, market):
            await post(f"{url}/_sandbox/reset", {})
            await post(f"{url}/_sandbox/latency", {"seconds": 0})
        credentials = {"username": os.environ["OMNITRON_USERNAME"], "password": os.environ["OMNITRON_PASSWORD"]}
        key = (await post(f"{hub}/api/v1/auth/login/", credentials)).json()["key"]
        client.headers["Authorization"] = f"Token {key}"
        channel_id = int(os.environ["OMNITRON_CHANNEL_ID"])
        channel = f"{hub}/api/v1/channel/{channel_id}"
        products = (await client.get(f"{channel}/products/", params={"limit": 2})).raise_for_status().json()["results"]
        for product in products:
            action = {
                "content_type": "product",
                "channel_id": channel_id,
                "object_id": product["pk"],
                "remote_id": remote_id_of(product["sku"]),
                "version_date": product["modified_date"],
                "state": {},
            }
            await post(f"{channel}/integration_actions/", action)
        for number in range(orders):
            email = f"buyer{number}@example.com"
            buyer = {"id": f"NEW{number:05d}", "email": email}
            items = [[product["sku"], 1] for product in products]
            await post(f"{market}/_sandbox/orders", {"items": items, "buyer": buyer, "email": email})
        for url in (hub, market):
            await post(f"{url}/_sandbox/latency", {"seconds": latency})
