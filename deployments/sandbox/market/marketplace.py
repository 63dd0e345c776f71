"""A local marketplace: takes products, prices, stocks and images, at once or in batches, and sells what it lists."""

import html
import json
from collections.abc import MutableMapping, Sequence
from typing import Any, Unpack, get_args

from starlette.middleware import Middleware
from starlette.types import Receive, Scope, Send

from clients.clock import Clock, SystemClock
from deployments.sandbox.base.dates import Stamps, iso
from deployments.sandbox.base.http import REFUSALS, refusal
from deployments.sandbox.base.pages import table_html
from deployments.sandbox.base.system import CONTROL, SandboxSystem
from deployments.sandbox.market.api import market_routes
from deployments.sandbox.market.assortment import Assortment
from deployments.sandbox.market.control import DEEDS, control_routes
from deployments.sandbox.market.description import ASYNC, CALLS
from deployments.sandbox.market.event_posts import EventPosts
from deployments.sandbox.market.gates import Gates, gates_of, refusal_under_200
from deployments.sandbox.market.habits import HABITS, settings_with
from deployments.sandbox.market.intake import Intake, Kind, naming_of
from deployments.sandbox.market.market_sales import Item, MarketSales, RequestKind
from deployments.sandbox.market.packages import sales_of
from deployments.sandbox.market.settings import MarketOptions, MarketSettings

_SYSTEM_CLOCK = SystemClock()
_SHOWN_ORDERS = 10


