"""The main job on one screen: a local Omnitron, a local marketplace, real flow runs between them."""

import asyncio
import os
import time
from typing import Any

import httpx
from rich.console import Console
from rich.table import Table

from clients.omnitron import OmnitronClient
from clients.runtime import Runtime
from clients.settings import Settings
from deployments.console import without_tracebacks
from deployments.sandbox.server import SandboxProcess
from dto.enums import ContentType, IntegrationActionStatus
from dto.omnitron import ErrorReportRow
from dto.summary import RunSummary

EDITED = 5
ROUNDS = 10
"""How often the demo asks the marketplace before it gives up."""


def run_demo(products: int) -> None:
    """Runs it and prints what happened."""
    os.environ.setdefault("PREFECT_LOGGING_LEVEL", "WARNING")  # the demo speaks for itself
    console = Console(highlight=False, soft_wrap=True)
    started = time.monotonic()
    console.print(
        f"A shop with {products} products, some of them with defects, goes on sale on a marketplace that answers later.\n"
    )
    console.print("[bold]1[/] Starting a local Omnitron and a local marketplace ...")
    with SandboxProcess("all", products=products, asynchronous=True, refuse_share=0.02, latency_ms=5) as sandbox:
        os.environ.update(sandbox.environment)
        console.print(f"  Omnitron     {sandbox.urls['omnitron']}/_sandbox/")
        console.print(f"  marketplace  {sandbox.urls['marketplace']}/_sandbox/")
        asyncio.run(_story(console, sandbox))
        _closing_table(console, sandbox, time.monotonic() - started)


async def _story(console: Console, sandbox: SandboxProcess) -> None:
    from flows.product import insert_products, update_products  # noqa: PLC0415  # Prefect takes its time to import

    without_tracebacks()
    console.print(
        "[bold]2[/] insert_products: read, map, price, stock, categorise, send "
        "(Prefect starts its server first, 10 to 20 s) ..."
    )
    _say(console, await insert_products(batch_size=100))
    console.print("[bold]3[/] verify_open_batches: the marketplace is asked until it has finished ...")
    await _verify(console)
    console.print(f"[bold]4[/] {EDITED} products change in Omnitron; update_products sends those and no others ...")
    await _edit(sandbox.urls["omnitron"])
    _say(console, await update_products())
    await _verify(console)


async def _verify(console: Console) -> None:
    from flows.verify import verify_open_batches  # noqa: PLC0415

    for _ in range(ROUNDS):
        summary = await verify_open_batches()
        _say(console, summary)
        if not summary.counts.get("ongoing"):
            return


async def _edit(hub: str) -> None:
    """Changes the first products that are on sale."""
    async with OmnitronClient(Runtime(Settings.load())) as omnitron:
        actions = await omnitron.actions(content_type=ContentType.product, status=IntegrationActionStatus.success)
    async with httpx.AsyncClient(base_url=hub, trust_env=False) as client:
        for action in actions[:EDITED]:
            name = {"name": f"Yeni Sezon Ürün {action.object_id}"}
            (await client.patch(f"/_sandbox/products/{action.object_id}", json=name)).raise_for_status()


def _say(console: Console, summary: RunSummary) -> None:
    from flows.run import sentence  # noqa: PLC0415

    console.print(f"  {summary.flow}: {sentence(summary)}")


def _closing_table(console: Console, sandbox: SandboxProcess, seconds: float) -> None:
    state: dict[str, Any] = httpx.get(f"{sandbox.urls['omnitron']}/_sandbox/state", trust_env=False).json()["counts"]
    listed = httpx.get(f"{sandbox.urls['marketplace']}/listing", params={"limit": 1}, trust_env=False).json()["count"]
    products = state["objects"]["product"]
    table = Table(title="What happened", title_justify="left")
    table.add_column("products")
    table.add_column("", justify="right")
    table.add_row("on sale on the marketplace", str(listed))
    table.add_row("integrated in Omnitron", str(products["integrated"]))
    table.add_row("failed, each with its reason", str(products["failed"]))
    table.add_row("still in work", str(products["processing"]))
    for status, count in sorted(state["batches"].items()):
        table.add_row(f"batches {status}", str(count))
    console.print()
    console.print(table)
    console.print("\nWhy some failed, as the merchant reads it in “Marketplace Logs” (one example each):")
    for line in asyncio.run(_reasons()):
        console.print(f"  {line}")
    console.print(
        f"\nDone in {seconds:.0f} s. Next: `channel-app sandbox --async` keeps both systems up for you, "
        "`channel-app flows` lists what can be run, README.md tells the rest."
    )


async def _reasons() -> list[str]:
    """One example for each kind of reason."""
    async with OmnitronClient(Runtime(Settings.load())) as omnitron:
        rows = await omnitron.every(f"channel/{omnitron.channel_id}/error_reports/", ErrorReportRow, {"sort": "id"})
    examples: dict[str, str] = {}
    for row in rows:
        if not row.is_ok:
            examples.setdefault(row.error_desc.partition(":")[0], row.error_desc)
    return sorted(examples.values())
