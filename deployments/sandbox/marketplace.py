"""A local marketplace: takes products, prices, stocks and images, at once or in batches, and sells what it lists."""

import hashlib
import uuid
from collections.abc import Callable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

from clients.clock import Clock, SystemClock
from deployments.sandbox.assortment import Assortment
from deployments.sandbox.dates import Stamps, iso
from deployments.sandbox.market_sales import Item, MarketSales, RequestKind
from deployments.sandbox.market_sales_api import BUYERS_DEEDS, add_sales, add_sales_control, page
from deployments.sandbox.messages import HttpError, Request, Response, json_response
from deployments.sandbox.routing import Router
from deployments.sandbox.system import CONTROL, SandboxSystem, table_html

_SYSTEM_CLOCK = SystemClock()

MAX_ITEMS = 1_000
_SHOWN_ORDERS = 10

Kind = Literal["product", "price", "stock", "image", "delete", "order", "request"]

_PATHS: dict[str, tuple[str, Kind]] = {
    "/products": ("PUT", "product"),
    "/products/delete": ("POST", "delete"),
    "/prices": ("PUT", "price"),
    "/stocks": ("PUT", "stock"),
    "/images": ("PUT", "image"),
}

_REFUSALS = (
    "Barkod daha önce başka bir ürün için kullanılmış",
    "Kategori için zorunlu özellik eksik: Cinsiyet",
    "Ürün görseli en az 500x500 piksel olmalıdır",
    "Ürün açıklaması yasaklı kelime içeriyor",
)


@dataclass(slots=True)
class _Batch:
    """What was accepted, and how often it has been asked for."""

    results: list[Item]
    accepted_at: float
    polls: int = 0


