"""A local Omnitron: the contract's API over an invented shop, with a hand on every state that tests need."""

from collections import Counter
from dataclasses import replace
from typing import Any, Unpack

from pydantic import ValidationError
from starlette.middleware import Middleware

from clients.clock import Clock, SystemClock
from deployments.sandbox.base.dates import iso
from deployments.sandbox.base.http import REFUSALS
from deployments.sandbox.base.pages import table_html
from deployments.sandbox.base.system import CONTROL, SandboxSystem
from deployments.sandbox.hub.access import Access, Gate
from deployments.sandbox.hub.api import LOGIN, hub_routes
from deployments.sandbox.hub.bodies import refuse_body
from deployments.sandbox.hub.control import control_routes
from deployments.sandbox.hub.ledger import SuccessListener
from deployments.sandbox.hub.places import PlaceKind
from deployments.sandbox.hub.settings import HubOptions, HubSettings
from deployments.sandbox.hub.shop import Shop
from deployments.sandbox.hub.tables import Row

_SYSTEM_CLOCK = SystemClock()
_SHOWN_FAILURES = 20
_SHOWN_ORDERS = 10


class OmnitronSandbox(SandboxSystem):
    """The hub as an ASGI application.

    Args:
        latency: seconds that every answer takes longer.
        clock: the time that the hub lives in.
        settings: see `HubSettings`.

    Attributes:
        shop: the tables, batches and actions; tests may read and change them.
        success_listeners: called with `(content_type, pk, remote_id, version_date)` of every success.
    """

    title = "Omnitron sandbox"

    def __init__(self, *, latency: float = 0.0, clock: Clock = _SYSTEM_CLOCK, **settings: Unpack[HubOptions]) -> None:
        super().__init__(clock=clock, latency=latency)
        self.success_listeners: list[SuccessListener] = []
        self._settings = HubSettings(**settings)
        self.shop: Shop
        self._access: Access
        self._begin()

    def reset(self, **overrides: Any) -> None:
        """Begin anew: another shop, no batch, no token, no fault, an empty log. Overrides stay for later resets.

        Raises:
            TypeError: an override that is not a constructor argument.
        """
        latency = overrides.pop("latency", self.latency)
        self._settings = replace(self._settings, **overrides)
        self.latency = latency
        self._begin()

    def state(self) -> dict[str, Any]:
        """`{"counts", "violations", "defects", "clock", "latency"}`."""
        return {
            "counts": self.counts(),
            "violations": self.violations,
            "defects": len(self.defects),
            "clock": iso(self.clock.now()),
            "latency": self.latency,
        }

    def counts(self) -> dict[str, Any]:
        """Where everything stands.

        `{"objects": {content_type: {"integrated", "failed", "processing", "due_inserts", "due_updates"}},
        "open_batches": {status: n}, "batches": {status: n}, "sales": see `Shop.sales_counts`, "requests": {route: n}}`
        """
        batches = Counter(batch["status"] for batch in self.shop.batches.table)
        return {
            "objects": self.shop.counts(),
            "open_batches": {status: n for status, n in batches.items() if status not in ("done", "fail")},
            "batches": dict(batches),
            "sales": self.shop.sales_counts(),
            "requests": dict(self.log.routes),
        }

    def page(self) -> str:
        state = self.state()
        counts = state["counts"]
        columns = ("integrated", "failed", "processing", "due_inserts", "due_updates")
        reports = list(self.shop.error_reports)[-_SHOWN_FAILURES:]
        order_fields = ("pk", "number", "status", "amount", "currency", "tracking_number", "modified_date")
        orders = list(self.shop.orders.table)[: -_SHOWN_ORDERS - 1 : -1]
        failures = [(row["error_code"], row["action_object_id"], row.get("error_desc", "")) for row in reports]
        return "".join(
            (
                f"<p>{len(self.shop.goods.products)} products, {state['defects']} of them defective · "
                f"{state['clock']}</p>",
                table_html(
                    "Objects",
                    ("type", *columns),
                    ((name, *(row.get(column, "") for column in columns)) for name, row in counts["objects"].items()),
                ),
                table_html("Batches", ("status", "number"), sorted(counts["batches"].items())),
                table_html("Sales", ("kind", "number"), counts["sales"].items()),
                table_html("Newest orders", order_fields, ([row[name] for name in order_fields] for row in orders)),
                table_html("Last reports", ("code", "object", "description"), reversed(failures)),
                table_html("Violations", ("violation",), ((text,) for text in state["violations"][-20:])),
                table_html("Requests", ("route", "number"), sorted(counts["requests"].items())),
            )
        )

    @property
    def violations(self) -> list[str]:
        """Breaches of the contract by clients, one sentence each."""
        return self.shop.violations

    @property
    def defects(self) -> dict[int, str]:
        """The defective products by key, each with its defect."""
        return {**self.shop.goods.defects}

    def environment(self, url: str) -> dict[str, str]:
        """The settings under which a program finds this hub at `url`."""
        return {
            "OMNITRON_URL": url,
            "OMNITRON_USERNAME": self._settings.username,
            "OMNITRON_PASSWORD": self._settings.password,
            "OMNITRON_CHANNEL_ID": str(self._settings.channel_id),
            "OMNITRON_CATALOG_ID": str(self._settings.catalog_id),
        }

    def edit_product(self, pk: int, **fields: Any) -> Row:
        """Change a product (its name when no fields are given); it is due for update."""
        return self.shop.edit_product(pk, **fields)

    def edit_price(self, product_pk: int, price: str | None = None) -> Row:
        """Change a product's price; by default a lira more."""
        return self.shop.edit_price(product_pk, price)

    def edit_stock(self, product_pk: int, stock: int | None = None) -> Row:
        """Change a product's stock; by default a piece more."""
        return self.shop.edit_stock(product_pk, stock)

    def add_product(self) -> int:
        """Add a product with price, stock and image; its key."""
        return self.shop.add_product()

    def delete_product(self, pk: int) -> None:
        """Drop a product with its prices, stocks and images."""
        self.shop.delete_product(pk)

    def repair(self, pk: int) -> None:
        """Take a product's defect away."""
        self.shop.repair(pk)

    def edit_order(self, pk: int, **fields: Any) -> Row:
        """Change an order (its tracking number when no fields are given); it is due for update."""
        return self.shop.edit_order(pk, **fields)

    def edit_order_item(self, pk: int, **fields: Any) -> Row:
        """Change an item (its invoice number when no fields are given); its order is due for update."""
        return self.shop.edit_order_item(pk, **fields)

    def split_item(self, pk: int, *, is_bound: bool = False) -> Row:
        """A second item that the channel knows under the same id; with an action of its own if `is_bound`."""
        return self.shop.split_item(pk, is_bound=is_bound)

    def decide_request(self, request_id: int, status: str) -> Row:
        """The merchant's decision about a cancellation request: `approved`, `rejected`, `completed`, `confirmed`."""
        return self.shop.cancellations.decide(request_id, status)

    def map_place(self, kind: PlaceKind, pk: int, code: str) -> Row:
        """Map the channel's `code` to a country, city, township or district, as the merchant does."""
        return self.shop.places.map_place(kind, pk, code)

    def set_channel(self, *, is_active: bool | None = None, conf: dict[str, Any] | None = None) -> None:
        """Switch the channel on or off; merge into its `conf`."""
        self.shop.set_channel(is_active=is_active, conf=conf)

    def expire_tokens(self) -> None:
        """Make every token invalid."""
        self._access.expire()

    def _begin(self) -> None:
        settings = self._settings
        self.shop = Shop(settings, clock=self.clock, listeners=self.success_listeners)
        self._access = Access(
            username=settings.username,
            password=settings.password,
            lifetime=settings.token_lifetime_seconds,
            clock=self.clock,
        )
        refusals = {**REFUSALS, ValidationError: refuse_body}
        gate = Middleware(
            Gate, access=self._access, login=LOGIN, control=CONTROL, violation=self.shop.violations.append
        )
        self.serve(hub_routes(self.shop, self._access), control_routes(self.shop), refusals=refusals, middleware=[gate])
        self.faults.clear()
        self.restart_log()
