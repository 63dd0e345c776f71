"""`channel-app demo`: the whole round trip on one screen, with real flow runs between two local systems."""

import asyncio
import os
import time
from collections.abc import Sequence
from typing import Any

import httpx
from rich.console import Console
from rich.table import Table

from clients.errors import ChannelAppError
from clients.omnitron import OmnitronClient
from clients.runtime import Runtime
from clients.settings import Settings
from deployments.console import FAILED, end, without_tracebacks
from deployments.sandbox.server import SandboxProcess
from dto.enums import ContentType, IntegrationActionStatus, OrderStatus
from dto.reports import ErrorReportRow
from dto.summary import RunSummary

EDITED = 5
"""Products, prices and stocks that change in Omnitron."""
ORDERS = 6
UNKNOWN_CITY = "Gotham"
ROUNDS = 10
"""The number of times that the demo asks the marketplace before it gives up."""

SHOWN = {
    "products": ContentType.product,
    "prices": ContentType.product_price,
    "stocks": ContentType.product_stock,
    "images": ContentType.product_image,
    "categories": ContentType.category_node,
    "orders": ContentType.order,
    "order items": ContentType.order_item,
    "refund requests": ContentType.cancellation_request,
}
"""The rows of the closing table."""


def run_demo(products: int) -> None:
    """Runs it, and prints each step and its result."""
    os.environ.setdefault("PREFECT_LOGGING_LEVEL", "WARNING")  # the demo prints its own lines
    console = Console(highlight=False, soft_wrap=True)
    started = time.monotonic()
    try:
        _show(console, products, started)
    except ChannelAppError as error:
        end(error.message, FAILED)


def _show(console: Console, products: int, started: float) -> None:
    from deployments.reach_prefect import reach_prefect  # noqa: PLC0415  # Prefect takes its time to import

    asyncio.run(reach_prefect())
    console.print(
        f"A shop with {products} products, some of them with defects, goes on sale on a marketplace that answers later; "
        "its buyers order, one cancels, one sends an item back.\n"
    )
    console.print("[bold]1[/] Starting a local Omnitron and a local marketplace ...")
    with SandboxProcess("all", products=products, asynchronous=True, refuse_share=0.02, latency_ms=5) as sandbox:
        os.environ.update(sandbox.environment)
        console.print(f"  Omnitron     {sandbox.urls['omnitron']}/_sandbox/")
        console.print(f"  marketplace  {sandbox.urls['marketplace']}/_sandbox/")
        asyncio.run(_Story(console, sandbox.urls).play())
        _closing_table(console, sandbox)
        console.print(
            f"\nDone in {time.monotonic() - started:.0f} s. Next: `channel-app sandbox --async` starts both systems for you "
            "to use, `channel-app flows` lists the flows, README.md explains the rest."
        )


