"""What a channel's setup costs, beside the floor that latency and CPU set: a large tree, and many attributes with many values."""

import os
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

import httpx
from rich.console import Console

from deployments.sandbox.server import SandboxProcess
from dto.summary import RunSummary

if TYPE_CHECKING:
    from deployments.bench import Floor

NODES = 5_000
ATTRIBUTES, VALUES = 300, 100


async def setup(console: Console, sandbox: SandboxProcess, latency: float, in_flight: int = 16) -> None:
    """Prints requests, seconds, floor and ratio of each run: the first, which writes all of it, and one that finds all of
    it there.

    Args:
        console: where the lines go.
        sandbox: both systems, whose settings are in the environment.
        latency: seconds that every answer takes longer.
        in_flight: requests under way at a time.
    """
    from deployments.bench import Floor, measured_cpu_per_request  # noqa: PLC0415  # which may import this module
    from flows.setup import (  # noqa: PLC0415  # Prefect takes its time to import
        create_or_update_attributes,
        create_or_update_category_tree_and_nodes,
        update_channel_conf_schema,
    )

    os.environ["CHANNEL_APP_IN_FLIGHT"] = str(in_flight)
    # The first run in a process waits for Prefect's server; it is not counted.
    await update_channel_conf_schema()
    floor = Floor(latency, in_flight, await measured_cpu_per_request(sandbox, in_flight))
    sizes = {"category_nodes": NODES, "attributes": ATTRIBUTES, "values": VALUES}
    for bulk in (False, True):
        await _reset(sandbox, latency, sizes, bulk=bulk)
        if not bulk:
            what = f"a tree of {NODES} nodes"
            await _twice(console, what, create_or_update_category_tree_and_nodes, floor)
        what = f"{ATTRIBUTES} attributes of {VALUES} values, {'in bulk' if bulk else 'one by one'}"
        await _twice(console, what, create_or_update_attributes, floor)


async def _twice(console: Console, what: str, flow: Callable[[], Awaitable[RunSummary]], floor: "Floor") -> None:
    for when in ("first run", "again"):
        summary = await flow()
        least = floor.seconds(summary.requests)
        counts = ", ".join(f"{number} {name}" for name, number in summary.counts.items())
        console.print(
            f"{what}, {when}: {summary.requests} requests, {summary.wire_seconds:.1f} s, floor {least:.1f} s "
            f"(latency {summary.requests * floor.latency / floor.in_flight:.1f}, "
            f"CPU {summary.requests * floor.cpu_per_request:.1f}), ratio {summary.wire_seconds / least:.2f} ({counts})"
        )


async def _reset(sandbox: SandboxProcess, latency: float, sizes: dict[str, int], *, bulk: bool) -> None:
    async with httpx.AsyncClient(trust_env=False, timeout=60) as client:
        for name, options in (("omnitron", {"bulk_setup": bulk}), ("marketplace", sizes)):
            url = sandbox.urls[name]
            (await client.post(f"{url}/_sandbox/reset", json=options)).raise_for_status()
            (await client.post(f"{url}/_sandbox/latency", json={"seconds": latency})).raise_for_status()
