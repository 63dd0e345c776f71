"""A local Omnitron: the contract's API over an invented shop, with a hand on every state that tests need."""

from collections import Counter
from typing import Any, get_args

from clients.clock import Clock, SystemClock
from deployments.sandbox.access import Access
from deployments.sandbox.dates import iso
from deployments.sandbox.hub_api import API, build_router
from deployments.sandbox.hub_state import HubState
from deployments.sandbox.ledger import SuccessListener
from deployments.sandbox.messages import HttpError, Request, Response, json_response
from deployments.sandbox.places import PlaceKind
from deployments.sandbox.resources import known_pk
from deployments.sandbox.routing import Router
from deployments.sandbox.system import CONTROL, SandboxSystem, table_html
from deployments.sandbox.tables import Row

_SYSTEM_CLOCK = SystemClock()
_SHOWN_FAILURES = 20
_SHOWN_ORDERS = 10


class OmnitronSandbox(SandboxSystem):
    """The hub as an ASGI application.

    Args:
        products: how many products the shop begins with.
        seed: decides every value of the shop.
        failing: the share of products that are defective; `defects` names them.
        channel_id, catalog_id: the keys of the one channel and its catalog.
        username, password: the one account.
        channel_conf: laid over the channel's default `conf`.
        retry_interval, max_retry_count: how the hub offers failed objects again (a part of `conf` as well).
        token_lifetime_seconds: how long a log-in is good for.
        bulk_setup: whether the hub has the bulk routes of the setup.
        extra_lists: whether the catalog has extra price and stock lists, and `conf` maps them.
        latency: seconds that every answer takes longer.
        clock: the time that the hub lives in.

    Attributes:
        hub: the tables, batches and actions; tests may read and change them.
        success_listeners: called with `(content_type, pk, remote_id, version_date)` of every success.
    """

    title = "Omnitron sandbox"

    def __init__(
        self,
        *,
        products: int = 100,
        seed: int = 7,
        failing: float = 0.04,
        channel_id: int = 6,
        catalog_id: int = 1,
        username: str = "sandbox",
        password: str = "sandbox",  # noqa: S107 - it opens nothing but this sandbox
        channel_conf: dict[str, Any] | None = None,
        retry_interval: float = 3600,
        max_retry_count: int = 5,
        token_lifetime_seconds: float = 3600,
        extra_lists: bool = False,
        bulk_setup: bool = False,
        latency: float = 0.0,
        clock: Clock = _SYSTEM_CLOCK,
    ) -> None:
        super().__init__(clock=clock, latency=latency)
        self.success_listeners: list[SuccessListener] = []
        self._account = {"username": username, "password": password, "lifetime": token_lifetime_seconds}
        self._shop = {
            "products": products,
            "seed": seed,
            "failing": failing,
            "extra_lists": extra_lists,
            "channel_id": channel_id,
            "catalog_id": catalog_id,
            "channel_conf": channel_conf,
            "retry_interval": retry_interval,
            "max_retry_count": max_retry_count,
            "bulk_setup": bulk_setup,
        }
        self.hub: HubState
        self._access: Access
        self._router: Router
        self._add_control()
        self._add_sales_control()
        self._begin()

    def answer(self, request: Request) -> Response:
        if not request.path.endswith("/"):
            self.violations.append(f"{request.method} {request.path}: no trailing slash")
            raise HttpError(404, {"detail": "Not found."})
        if request.path != f"{API}auth/login/":
            self._access.check(request)
        return self._router.dispatch(request)

    def reset(self, **overrides: Any) -> None:
        """Begin anew: another shop, no batch, no token, no fault, an empty log. Overrides stay for later resets.

        Raises:
            TypeError: an override that is no constructor argument.
        """
        aliases = {"token_lifetime_seconds": "lifetime"}
        for name, value in overrides.items():
            known = aliases.get(name, name)
            settings = self._shop if known in self._shop else self._account
            if name == "latency":
                self.latency = value
            elif known in settings:
                settings[known] = value
            else:
                raise TypeError(f"unknown argument {name!r}")
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
        "open_batches": {status: n}, "batches": {status: n}, "sales": see `HubState.sales_counts`, "requests": {route: n}}`
        """
        batches = Counter(batch["status"] for batch in self.hub.batches.table)
        return {
            "objects": self.hub.counts(),
            "open_batches": {status: n for status, n in batches.items() if status not in ("done", "fail")},
            "batches": dict(batches),
            "sales": self.hub.sales_counts(),
            "requests": dict(self.log.routes),
        }

    def page(self) -> str:
        state = self.state()
        counts = state["counts"]
        columns = ("integrated", "failed", "processing", "due_inserts", "due_updates")
        reports = list(self.hub.error_reports)[-_SHOWN_FAILURES:]
        order_fields = ("pk", "number", "status", "amount", "currency", "tracking_number", "modified_date")
        orders = list(self.hub.sales.orders)[: -_SHOWN_ORDERS - 1 : -1]
        failures = [(row["error_code"], row["action_object_id"], row.get("error_desc", "")) for row in reports]
        return "".join(
            (
                f"<p>{len(self.hub.goods.products)} products, {state['defects']} of them defective · "
                f"{state['clock']}</p>",
                table_html(
                    "Objects",
                    ("type", *columns),
                    ((name, *(row.get(column, "") for column in columns)) for name, row in counts["objects"].items()),
                ),
                table_html("Batches", ("status", "number"), sorted(counts["batches"].items())),
                table_html("Sales", ("what", "number"), counts["sales"].items()),
                table_html("Newest orders", order_fields, ([row[name] for name in order_fields] for row in orders)),
                table_html("Last reports", ("code", "object", "what happened"), reversed(failures)),
                table_html("Violations", ("what a client did",), ((text,) for text in state["violations"][-20:])),
                table_html("Requests", ("route", "number"), sorted(counts["requests"].items())),
            )
        )

    @property
    def violations(self) -> list[str]:
        """What clients did against the contract, one sentence each."""
        return self.hub.violations

    @property
    def defects(self) -> dict[int, str]:
        """The defective products by key, each with its defect."""
        return {**self.hub.goods.defects}

    def environment(self, url: str) -> dict[str, str]:
        """The settings under which a program finds this hub at `url`."""
        return {
            "OMNITRON_URL": url,
            "OMNITRON_USERNAME": str(self._account["username"]),
            "OMNITRON_PASSWORD": str(self._account["password"]),
            "OMNITRON_CHANNEL_ID": str(self._shop["channel_id"]),
            "OMNITRON_CATALOG_ID": str(self._shop["catalog_id"]),
        }

    def edit_product(self, pk: int, **fields: Any) -> Row:
        """Change a product (its name when no fields are given); it is due for update."""
        return self.hub.edit_product(pk, **fields)

    def edit_price(self, product_pk: int, price: str | None = None) -> Row:
        """Change a product's price; a lira more when none is given."""
        return self.hub.edit_price(product_pk, price)

    def edit_stock(self, product_pk: int, stock: int | None = None) -> Row:
        """Change a product's stock; a piece more when none is given."""
        return self.hub.edit_stock(product_pk, stock)

    def add_product(self) -> int:
        """A product more, with price, stock and image; its key."""
        return self.hub.add_product()

    def delete_product(self, pk: int) -> None:
        """Drop a product with all that belongs to it."""
        self.hub.delete_product(pk)

    def repair(self, pk: int) -> None:
        """Take a product's defect away."""
        self.hub.repair(pk)

    def edit_order(self, pk: int, **fields: Any) -> Row:
        """Change an order (its tracking number when no fields are given); it is due for update."""
        return self.hub.edit_order(pk, **fields)

    def edit_order_item(self, pk: int, **fields: Any) -> Row:
        """Change an item (its invoice number when no fields are given); its order is due for update."""
        return self.hub.edit_order_item(pk, **fields)

    def split_item(self, pk: int, *, is_bound: bool = False) -> Row:
        """A second item that the channel knows under the same id; with an action of its own if `is_bound`."""
        return self.hub.split_item(pk, is_bound=is_bound)

    def decide_request(self, request_id: int, status: str) -> Row:
        """The merchant's decision about a cancellation request: `approved`, `rejected`, `completed`, `confirmed`."""
        return self.hub.cancellations.decide(request_id, status)

    def map_place(self, kind: PlaceKind, pk: int, code: str) -> Row:
        """The merchant says which country, city, township or district the channel means by `code`."""
        return self.hub.places.map_place(kind, pk, code)

    def set_channel(self, *, is_active: bool | None = None, conf: dict[str, Any] | None = None) -> None:
        """Switch the channel on or off; merge into its `conf`."""
        self.hub.set_channel(is_active=is_active, conf=conf)

    def expire_tokens(self) -> None:
        """Every token is refused from now on."""
        self._access.expire()

    def _begin(self) -> None:
        self.hub = HubState(clock=self.clock, listeners=self.success_listeners, **self._shop)  # type: ignore[arg-type]
        self._access = Access(clock=self.clock, **self._account)  # type: ignore[arg-type]
        self._router = build_router(self.hub, self._access)
        self.faults.clear()
        self.restart_log()

    def _add_control(self) -> None:
        control = self._control

        def patch_channel(request: Request) -> Response:
            body = request.json()
            self.set_channel(is_active=body.get("is_active"), conf=body.get("conf"))
            return json_response(self.hub.channel)

        def patch_product(request: Request, pk: str) -> Response:
            return json_response(self.hub.edit_product(known_pk(self.hub.goods.products, pk), **request.json()))

        def delete_product(_request: Request, pk: str) -> Response:
            self.delete_product(known_pk(self.hub.goods.products, pk))
            return Response(204, b"")

        def patch_price(request: Request, pk: str) -> Response:
            return json_response(self.hub.edit_price(known_pk(self.hub.goods.products, pk), **request.json()))

        def patch_stock(request: Request, pk: str) -> Response:
            return json_response(self.hub.edit_stock(known_pk(self.hub.goods.products, pk), **request.json()))

        def repair(_request: Request, pk: str) -> Response:
            self.repair(known_pk(self.hub.goods.products, pk))
            return json_response({"defects": len(self.defects)})

        control.add("PATCH", f"{CONTROL}channel", patch_channel)
        control.add("PATCH", f"{CONTROL}products/{{}}", patch_product)
        control.add("DELETE", f"{CONTROL}products/{{}}", delete_product)
        control.add("PATCH", f"{CONTROL}prices/{{}}", patch_price)
        control.add("PATCH", f"{CONTROL}stocks/{{}}", patch_stock)
        control.add("POST", f"{CONTROL}products/{{}}/repair", repair)

    def _add_sales_control(self) -> None:
        control = self._control

        def patch_order(request: Request, pk: str) -> Response:
            return json_response(self.edit_order(known_pk(self.hub.sales.orders, pk), **request.json()))

        def patch_item(request: Request, pk: str) -> Response:
            return json_response(self.edit_order_item(known_pk(self.hub.sales.items, pk), **request.json()))

        def split_item(request: Request, pk: str) -> Response:
            return json_response(self.split_item(known_pk(self.hub.sales.items, pk), **request.json()), 201)

        def decide(request: Request, pk: str) -> Response:
            key = known_pk(self.hub.cancellations.table, pk)
            return json_response(self.decide_request(key, request.json()["status"]))

        def map_place(request: Request, kind: str, pk: str) -> Response:
            place = next((known for known in get_args(PlaceKind) if known == kind), None)
            if place is None:
                raise HttpError(404, {"detail": f"There is no kind of place called {kind}."})
            key = known_pk(self.hub.places.tables[place], pk)
            return json_response(self.map_place(place, key, str(request.json()["code"])))

        control.add("PATCH", f"{CONTROL}orders/{{}}", patch_order)
        control.add("PATCH", f"{CONTROL}order-items/{{}}", patch_item)
        control.add("POST", f"{CONTROL}order-items/{{}}/split", split_item)
        control.add("POST", f"{CONTROL}cancellation-requests/{{}}/decide", decide)
        control.add("POST", f"{CONTROL}places/{{}}/{{}}/map", map_place)