class _Story:
    """The actions of the merchant, the buyers and the flows, in order."""

    def __init__(self, console: Console, urls: dict[str, str]) -> None:
        self._console = console
        self._urls = urls

    async def play(self) -> None:
        """Plays all of it."""
        from deployments.local_server import prefect_for_runs  # noqa: PLC0415  # Prefect takes its time to import

        without_tracebacks()
        self._title(
            2,
            "setup: the channel's settings, its category tree and its attributes (Prefect starts its server first, 10 to "
            "20 s)",
        )
        async with prefect_for_runs():
            await self._tell()

    async def _tell(self) -> None:
        await self._run(
            "update_channel_conf_schema",
            "create_or_update_category_tree_and_nodes",
            "create_or_update_category_attributes",
        )
        self._title(
            3, "products: read, map, price, stock, categorise, send; the marketplace is asked until it has finished"
        )
        await self._run("insert_products", batch_size=100)
        await self._verify()
        self._title(
            4, f"{EDITED} products, {EDITED} prices and {EDITED} stocks change in Omnitron, and the images follow"
        )
        await self._edit_goods()
        await self._run("update_products", "update_product_prices", "update_product_stocks")
        await self._verify()
        await self._run("insert_product_images")  # an image waits for a product that is being sent
        await self._verify()
        self._title(5, f"orders: {ORDERS} buyers order, one of them from a city that Omnitron does not know")
        orders = (await self._market("orders/several", {"number": ORDERS - 1})) + [
            await self._market("orders", {"city": UNKNOWN_CITY, "township": None, "district": None})
        ]
        await self._run("fetch_and_create_order")
        self._title(6, f"the merchant maps {UNKNOWN_CITY}, and the waiting order comes in; one order is shipped")
        await self._map_city()
        await self._run("fetch_and_create_order", "create_order_shipping_info")
        await self._ship_one()
        await self._run("update_orders", add_order_items=True)
        await self._verify()
        self._title(7, "a buyer cancels an order, another asks for a refund, and the merchant approves it")
        await self._market(f"orders/{orders[0]['id']}/cancel", {})
        item = (await self._listed_order(orders[1]["id"]))["items"][0]["id"]
        await self._market(f"order-items/{item}/request", {"kind": "refund", "reason": "DAMAGED"})
        await self._run("fetch_and_create_cancel", "fetch_and_create_cancellation_requests")
        await self._hub("POST", f"cancellation-requests/{await self._request()}/decide", {"status": "approved"})
        await self._run("update_cancellation_requests")

    def _title(self, number: int, text: str) -> None:
        self._console.print(f"[bold]{number}[/] {text} ...")

    async def _run(self, *flows: str, **parameters: Any) -> list[RunSummary]:
        from flows.registry import FLOWS  # noqa: PLC0415  # Prefect takes its time to import

        summaries = []
        for name in flows:
            summary: RunSummary = await FLOWS[name](**parameters)
            self._console.print(f"  {summary.flow}: {summary.sentence}")
            summaries.append(summary)
        return summaries

    async def _verify(self) -> None:
        for _ in range(ROUNDS):
            (summary,) = await self._run("verify_open_batches")
            if not summary.counts.get("ongoing"):
                return

    # -- actions of people ---------------------------------------------------------------------------------------

    async def _edit_goods(self) -> None:
        """Changes the first products that are on sale, and the prices and stocks of the next."""
        on_sale = await self._bound(ContentType.product)
        for pk in on_sale[:EDITED]:
            await self._hub("PATCH", f"products/{pk}", {"name": f"Yeni Sezon Ürün {pk}"})
        for pk in on_sale[EDITED : 2 * EDITED]:
            await self._hub("PATCH", f"prices/{pk}", {})
            await self._hub("PATCH", f"stocks/{pk}", {})

    async def _map_city(self) -> None:
        async with OmnitronClient(Runtime(Settings.load())) as omnitron:
            reply = await omnitron.connection.call(
                "GET", f"channel/{omnitron.channel_id}/cities/", params={"name__iexact": "Ankara"}
            )
        await self._hub("POST", f"places/city/{reply.data['results'][0]['pk']}/map", {"code": UNKNOWN_CITY})

    async def _ship_one(self) -> None:
        (order, *_) = await self._bound(ContentType.order)
        await self._hub("PATCH", f"orders/{order}", {"status": OrderStatus.shipped, "tracking_number": "YK100200300"})

    async def _request(self) -> int:
        return (await self._bound(ContentType.cancellation_request))[0]

    async def _bound(self, content_type: ContentType) -> Sequence[int]:
        """Omnitron's keys of the objects on the channel."""
        async with OmnitronClient(Runtime(Settings.load())) as omnitron:
            actions = await omnitron.actions.find(content_type=content_type, status=IntegrationActionStatus.success)
        return [action.object_id for action in actions]

    async def _listed_order(self, order_id: str) -> dict[str, Any]:
        async with httpx.AsyncClient(trust_env=False) as client:
            answer = await client.get(f"{self._urls['marketplace']}/orders", params={"limit": 500})
        return next(order for order in answer.json()["results"] if order["id"] == order_id)

    async def _market(self, path: str, body: Any) -> Any:
        return await self._control("POST", f"{self._urls['marketplace']}/_sandbox/{path}", body)

    async def _hub(self, method: str, path: str, body: Any) -> Any:
        return await self._control(method, f"{self._urls['omnitron']}/_sandbox/{path}", body)

    @staticmethod
    async def _control(method: str, url: str, body: Any) -> Any:
        async with httpx.AsyncClient(trust_env=False) as client:
            answer = await client.request(method, url, json=body)
            answer.raise_for_status()
            return answer.json()


def _closing_table(console: Console, sandbox: SandboxProcess) -> None:
    state: dict[str, Any] = httpx.get(f"{sandbox.urls['omnitron']}/_sandbox/state", trust_env=False).json()["counts"]
    table = Table(title="What happened", title_justify="left")
    for heading in ("", "on the channel", "failed, with a reason", "under way"):
        table.add_column(heading, justify="left" if not heading else "right")
    for name, content_type in SHOWN.items():
        row = state["objects"].get(content_type, {})
        table.add_row(name, *(str(row.get(column, 0)) for column in ("integrated", "failed", "processing")))
    console.print()
    console.print(table)
    batches = ", ".join(f"{number} {status}" for status, number in sorted(state["batches"].items()))
    console.print(f"Batches: {batches}.")
    console.print("\nWhy some failed, as the merchant reads it in “Marketplace Logs” (one example each):")
    for line in asyncio.run(_reasons()):
        console.print(f"  {line}")


async def _reasons() -> list[str]:
    """One example of each kind of reason."""
    async with OmnitronClient(Runtime(Settings.load())) as omnitron:
        rows = await omnitron.resource("error_reports", ErrorReportRow).all({"sort": "id"})
    examples: dict[str, str] = {}
    for row in rows:
        if not row.is_ok:
            examples.setdefault(row.error_desc.partition(":")[0].rstrip("0123456789"), row.error_desc)
    return sorted(examples.values())