class MarketplaceSandbox(SandboxSystem):
    """The marketplace as an ASGI application.

    Args:
        latency: seconds that every answer takes longer.
        clock: the time that the marketplace lives in.
        habits: names of habits of real marketplaces that it has, see `HABITS`.
        settings: see `MarketSettings`; they count before those of the habits.

    Attributes:
        assortment: its categories, their attributes and its configuration fields.
        sales: the buyers' deeds.
        posts: the events that it posts to the shop.
    """

    title = "Marketplace sandbox"

    def __init__(
        self,
        *,
        latency: float = 0.0,
        clock: Clock = _SYSTEM_CLOCK,
        habits: Sequence[str] = (),
        **settings: Unpack[MarketOptions],
    ) -> None:
        super().__init__(clock=clock, latency=latency)
        self._given, self.habits = settings, tuple(habits)
        self.assortment: Assortment
        self.sales: MarketSales
        self.posts: EventPosts
        self._intake: Intake
        self._begin(settings_with(habits, settings))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await super().__call__(scope, receive, send)
        await self.posts.post_new()

    @property
    def items(self) -> dict[str, Item]:
        """The listed items by sku.

        `price`, `stock` and `images` hold later updates of the item, `prices` and `stocks` those for a named `list`.
        """
        return self._intake.items

    @property
    def acknowledged(self) -> list[tuple[Kind, str, Any]]:
        """`(kind, sku, version)` of every accepted item: of an order number and version, of a decision id and status."""
        return self._intake.acknowledged

    @property
    def violations(self) -> list[str]:
        """Older versions that overwrote newer ones, one sentence each."""
        return self._intake.violations

    @property
    def refuse(self) -> MutableMapping[str, str]:
        """Messages by sku, number of an order or id of a request; such items are refused. May be changed at any time."""
        return self._intake.refuse

    def reset(self, **overrides: Any) -> None:
        """Begin anew: nothing listed, nothing sold, no batch, no fault, an empty log. Overrides stay for later resets.

        Raises:
            TypeError: an override that is not a constructor argument.
        """
        latency, habits = overrides.pop("latency", self.latency), overrides.pop("habits", self.habits)
        given: Any = {**self._given, **overrides}
        settings = settings_with(habits, given)
        self._given, self.habits, self.latency = given, tuple(habits), latency
        self._begin(settings)

    def forget_batch(self, batch_id: str) -> None:
        """Forget a batch; the items that it listed stay."""
        del self._intake.batches[batch_id]

    def forget_remote_ids(self) -> None:
        """Forget which sku a remote id belongs to; the items stay listed."""
        self._intake.sku_by_remote_id.clear()

    def forget_batches(self) -> None:
        """Forget every batch; the items that they listed stay."""
        self._intake.batches.clear()

    def change_listing(self, sku: str, **changes: Any) -> Item:
        """The market changes a listed item later (`state`, `message`), or somebody edits it there (`name`, `price`,
        `stock`)."""
        return self._intake.change_listing(sku, **changes)

    def place_order(self, **overrides: Any) -> Item:
        """A buyer orders; see `MarketSales.place_order`."""
        return self.sales.place_order(**overrides)

    def place_orders(self, number: int, *, skus: Sequence[str] | None = None) -> list[Item]:
        """This many orders, of listed products or of `skus`."""
        return self.sales.place_orders(number, skus=skus)

    def cancel_order(self, order_id: str, items: Sequence[str] | None = None, **fields: Any) -> Item:
        """A buyer cancels some items of an order, or all that are left (`reason`, `forced_refund_amount`,
        `is_cargo_refund`, `refund_invoice_number`)."""
        return self.sales.cancel_order(order_id, items=items, **fields)

    def request(self, order_item_id: str, kind: RequestKind = "cancel", **fields: Any) -> Item:
        """A buyer asks to cancel an item, or for the money back (`reason`, `description`)."""
        return self.sales.request(order_item_id, kind=kind, **fields)

    def change_item(self, item_id: str, **fields: Any) -> Item:
        """The market changes an item's `status`, `invoice_number`, `invoice_date` or `tracking_number`."""
        return self.sales.change_item(item_id, **fields)

    def counts(self) -> dict[str, Any]:
        """`{"items", "acknowledged": {kind: n}, "batches", "sales": {what: n}, "requests": {route: n}}`."""
        acknowledged = dict.fromkeys(get_args(Kind), 0)
        for kind, _, _ in self.acknowledged:
            acknowledged[kind] += 1
        return {
            "items": len(self.items),
            "acknowledged": acknowledged,
            "batches": len(self._intake.batches),
            "sales": self.sales.counts(),
            "requests": dict(self.log.routes),
        }

    def state(self) -> dict[str, Any]:
        """`{"counts", "violations", "refuse", "clock", "latency", "habits", "webhook"}`."""
        return {
            "counts": self.counts(),
            "violations": self.violations,
            "refuse": dict(self.refuse),
            "clock": iso(self.clock.now()),
            "latency": self.latency,
            "habits": list(self.habits),
            "webhook": self.posts.state(),
        }

    def page(self) -> str:
        counts = self.counts()
        newest = list(self.items.values())[-20:]
        fields = ("sku", "remote_id", "name", "version")
        orders = list(self.sales.orders.values())[: -_SHOWN_ORDERS - 1 : -1]
        order_fields = ("id", "number", "status", "amount", "tracking_number", "updated_at")
        return "".join(
            (
                f"<p>{counts['items']} items listed · {iso(self.clock.now())}</p>",
                table_html("Habits", ("name", "meaning"), ((name, HABITS[name].sentence) for name in self.habits)),
                f"<p>{html.escape(ASYNC)}</p>",
                table_html(
                    "API",
                    ("call", "meaning", "body"),
                    (
                        (f"{call.method} {call.path}", call.sentence, json.dumps(call.body) if call.body else "")
                        for call in CALLS
                    ),
                ),
                table_html("Acknowledged", ("kind", "number"), counts["acknowledged"].items()),
                table_html(
                    "Newest items", fields, ([item.get(field, "") for field in fields] for item in reversed(newest))
                ),
                table_html("Sales", ("kind", "number"), counts["sales"].items()),
                table_html(
                    "Play the buyer, or the market", ("POST", "JSON"), ((CONTROL + path, body) for path, body in DEEDS)
                ),
                table_html(
                    "Newest orders",
                    (*order_fields, "items"),
                    (
                        (
                            *(order.get(field, "") for field in order_fields),
                            ", ".join(line["id"] for line in order["items"]),
                        )
                        for order in orders
                    ),
                ),
                table_html("Refused by rule", ("sku", "message"), self.refuse.items()),
                table_html("Requests", ("route", "number"), sorted(counts["requests"].items())),
            )
        )

    def _begin(self, settings: MarketSettings) -> None:
        listed: dict[str, Item] = {}
        self.sales = sales_of(settings, listed=listed, product_id=naming_of(settings), stamp=Stamps(self.clock).next)
        self.posts = EventPosts(settings.signs, self.sales.events, self.clock)
        self.assortment = Assortment(
            category_nodes=settings.category_nodes, attributes=settings.attributes, values=settings.values
        )
        self._intake = Intake(settings, listed=listed, sales=self.sales, clock=self.clock)
        refuse = refusal_under_200 if settings.errors_under_200 else refusal
        gates = tuple(gates_of(settings, self.clock))
        self.serve(
            market_routes(settings, self._intake, self.sales, self.assortment),
            control_routes(self._intake, self.sales, self.posts),
            refusals=dict.fromkeys(REFUSALS, refuse),
            middleware=[Middleware(Gates, gates=gates, refuse=refuse)] if gates else (),
        )
        self.faults.clear()
        self.restart_log()
