"""What a run costs, beside the floor that latency and CPU set, measured in one go on one machine."""

import asyncio
import json
import os
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import Any

import httpx
from rich.console import Console

from clients.connections import Connections
from deployments.bench_orders import measure_orders
from deployments.sandbox.server import SandboxProcess
from dto.summary import RunSummary

PEER_REQUESTS, PEER_SECONDS = 2.778, 80.0
"""The peer: requests a product, and seconds for 1,000 products at 25 ms."""
BARE_REQUESTS = 600
OVERHEAD_CALLS = 15


@dataclass(frozen=True)
class Floor:
    """The fastest that so many requests can be: waiting for answers, or computing, whichever takes longer."""

    latency: float
    in_flight: int
    cpu_per_request: float

    def seconds(self, requests: int) -> float:
        return max(requests * self.latency / self.in_flight, requests * self.cpu_per_request)


def run_bench(products: int, latency_ms: float, runs: int, memory_products: int) -> None:
    """Prints one line for each measurement."""
    console = Console(highlight=False, soft_wrap=True)
    console.print(
        f"insert_products: {products} products, 4 % of them failing, {latency_ms:g} ms latency, median of {runs} runs"
    )
    with SandboxProcess("all", products=products, failing=0.04) as sandbox:
        os.environ.update(sandbox.environment)
        asyncio.run(_speed(console, sandbox, products, latency_ms / 1000, runs))
    asyncio.run(_overhead(console))
    if memory_products:
        _memory(console, memory_products)


async def _speed(console: Console, sandbox: SandboxProcess, products: int, latency: float, runs: int) -> None:
    from flows.product import insert_products  # noqa: PLC0415

    # The first run in a process waits for Prefect's server; it is not counted.
    await insert_products(max_batches=1, batch_size=1)
    for in_flight in (16, 32):
        os.environ["CHANNEL_APP_IN_FLIGHT"] = str(in_flight)
        summaries: list[RunSummary] = []
        for _ in range(runs):
            await _reset(sandbox, latency)
            summaries.append(await insert_products())
        cpu = await _cpu_per_request(sandbox, in_flight)
        floor = Floor(latency, in_flight, cpu)
        requests = round(statistics.median(s.requests for s in summaries))
        seconds = statistics.median(s.wire_seconds for s in summaries)
        least = floor.seconds(requests)
        failed = summaries[0].counts.get("failed", 0)
        allowed = 2 * products + 2 * failed + 60
        console.print(
            f"  {in_flight} in flight: {requests} requests (at most {allowed}), {seconds:.2f} s, floor {least:.2f} s "
            f"(latency {requests * latency / in_flight:.2f}, CPU {requests * cpu:.2f}), ratio {seconds / least:.2f}; "
            f"peer {PEER_REQUESTS * products:.0f} requests, {PEER_SECONDS * products / 1000:.0f} s: "
            f"{PEER_SECONDS * products / 1000 / seconds:.0f} times as fast"
        )
        console.print(f"     outcome: {_counts(summaries[0])}")
        await measure_orders(console, sandbox, latency, cpu)


def _counts(summary: RunSummary) -> str:
    reasons = ", ".join(f"{number} {code}" for code, number in summary.failures.items())
    return ", ".join(f"{number} {name}" for name, number in summary.counts.items()) + f" ({reasons})"


async def _reset(sandbox: SandboxProcess, latency: float) -> None:
    async with httpx.AsyncClient(trust_env=False, timeout=60) as client:
        for url in sandbox.urls.values():
            (await client.post(f"{url}/_sandbox/reset", json={})).raise_for_status()
            (await client.post(f"{url}/_sandbox/latency", json={"seconds": latency})).raise_for_status()


async def _cpu_per_request(sandbox: SandboxProcess, in_flight: int) -> float:
    """CPU seconds of one bare request with the same connections: no parsing of ours, no Prefect."""
    hub = sandbox.urls["omnitron"]
    async with httpx.AsyncClient(base_url=hub, transport=Connections(in_flight), trust_env=False) as client:
        credentials = {"username": os.environ["OMNITRON_USERNAME"], "password": os.environ["OMNITRON_PASSWORD"]}
        key = (await client.post("/api/v1/auth/login/", json=credentials)).json()["key"]
        client.headers["Authorization"] = f"Token {key}"
        channel = f"/api/v1/channel/{os.environ['OMNITRON_CHANNEL_ID']}"
        first = (await client.get(f"{channel}/products/", params={"limit": 1})).json()["results"][0]
        path = f"{channel}/mapped_products/{first['pk']}/"
        places = asyncio.Semaphore(in_flight)

        async def one() -> None:
            async with places:
                (await client.get(path)).json()

        started = time.process_time()
        await asyncio.gather(*(one() for _ in range(BARE_REQUESTS)))
        return (time.process_time() - started) / BARE_REQUESTS


async def _overhead(console: Console) -> None:
    """What a task call costs for one object and for a thousand."""
    from prefect import flow  # noqa: PLC0415

    from deployments.bench_overhead import Echo, EchoIntegration  # noqa: PLC0415
    from dto.omnitron import Product  # noqa: PLC0415

    objects = [Product(pk=number, sku=f"SKU{number}", attributes={"renk": "mavi"}) for number in range(1, 1_001)]

    @flow(name="overhead of a task call", persist_result=False)
    async def measure() -> dict[int, float]:
        hub = EchoIntegration()
        found = {}
        for count in (1, 1_000):
            times = []
            for _ in range(OVERHEAD_CALLS):
                started = time.perf_counter()
                await hub.do_action(Echo, objects=objects[:count])
                times.append(time.perf_counter() - started)
            found[count] = statistics.median(times) * 1_000
        return found

    found = await measure()
    console.print(
        f"one task call: {found[1]:.1f} ms with 1 object, {found[1_000]:.1f} ms with 1,000 "
        f"(difference {found[1_000] - found[1]:.1f} ms, at most 30)"
    )


def _memory(console: Console, products: int) -> None:
    """Peak memory of a run in a process of its own, for a tenth of the products and for all."""
    for count in (products // 10, products):
        with SandboxProcess("all", products=count, failing=0.04) as sandbox:
            done = subprocess.run(  # this interpreter, with arguments of ours
                [sys.executable, "-m", "deployments.cli", "run", "insert_products", "--json"],
                env={**os.environ, **sandbox.environment, "CHANNEL_APP_IN_FLIGHT": "16"},
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
                check=True,
            )
        summary: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        console.print(
            f"memory: {count} products drained in {summary['seconds']:.0f} s, peak {summary['peak_memory_mb']:.0f} MB "
            "(at most 400)"
        )
