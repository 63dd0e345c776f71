"""The cost of a channel's setup: a large tree, and many attributes with many values."""

import os
from collections.abc import Awaitable, Callable

from rich.console import Console

from deployments.bench.floor import Floor, measured_cpu_per_request, outcome, reset
from deployments.sandbox.server import SandboxProcess
from dto.summary import RunSummary

NODES = 5_000
ATTRIBUTES, VALUES = 300, 100


async def setup(console: Console, latency: float, in_flight: int) -> None:
    """Prints one line for the first run, which writes everything, and one for the next, which finds everything."""
    from flows.setup import (  # noqa: PLC0415  # Prefect takes its time to import
        create_or_update_attributes,
        create_or_update_category_tree_and_nodes,
    )

    with SandboxProcess("all", products=10) as sandbox:
        os.environ.update(sandbox.environment, CHANNEL_APP_IN_FLIGHT=str(in_flight))
        floor = Floor(latency, in_flight, await measured_cpu_per_request(sandbox, in_flight))
        sizes = {"category_nodes": NODES, "attributes": ATTRIBUTES, "values": VALUES}
        for bulk in (False, True):
            await reset(
                sandbox,
                latency,
                {
                    "omnitron": dict.fromkeys(("bulk_attributes", "bulk_category_attributes"), bulk),
                    "marketplace": sizes,
                },
            )
            if not bulk:
                await _twice(console, f"a tree of {NODES} nodes", create_or_update_category_tree_and_nodes, floor)
            how = "in bulk" if bulk else "one by one"
            work = f"{ATTRIBUTES} attributes of {VALUES} values, {how}"
            await _twice(console, work, create_or_update_attributes, floor)


async def _twice(console: Console, work: str, flow: Callable[[], Awaitable[RunSummary]], floor: Floor) -> None:
    for when in ("first run", "again"):
        summary = await flow()
        console.print(f"  {work}, {when}: {summary.requests} requests, {floor.compared(summary)} ({outcome(summary)})")
