"""The cost of new products: mapping, stock, price, categories, sending."""

import os
import statistics

from rich.console import Console

from deployments.bench.floor import CeleryVersion, Floor, measured_cpu_per_request, outcome, reset
from deployments.sandbox.server import SandboxProcess
from dto.summary import RunSummary

CELERY = CeleryVersion(2.778, 0.08)
"""For one product."""


async def products(console: Console, number: int, latency: float, runs: int) -> None:
    """Prints one line for each number of requests in flight: the medians of several runs."""
    from flows.product import insert_products  # noqa: PLC0415  # Prefect takes its time to import

    with SandboxProcess("all", products=number, failing=0.04) as sandbox:
        os.environ.update(sandbox.environment)
        # The first run in a process waits for Prefect's server; it is not counted.
        await insert_products(max_batches=1, batch_size=1)
        for in_flight in (16, 32):
            os.environ["CHANNEL_APP_IN_FLIGHT"] = str(in_flight)
            summaries: list[RunSummary] = []
            for _ in range(runs):
                await reset(sandbox, latency)
                summaries.append(await insert_products())
            floor = Floor(latency, in_flight, await measured_cpu_per_request(sandbox, in_flight))
            requests = round(statistics.median(summary.requests for summary in summaries))
            seconds = statistics.median(summary.wire_seconds for summary in summaries)
            failed = summaries[0].counts.get("failed", 0)
            celery = CeleryVersion(CELERY.requests * number, CELERY.seconds * number)
            console.print(
                f"  {in_flight} in flight: {requests} requests (at most {2 * number + 2 * failed + 60}), "
                f"{floor.line(requests, seconds)}; {celery.compared(seconds, latency)}"
            )
            console.print(f"     outcome: {outcome(summaries[0])}")