class MarketplaceSandbox(SandboxSystem):
    """The marketplace as an ASGI application.

    An item is stored when it is accepted, in the order of arrival; a batch only delays its verdicts.

    Args:
        polls_until_ready: how many times a batch answers `processing` before `done`.
        ready_after_seconds: for how long at least it does so.
        refuse: messages by sku, number of an order or id of a request; such an item is refused in the result. May be
            changed at any time (`refuse`).
        refuse_share: the share of skus that are refused in the result, the same ones always.
        reject_at_once_share: the share of skus that are refused in the answer to an asynchronous request already.
        seed: decides who buys what.
        category_nodes, attributes, values: the sizes of its `assortment`; the shop's own kinds when absent.
        latency: seconds that every answer takes longer.
        clock: the time that the marketplace lives in.

    Attributes:
        assortment: its categories, their attributes and its configuration fields.
        items: what is listed, by sku; `price`, `stock` and `images` hold what came for the item later, `prices` and
            `stocks` what came for a named `list`.
        acknowledged: `(kind, sku, version)` of every item that was accepted; of an order its number and version, of a
            decision the request's id and status.
        sales: what buyers did.
        violations: older versions that overwrote newer ones.
    """

    title = "Marketplace sandbox"

    def __init__(
        self,
        *,
        polls_until_ready: int = 2,
        ready_after_seconds: float = 0.0,
        refuse: Mapping[str, str] = {},
        refuse_share: float = 0.0,
        reject_at_once_share: float = 0.0,
        seed: int = 7,
        category_nodes: int | None = None,
        attributes: int | None = None,
        values: int | None = None,
        latency: float = 0.0,
        clock: Clock = _SYSTEM_CLOCK,
    ) -> None:
        super().__init__(clock=clock, latency=latency)
        self._settings: dict[str, Any] = {
            "polls_until_ready": polls_until_ready,
            "ready_after_seconds": ready_after_seconds,
            "refuse": dict(refuse),
            "refuse_share": refuse_share,
            "reject_at_once_share": reject_at_once_share,
            "seed": seed,
            "category_nodes": category_nodes,
            "attributes": attributes,
            "values": values,
        }
        self.assortment: Assortment
        self._router: Router
        self.items: dict[str, Item] = {}
        self.acknowledged: list[tuple[Kind, str, Any]] = []
        self.violations: list[str] = []
        self.refuse: MutableMapping[str, str] = {}
        self._batches: dict[str, _Batch] = {}
        self._batches_made = 0
        self._sku_by_remote_id: dict[str, str] = {}
        self.sales: MarketSales
        self._add_control()
        add_sales_control(self._control, CONTROL, lambda: self.sales)
        self._begin()

    def answer(self, request: Request) -> Response:
        return self._router.dispatch(request)

    def reset(self, **overrides: Any) -> None:
        """Begin anew: nothing listed, nothing sold, no batch, no fault, an empty log. Overrides stay for later resets.

        Raises:
            TypeError: an override that is no constructor argument.
        """
        for name, value in overrides.items():
            if name == "latency":
                self.latency = value
            elif name in self._settings:
                self._settings[name] = value
            else:
                raise TypeError(f"unknown argument {name!r}")
        self._begin()

    def forget_batches(self) -> None:
        """Every batch is unknown from now on; what it listed stays."""
        self._batches.clear()

    def place_order(self, **overrides: Any) -> Item:
        """A buyer orders; see `MarketSales.place_order`."""
        return self.sales.place_order(**overrides)

    def place_orders(self, number: int, *, skus: Sequence[str] | None = None) -> list[Item]:
        """So many orders, of listed products or of `skus`."""
        return self.sales.place_orders(number, skus=skus)

    def cancel_order(self, order_id: str, items: Sequence[str] | None = None, **fields: Any) -> Item:
        """A buyer cancels some items of an order, or all that are left (`reason`, `forced_refund_amount`)."""
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
            "batches": len(self._batches),
            "sales": self.sales.counts(),
            "requests": dict(self.log.routes),
        }

    def state(self) -> dict[str, Any]:
        """`{"counts", "violations", "refuse", "clock", "latency"}`."""
        return {
            "counts": self.counts(),
            "violations": self.violations,
            "refuse": dict(self.refuse),
            "clock": iso(self.clock.now()),
            "latency": self.latency,
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
                table_html("Acknowledged", ("kind", "number"), counts["acknowledged"].items()),
                table_html(
                    "Newest items", fields, ([item.get(field, "") for field in fields] for item in reversed(newest))
                ),
                table_html("Sales", ("what", "number"), counts["sales"].items()),
                table_html("Play the buyer", ("POST", "JSON"), ((CONTROL + path, body) for path, body in BUYERS_DEEDS)),
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

    def _begin(self) -> None:
        self.items.clear()
        self.acknowledged.clear()
        self.violations.clear()
        self._batches.clear()
        self._batches_made = 0
        self._sku_by_remote_id.clear()
        self.refuse.clear()
        self.refuse.update(self._settings["refuse"])
        self.sales = MarketSales(
            seed=self._settings["seed"], listed=self.items, product_id=remote_id_of, stamp=Stamps(self.clock).next
        )
        sizes = ("category_nodes", "attributes", "values")
        self.assortment = Assortment(**{name: self._settings[name] for name in sizes})
        self._router = self._build_router()
        self.faults.clear()
        self.restart_log()

    def _build_router(self) -> Router:
        router = Router()
        router.add("GET", "/health", lambda _request: json_response({"status": "ok"}))
        router.add("GET", "/batches/{}", self._get_batch)
        router.add("GET", "/listing", self._get_listing)
        router.add("GET", "/listing/{}", self._get_item)
        self.assortment.add_routes(router)
        for path, (method, kind) in _PATHS.items():
            router.add(method, path, lambda request, kind=kind: self._receive(request, kind))
        router.add("PUT", "/orders", self._receive_orders)
        router.add("PUT", "/requests", self._receive_decisions)
        add_sales(router, self.sales)
        return router

    def _add_control(self) -> None:
        def refuse(request: Request) -> Response:
            self.refuse.clear()
            self.refuse.update(request.json())
            return json_response(dict(self.refuse))

        def forget(_request: Request) -> Response:
            self.forget_batches()
            return json_response({"detail": "forgotten"})

        self._control.add("POST", f"{CONTROL}refuse", refuse)
        self._control.add("DELETE", f"{CONTROL}batches", forget)

    def _receive(self, request: Request, kind: Kind) -> Response:
        """`{"items": [...]}` → the results at once, or with `async=true` a batch id and what is refused already."""

        def rejected(item: Item) -> Item | None:
            sku = self._sku(item)
            is_rejected = kind != "delete" and self._is_rejected_at_once(sku)
            return {"sku": sku, "message": _REFUSALS[0]} if is_rejected else None

        return self._answer_items(request, _items(request), lambda item: self._take(kind, item), rejected)

    def _receive_orders(self, request: Request) -> Response:
        """As `_receive`, for what the shop says about orders."""

        def rejected(item: Item) -> Item | None:
            number = str(item.get("number"))
            if not self._is_rejected_at_once(number):
                return None
            return {"remote_id": item["remote_id"], "number": number, "message": _REFUSALS[0]}

        return self._answer_items(request, _items(request, "remote_id"), self._take_order, rejected)

    def _receive_decisions(self, request: Request) -> Response:
        """The results at once: a decision takes no time."""
        return json_response({"results": [self._take_decision(item) for item in _items(request, "remote_id")]})

    def _answer_items(
        self,
        request: Request,
        items: list[Item],
        take: Callable[[Item], Item],
        rejected_at_once: Callable[[Item], Item | None],
    ) -> Response:
        if request.parameter("async") != "true":
            return json_response({"results": [take(item) for item in items]})
        rejected, results = [], []
        for item in items:
            refusal = rejected_at_once(item)
            if refusal is None:
                results.append(take(item))
            else:
                rejected.append(refusal)
        self._batches_made += 1
        batch_id = str(uuid.uuid5(uuid.NAMESPACE_OID, f"remote batch {self._batches_made} of {iso(self.clock.now())}"))
        self._batches[batch_id] = _Batch(results, self.clock.monotonic())
        return json_response({"batch_id": batch_id, "rejected": rejected}, 202)

    def _take(self, kind: Kind, item: Item) -> Item:
        """Store one item; its verdict `{"sku", "status", "remote_id", "message"}`."""
        sku = self._sku(item)
        remote_id = item.get("remote_id") or remote_id_of(sku)
        if kind == "delete" and sku not in self.items:
            return _verdict(sku, remote_id)
        message = self._refusal(kind, sku)
        if message is None and kind not in ("product", "delete") and remote_id not in self._sku_by_remote_id:
            message = f"Ürün bulunamadı: {remote_id}"
        if message is not None:
            return _verdict(sku, item.get("remote_id"), message)
        if kind == "delete":
            stored = self.items.pop(sku)
            del self._sku_by_remote_id[stored["remote_id"]]
        elif kind == "product":
            self._store_product(sku, item)
        else:
            self._store_detail(kind, self.items[self._sku_by_remote_id[remote_id]], item)
        self.acknowledged.append((kind, sku, item.get("version")))
        return _verdict(sku, remote_id)

    def _take_order(self, item: Item) -> Item:
        """Store what the shop says about an order; its verdict `{"remote_id", "number", "status", "message"}`."""
        order_id, number, version = str(item["remote_id"]), str(item.get("number") or ""), item.get("version")
        before = self.sales.versions.get(order_id)
        message = self._refusal("order", number) or self.sales.take_order(item)
        if message is None:
            self._check_version("order", {"version": before}, {"sku": number, "version": version})
            self.acknowledged.append(("order", number, version))
        verdict = {"status": "FAIL" if message else "SUCCESS", "message": message or ""}
        return {"remote_id": item["remote_id"], "number": number, **verdict}

    def _take_decision(self, item: Item) -> Item:
        """Store the shop's decision about a request; its verdict `{"remote_id", "status", "message"}`."""
        request_id = str(item["remote_id"])
        message = self.refuse.get(request_id) or self.sales.take_decision(item)
        if message is None:
            self.acknowledged.append(("request", request_id, item.get("status")))
        return {"remote_id": request_id, "status": "FAIL" if message else "SUCCESS", "message": message or ""}

    def _sku(self, item: Item) -> str:
        """The item's sku; where only a remote id is given, the listed one's."""
        sku = item.get("sku") or self._sku_by_remote_id.get(str(item.get("remote_id")))
        return str(sku or "")

    def _refusal(self, kind: Kind, sku: str) -> str | None:
        if sku in self.refuse:
            return self.refuse[sku]
        if kind != "delete" and (
            _share_of(sku, "refuse") < self._settings["refuse_share"] or self._is_rejected_at_once(sku)
        ):
            return _REFUSALS[int(_share_of(sku, "message") * len(_REFUSALS))]
        return None

    def _is_rejected_at_once(self, sku: str) -> bool:
        return bool(_share_of(sku, "at once") < self._settings["reject_at_once_share"])

    def _store_product(self, sku: str, item: Item) -> None:
        known = self.items.get(sku, {})
        self._check_version("product", known, item)
        remote_id = remote_id_of(sku)
        self.items[sku] = {**known, **item, "remote_id": remote_id}
        self._sku_by_remote_id[remote_id] = sku

    def _store_detail(self, kind: Kind, stored: Item, item: Item) -> None:
        if kind == "image":
            images = stored.setdefault("images", [])
            same = [image for image in images if _image_key(image) == _image_key(item)]
            for image in same:
                self._check_version(kind, image, item)
                images.remove(image)
            images.append(item)
            return
        if item.get("list"):
            place, name = stored.setdefault(f"{kind}s", {}), str(item["list"])
        else:
            place, name = stored, kind
        # A product that is sent with its price has a bare value there; it carries no version of its own.
        known = place.get(name)
        self._check_version(kind, known if isinstance(known, dict) else {}, item)
        place[name] = item

    def _check_version(self, kind: Kind, known: Item, item: Item) -> None:
        old, new = known.get("version"), item.get("version")
        if old is not None and new is not None and str(new) < str(old):
            self.violations.append(f"{kind} {item.get('sku')}: version {new} overwrote {old}")

    def _get_batch(self, _request: Request, batch_id: str) -> Response:
        batch = self._batches.get(batch_id)
        if batch is None:
            raise HttpError(404, {"detail": f"Batch {batch_id} is unknown."})
        batch.polls += 1
        waited = self.clock.monotonic() - batch.accepted_at
        is_ready = batch.polls > self._settings["polls_until_ready"] and waited >= self._settings["ready_after_seconds"]
        return json_response({"status": "done", "results": batch.results} if is_ready else {"status": "processing"})

    def _get_listing(self, request: Request) -> Response:
        skus = request.query.get("sku")
        if skus is None:
            rows = list(self.items.values())
        else:
            wanted = [sku for value in skus for sku in value.split(",")]
            rows = [self.items[sku] for sku in wanted if sku in self.items]
        return page(request, rows)

    def _get_item(self, _request: Request, sku: str) -> Response:
        if sku not in self.items:
            raise HttpError(404, {"detail": f"There is no item {sku}."})
        return json_response(self.items[sku])


def remote_id_of(sku: str) -> str:
    """The marketplace's own id of a sku: `MP-1a2b3c4d`, always the same."""
    return f"MP-{hashlib.blake2b(sku.encode(), digest_size=4).hexdigest()}"


def _share_of(sku: str, purpose: str) -> float:
    """A number in [0, 1) that depends on the sku only."""
    digest = hashlib.blake2b(f"{purpose}:{sku}".encode(), digest_size=4).digest()
    return float(int.from_bytes(digest) / 2**32)


def _verdict(sku: str, remote_id: str | None, message: str = "") -> Item:
    """A refused item keeps the remote id that the request named it by; a new one has none."""
    return {"sku": sku, "status": "FAIL" if message else "SUCCESS", "remote_id": remote_id, "message": message}


def _image_key(image: Item) -> Any:
    return image.get("pk", image.get("image"))


def _items(request: Request, *keys: str) -> list[Item]:
    """What is sent; each names itself by one of the keys, products by sku or remote id."""
    keys = keys or ("sku", "remote_id")
    items = request.json().get("items")
    if not isinstance(items, list) or not all(
        isinstance(item, dict) and any(item.get(key) for key in keys) for item in items
    ):
        named = " or a ".join(f"`{key}`" for key in keys)
        raise HttpError(400, {"detail": f"`items` must be a list of objects with a {named}."})
    if len(items) > MAX_ITEMS:
        raise HttpError(413, {"detail": f"At most {MAX_ITEMS} items in one request."})
    return items
