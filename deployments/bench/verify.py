"""The cost of a sweep over many open batches, one of them bad: it delays no other batch."""

import os

import httpx
from rich.console import Console

from deployments.bench.floor import Floor, delay, measured_cpu_per_request, outcome, reset
from deployments.sandbox.server import SandboxProcess

BATCHES = 200
ALLOWED_SECONDS = 10


async def verify(console: Console, latency: float, in_flight: int) -> None:
    """Prints one line for the sweep."""
    from flows.product import insert_products  # noqa: PLC0415  # Prefect takes its time to import
    from flows.verify import verify_open_batches  # noqa: PLC0415

    with SandboxProcess("all", products=BATCHES, failing=0, asynchronous=True) as sandbox:
        os.environ.update(sandbox.environment, CHANNEL_APP_IN_FLIGHT=str(in_flight))
        await reset(sandbox, 0, {"marketplace": {"polls_until_ready": 0}})
        # Not as a flow run, since it is not measured.
        sent = await insert_products.fn(add_mapped=False, add_categories=False, batch_size=1)
        await _spoil(sandbox, sent.remote_batches[0])
        floor = Floor(latency, in_flight, await measured_cpu_per_request(sandbox, in_flight))
        await delay(sandbox, latency)
        summary = await verify_open_batches()
        console.print(
            f"  verify_open_batches: {BATCHES} open, the oldest of them bad: {outcome(summary)}, {summary.requests} requests, "
            f"{floor.compared(summary)}; {summary.seconds:.1f} s in all (at most {ALLOWED_SECONDS})"
        )


async def _spoil(sandbox: SandboxProcess, remote_batch_id: str) -> None:
    """Makes the marketplace fail every question about that batch."""
    fault = {"kind": "status", "path": remote_batch_id, "status": 500, "times": None}
    async with httpx.AsyncClient(base_url=sandbox.urls["marketplace"], trust_env=False, timeout=60) as client:
        (await client.post("/_sandbox/faults", json=fault)).raise_for_status()
