"""Sales of the local marketplace: buyers order, cancel and complain; the shop answers."""

import itertools
import random
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Literal

from deployments.sandbox.base import geography
from deployments.sandbox.market.buyers import buyers
from deployments.sandbox.market.order_fields import CHANGEABLE, override, remove, write
from deployments.sandbox.market.order_lines import CURRENCY, FIRST_ID, NEW, OrderedItem, OrderLines

Item = dict[str, Any]

CANCELLED, WAITING, APPROVED = "CANCELLED", "WAITING", "approved"
RequestKind = Literal["cancel", "refund"]

_FIRST_NUMBER = 100_001
_NOTES = ("Kapıya bırakın", "Zili çalmayın, bebek uyuyor", "Hafta içi 18:00'den sonra", "", None)


class MarketSales:
    """Orders, cancellations and requests.

    `updated_at` is the time of the last change by the market; a change by the shop does not move it.

    Args:
        seed: decides every value that is not given.
        listed: the items on the market, by sku.
        product_id: the market's id of a sku.
        stamp: makes modification dates.
        numbers_items: whether an item's id is its number within its order.

    Attributes:
        orders: by id, as the market tells them; `items` are inside.
        cancellations: by id.
        requests: by id.
        changed_items: by item id, those that the market changed after they were ordered.
        versions: by order id, the version that the shop sent last.
        decisions: how often each `(request id, status)` was sent.
        wants_acknowledgement: whether new orders wait to hear that they have arrived (`acknowledged`).
        events: what happened to orders, the oldest first: `{"id", "type", "order_id", "at"}`; the ids are those of a stream.
    """

    def __init__(
        self,
        *,
        seed: int,
        listed: Mapping[str, Item],
        product_id: Callable[[str], str],
        stamp: Callable[[], str],
        wants_acknowledgement: bool = False,
        numbers_items: bool = False,
    ) -> None:
        self.orders: dict[str, Item] = {}
        self.items: dict[str, Item] = {}
        self.cancellations: dict[str, Item] = {}
        self.requests: dict[str, Item] = {}
        self.changed_items: dict[str, Item] = {}
        self.versions: dict[str, Any] = {}
        self.decisions: Counter[tuple[str, str]] = Counter()
        self.wants_acknowledgement = wants_acknowledgement
        self.events: list[Item] = []
        self._order_ids = itertools.count(FIRST_ID)
        self._numbers = itertools.count(_FIRST_NUMBER)
        self._order_of_item: dict[str, Item] = {}
        self._stamp = stamp
        self._random = random.Random(seed)
        self._lines = OrderLines(self._random, listed, product_id, numbers_items=numbers_items)
        self._buyers = buyers(self._random)

    def place_order(
        self,
        *,
        items: Sequence[OrderedItem] | None = None,
        without: Iterable[str] = (),
        product: str | None = None,
        **overrides: Any,
    ) -> Item:
        """A buyer orders; the order as the market tells it.

        Args:
            items: the ordered products; one to three listed ones when None. Each piece is a separate item.
            without: fields that the order does not have at all, parts joined with a dot: `buyer.phone`.
            product: overrides the market's id of the first item's product.
            overrides: any field of the order. `buyer`, `shipping_address` and `billing_address` are laid over the
                invented ones; a place is set in both addresses, `email` and `phone` there and in the buyer.

        Raises:
            TypeError: an override that an order does not have.
            ValueError: nothing is on the market.
        """
        rng = self._random
        buyer = rng.choice(self._buyers)
        moment = self._stamp()
        order_id = self._new_order_id()
        lines = self._lines.of(order_id, items)
        if product is not None:
            lines[0]["product"] = product
        discount = sum(Decimal(line["discount_amount"]) for line in lines)
        shipping = Decimal(rng.choice(("0.00", "29.99", "34.95")))
        order: Item = {
            "id": order_id,
            "number": f"SP{next(self._numbers)}",
            "created_at": moment,
            "updated_at": moment,
            "status": NEW,
            "currency": CURRENCY,
            "amount": str(sum(Decimal(line["price"]) for line in lines) - discount + shipping),
            "shipping_amount": str(shipping),
            "shipping_tax_rate": "20.00",
            "discount_amount": str(discount),
            "net_shipping_amount": str(round(shipping / Decimal("1.2"), 2)),
            "buyer": dict(buyer.person),
            "shipping_address": dict(buyer.shipping_address),
            "billing_address": dict(buyer.billing_address),
            "cargo": rng.choice(list(geography.CARGO_COMPANIES)),
            "notes": rng.choice(_NOTES),
            "tracking_number": None,
            "items": lines,
        }
        if self.wants_acknowledgement:
            order["acknowledged"] = False
        override(order, overrides)
        for path in without:
            remove(order, path.split("."))
        self.orders[order["id"]] = order
        for line in lines:
            self.items[line["id"]] = line
            self._order_of_item[line["id"]] = order
        self._tell("order.created", order, moment)
        return order

    def place_orders(self, number: int, *, skus: Sequence[str] | None = None) -> list[Item]:
        """This many orders, of listed products or of `skus`."""
        if skus is None:
            return [self.place_order() for _ in range(number)]
        return [self.place_order(items=[(self._random.choice(skus), 1)]) for _ in range(number)]

    def cancel_order(
        self,
        order_id: str,
        *,
        items: Sequence[str] | None = None,
        reason: str = "CHANGED_MIND",
        forced_refund_amount: str | None = None,
        is_cargo_refund: bool | None = None,
        refund_invoice_number: str | None = None,
    ) -> Item:
        """A buyer cancels some items, or all that are left; the cancellation.

        Raises:
            KeyError: there is no such order.
            ValueError: an item is not the order's, or is cancelled already.
        """
        order = self.orders[order_id]
        open_items = {line["id"]: line for line in order["items"] if line["status"] != CANCELLED}
        wanted = list(open_items) if items is None else list(items)
        if not wanted or not open_items.keys() >= set(wanted):
            raise ValueError(f"order {order_id}: its open items are {sorted(open_items)}, not {wanted}")
        moment = self._stamp()
        for item_id in wanted:
            open_items[item_id]["status"] = CANCELLED
        if len(wanted) == len(open_items):
            order["status"] = CANCELLED
        order["updated_at"] = moment
        cancellation = {
            "id": str(FIRST_ID + len(self.cancellations)),
            "order_id": order_id,
            "order_number": order["number"],
            "items": [{"id": item_id, "reason": reason} for item_id in wanted],
            "forced_refund_amount": forced_refund_amount,
            "is_cargo_refund": is_cargo_refund,
            "refund_invoice_number": refund_invoice_number,
            "created_at": moment,
            "updated_at": moment,
        }
        self.cancellations[cancellation["id"]] = cancellation
        self._tell("order.cancelled", order, moment)
        return cancellation

    def request(
        self,
        order_item_id: str,
        *,
        kind: RequestKind = "cancel",
        reason: str = "CHANGED_MIND",
        description: str | None = "Beden uymadı",
    ) -> Item:
        """A buyer asks to cancel an item, or for the money back; the request.

        Raises:
            KeyError: there is no such item.
        """
        request = {
            "id": str(FIRST_ID + len(self.requests)),
            "order_item": self.items[order_item_id]["id"],
            "reason": reason,
            "description": description,
            "type": kind,
            "status": WAITING,
            "is_decided_here": False,
            "updated_at": self._stamp(),
        }
        self.requests[request["id"]] = request
        self._tell("request.created", self._order_of_item[order_item_id], request["updated_at"])
        return request

    def decide_request(self, request_id: str, status: str) -> Item:
        """The market decides a request by itself, because the shop has not done so in time; the request.

        Raises:
            KeyError: there is no such request.
        """
        request = self.requests[request_id]
        request.update(status=status, is_decided_here=True, updated_at=self._stamp())
        return request

    def change_item(self, item_id: str, **fields: Any) -> Item:
        """The market changes an item (`status`, `invoice_number`, `invoice_date`, `tracking_number`); its row.

        Raises:
            KeyError: there is no such item.
            TypeError: a field that the market does not change.
        """
        item, order = self.items[item_id], self._order_of_item[item_id]
        if unknown := fields.keys() - CHANGEABLE:
            raise TypeError(f"the market does not change {sorted(unknown)}; it changes {', '.join(CHANGEABLE)}")
        item.update(fields)
        order["updated_at"] = self._stamp()
        self._tell("order.changed", order, order["updated_at"])
        return self._list_item(item, order)

    def acknowledge(self, sent: Item) -> str | None:
        """Notes that the shop has an order; the reason of a refusal. Repeating it changes nothing."""
        order = self.orders.get(str(sent["remote_id"]))
        if order is None:
            return f"Sipariş bulunamadı: {sent['remote_id']}"
        order["acknowledged"] = True
        return None

    def take_order(self, sent: Item) -> str | None:
        """Take the shop's update of an order; the reason when it is refused."""
        order = self.orders.get(str(sent.get("remote_id")))
        if order is None:
            return f"Sipariş bulunamadı: {sent.get('remote_id')}"
        own = {line["id"]: line for line in self._lines_with(order)}
        lines = sent.get("items") or []
        for line in lines:
            if str(line.get("remote_id")) not in own:
                return f"Sipariş kalemi bulunamadı: {line.get('remote_id')}"
        for line in lines:
            write(own[str(line["remote_id"])], line, CHANGEABLE)
        write(order, sent, ("status", "tracking_number"))
        self.versions[order["id"]] = sent.get("version")
        return None

    def take_decision(self, sent: Item) -> str | None:
        """Take the shop's decision on a request; the reason when it is refused. A repeated decision changes nothing."""
        request = self.requests.get(str(sent.get("remote_id")))
        if request is None:
            return f"Talep bulunamadı: {sent.get('remote_id')}"
        for name in ("type", "order_item"):
            if sent.get(name) != request[name]:
                return f"Talep {request['id']}: {name} {sent.get(name)} değil, {request[name]}"
        if request["is_decided_here"]:
            return f"Talep {request['id']}: pazaryeri karar verdi"
        request["status"] = sent.get("status")
        self.decisions[request["id"], str(sent.get("status"))] += 1
        return None

    def touch(self, row: Item) -> None:
        """A row of a list has changed just now."""
        row["updated_at"] = self._stamp()

    def decide_overdue(self, after_seconds: float | None) -> None:
        """The market approves the requests that the shop has left open for so long."""
        if after_seconds is None:
            return
        now = self._stamp()
        for request in self.requests.values():
            overdue = datetime.fromisoformat(request["updated_at"]) + timedelta(seconds=after_seconds)
            if request["status"] == WAITING and overdue <= datetime.fromisoformat(now):
                self.decide_request(request["id"], APPROVED)

    def counts(self) -> dict[str, int]:
        """`{"orders", "order_items", "cancellations", "changed_items", "requests", "decisions"}`."""
        return {
            "orders": len(self.orders),
            "order_items": len(self.items),
            "cancellations": len(self.cancellations),
            "changed_items": len(self.changed_items),
            "requests": len(self.requests),
            "decisions": self.decisions.total(),
        }

    def _new_order_id(self) -> str:
        return str(next(self._order_ids))

    def _tell(self, what: str, order: Item, moment: str) -> None:
        self.events.append({"id": len(self.events) + 1, "type": what, "order_id": order["id"], "at": moment})

    def _list_item(self, item: Item, order: Item) -> Item:
        """The row of an item that changed when its order did."""
        row = {
            "id": item["id"],
            "order_id": order["id"],
            "order_number": order["number"],
            **{name: item[name] for name in ("replaces", *CHANGEABLE) if name in item},
            "updated_at": order["updated_at"],
        }
        self.changed_items[item["id"]] = row
        return row

    def _lines_with(self, order: Item) -> list[Item]:
        """The lines that an update of an order may name."""
        lines: list[Item] = order["items"]
        return lines
