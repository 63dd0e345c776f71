"""The local marketplace's intake: each item from the shop is stored and gets a verdict, at once or in a batch."""

import hashlib
import uuid
from collections.abc import Callable, MutableMapping
from typing import Any, Literal

from clients.clock import Clock
from deployments.sandbox.base.dates import iso
from deployments.sandbox.market.batches import Batch, as_file, told
from deployments.sandbox.market.market_sales import Item, MarketSales
from deployments.sandbox.market.settings import MarketSettings, Tells

Kind = Literal["product", "price", "stock", "offer", "image", "delete", "order", "request", "acknowledgement"]

_REFUSALS = (
    "Barkod daha önce başka bir ürün için kullanılmış",
    "Kategori için zorunlu özellik eksik: Cinsiyet",
    "Ürün görseli en az 500x500 piksel olmalıdır",
    "Ürün açıklaması yasaklı kelime içeriyor",
)
_REMARK = "Ürün başlığı kısaltıldı"
_OF_SALES = frozenset({"order", "request", "acknowledgement"})


class Intake:
    """Takes items, in the order of arrival; a batch only delays its verdicts.

    Args:
        settings: the refusals, and the duration of a batch.
        listed: the items on the market by sku, which this fills.
        sales: takes updates of orders and decisions on requests.
        clock: the time that batches take.
    """

    def __init__(self, settings: MarketSettings, *, listed: dict[str, Item], sales: MarketSales, clock: Clock) -> None:
        self.items = listed
        self.acknowledged: list[tuple[Kind, str, Any]] = []
        self.violations: list[str] = []
        self.refuse: MutableMapping[str, str] = dict(settings.refuse)
        self.batches: dict[str, Batch] = {}
        self.sku_by_remote_id: dict[str, str] = {}
        self._batches_made = 0
        self._settings = settings
        self._sales = sales
        self._clock = clock
        self._id_of = naming_of(settings)

    def take(self, kind: Kind, items: list[Item]) -> Item:
        """Store the items; their verdicts, as the marketplace tells them."""
        return told(self.tells(kind), [self._take_one(kind, item) for item in items])

    def tells(self, kind: Kind) -> Tells:
        """How the results of a kind are told; those of sales always each."""
        return "all" if kind in _OF_SALES else self._settings.tells

    def accept(self, kind: Kind, items: list[Item]) -> Item:
        """Store the items as a batch; `{"batch_id", "rejected"}` with the items that are rejected at once."""
        rejected, results = [], []
        for item in items:
            refusal = self._rejected_at_once(kind, item)
            if refusal is None:
                results.append(self._take_one(kind, item))
            else:
                rejected.append(refusal)
        self._batches_made += 1
        batch_id = str(uuid.uuid5(uuid.NAMESPACE_OID, f"remote batch {self._batches_made} of {iso(self._clock.now())}"))
        self.batches[batch_id] = Batch(results, self.tells(kind), self._clock.monotonic())
        return {"batch_id": batch_id, "rejected": rejected}

    def poll(self, batch_id: str) -> Item | None:
        """The answer about a batch; None when it is unknown."""
        batch = self.batches.get(batch_id)
        if batch is None:
            return None
        batch.polls += 1
        ready, is_done = batch.ready(self._settings, self._clock.monotonic())
        if not is_done:
            return {"status": "processing", **(told(batch.tells, ready) if ready else {})}
        if self._settings.result_file:
            return {"status": "done", "file": f"/files/{batch_id}?token={token_of(batch_id)}"}
        return {"status": "done", **told(batch.tells, batch.results)}

    def file(self, batch_id: str, token: str) -> tuple[bytes, str] | None:
        """The file with the results of a batch, and its media type; None when the address is not one that was given."""
        batch, form = self.batches.get(batch_id), self._settings.result_file
        if batch is None or form is None or token != token_of(batch_id):
            return None
        (rows,) = told(batch.tells, batch.results).values()
        return as_file(form, rows if isinstance(rows, list) else [rows], is_zipped=self._settings.zips_files)

    def change_listing(self, sku: str, **changes: Any) -> Item:
        """The market rejects a listed item or takes it off, or somebody edits it there."""
        price, stock = changes.pop("price", None), changes.pop("stock", None)
        item = self.items[sku]
        item |= changes
        if price is not None:
            item["price"] = {**item.get("price", {}), "price": price}
        if stock is not None:
            item["stock"] = {**item.get("stock", {}), "stock": stock}
        return item

    def _take_one(self, kind: Kind, item: Item) -> Item:
        if kind == "order":
            return self._take_order(item)
        if kind == "acknowledgement":
            return self._take_acknowledgement(item)
        return self._take_decision(item) if kind == "request" else self._take(kind, item)

    def _rejected_at_once(self, kind: Kind, item: Item) -> Item | None:
        name = str(item.get("number")) if kind == "order" else self._sku(item)
        if kind == "delete" or not self._is_rejected_at_once(name):
            return None
        named = {"remote_id": item["remote_id"], "number": name} if kind == "order" else {"sku": name}
        return {**named, "message": _REFUSALS[0]}

    def _take(self, kind: Kind, item: Item) -> Item:
        """Store one item; its verdict `{"sku", "status", "remote_id", "message"}`."""
        sku = self._sku(item)
        remote_id = item.get("remote_id") or self._id_of(sku)
        if kind == "delete" and sku not in self.items:
            return _verdict(sku, remote_id)
        message = self._refusal(kind, sku)
        if message is None and kind not in ("product", "delete") and remote_id not in self.sku_by_remote_id:
            message = f"Ürün bulunamadı: {remote_id}"
        if message is not None:
            return _verdict(sku, item.get("remote_id"), message)
        if kind == "delete":
            stored = self.items.pop(sku)
            del self.sku_by_remote_id[stored["remote_id"]]
        elif kind == "product":
            self._store_product(sku, item)
        else:
            self._store_detail(kind, self.items[self.sku_by_remote_id[remote_id]], item)
        self.acknowledged.append((kind, sku, item.get("version")))
        verdict = _verdict(sku, remote_id)
        return {**verdict, "warnings": [_REMARK]} if self._is_remarked(sku) else verdict

    def _take_order(self, item: Item) -> Item:
        """Store an update of an order; its verdict `{"remote_id", "number", "status", "message"}`."""
        order_id, number, version = str(item["remote_id"]), str(item.get("number") or ""), item.get("version")
        before = self._sales.versions.get(order_id)
        message = self._refusal("order", number) or self._sales.take_order(item)
        if message is None:
            self._check_version("order", {"version": before}, {"sku": number, "version": version})
            self.acknowledged.append(("order", number, version))
        verdict = {"status": "FAIL" if message else "SUCCESS", "message": message or ""}
        return {"remote_id": item["remote_id"], "number": number, **verdict}

    def _take_acknowledgement(self, item: Item) -> Item:
        """Note that an order has arrived in the shop; its verdict `{"remote_id", "number", "status", "message"}`."""
        number = str(item.get("number") or "")
        message = self.refuse.get(number) or self._sales.acknowledge(item)
        verdict = {"status": "FAIL" if message else "SUCCESS", "message": message or ""}
        return {"remote_id": item["remote_id"], "number": number, **verdict}

    def _take_decision(self, item: Item) -> Item:
        """Store a decision on a request; its verdict `{"remote_id", "status", "message"}`."""
        request_id = str(item["remote_id"])
        message = self.refuse.get(request_id) or self._sales.take_decision(item)
        if message is None:
            self.acknowledged.append(("request", request_id, item.get("status")))
        return {"remote_id": request_id, "status": "FAIL" if message else "SUCCESS", "message": message or ""}

    def _sku(self, item: Item) -> str:
        """The item's sku; that of the listed item when only a remote id is given."""
        sku = item.get("sku") or self.sku_by_remote_id.get(str(item.get("remote_id")))
        return str(sku or "")

    def _refusal(self, kind: Kind, sku: str) -> str | None:
        if sku in self.refuse:
            return self.refuse[sku]
        if kind != "delete" and (
            _share_of(sku, "refuse") < self._settings.refuse_share or self._is_rejected_at_once(sku)
        ):
            return _REFUSALS[int(_share_of(sku, "message") * len(_REFUSALS))]
        return None

    def _is_rejected_at_once(self, sku: str) -> bool:
        return _share_of(sku, "at once") < self._settings.reject_at_once_share

    def _is_remarked(self, sku: str) -> bool:
        return _share_of(sku, "remark") < self._settings.remarks_share

    def _store_product(self, sku: str, item: Item) -> None:
        known = self.items.get(sku, {})
        self._check_version("product", known, item)
        remote_id = self._id_of(sku)
        # A product that is sent again is on sale again, whatever became of it.
        self.items[sku] = {**known, **item, "remote_id": remote_id, "state": "live", "message": ""}
        self.sku_by_remote_id[remote_id] = sku

    def _store_detail(self, kind: Kind, stored: Item, item: Item) -> None:
        if kind == "offer":
            for half in ("price", "stock"):
                if half in item:
                    self._store_detail(half, stored, {"list": item.get("list"), **item[half]})
            return
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
        # The price of a product that was sent with its price is a bare value without a version.
        known = place.get(name)
        self._check_version(kind, known if isinstance(known, dict) else {}, item)
        place[name] = item

    def _check_version(self, kind: Kind, known: Item, item: Item) -> None:
        old, new = known.get("version"), item.get("version")
        if old is not None and new is not None and str(new) < str(old):
            self.violations.append(f"{kind} {item.get('sku')}: version {new} overwrote {old}")


def remote_id_of(sku: str) -> str:
    """The marketplace's own id of a sku: `MP-1a2b3c4d`, always the same."""
    return f"MP-{hashlib.blake2b(sku.encode(), digest_size=4).hexdigest()}"


def naming_of(settings: MarketSettings) -> Callable[[str], str]:
    """How the marketplace names a sku."""
    return str if settings.knows_skus_alone else remote_id_of


def token_of(batch_id: str) -> str:
    """The token in the address of a batch's file."""
    return hashlib.blake2b(batch_id.encode(), digest_size=16, person=b"file").hexdigest()


def _share_of(sku: str, purpose: str) -> float:
    """A number in [0, 1) that depends on the sku only."""
    digest = hashlib.blake2b(f"{purpose}:{sku}".encode(), digest_size=4).digest()
    return float(int.from_bytes(digest) / 2**32)


def _verdict(sku: str, remote_id: str | None, message: str = "") -> Item:
    """A refused item keeps the remote id of the request, if there is one."""
    return {"sku": sku, "status": "FAIL" if message else "SUCCESS", "remote_id": remote_id, "message": message}


def _image_key(image: Item) -> Any:
    return image.get("pk", image.get("image"))
