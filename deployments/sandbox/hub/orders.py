"""Orders, their items and their shipping infos in the local hub."""

from collections.abc import Callable
from typing import Any

from pydantic import ValidationError

from deployments.sandbox.base.http import HttpError
from deployments.sandbox.hub.bodies import MISSING, BodyContext, number_of
from deployments.sandbox.hub.journal import Journal
from deployments.sandbox.hub.ledger import Key
from deployments.sandbox.hub.order_bodies import Cancellation, ItemChange, NewOrder, NewShippingInfo, OrderChange
from deployments.sandbox.hub.tables import Row, Table
from dto.enums import ContentType

NEW = "400"
"""The status of an order or an item that is created without one."""
CANCELLED = "100"
ALREADY_CANCELLED = "order_item_cancel_100_1"

REASONS: dict[int, str] = {
    41: "Müşteri vazgeçti",
    42: "Ürün hasarlı geldi",
    43: "Yanlış ürün gönderildi",
    44: "Stok bulunamadı",
}
"""The merchant's reasons for cancellations and returns, by key."""

REASON_MAPPING: dict[str, int] = {"CHANGED_MIND": 41, "DAMAGED": 42, "WRONG_PRODUCT": 43, "OUT_OF_STOCK": 44}
"""The marketplace's words for them: the channel's `reason_mapping` until a merchant fills in another."""

_FIRST_ORDER, _FIRST_ITEM, _FIRST_SHIPPING_INFO = 1001, 1003, 1

_ORDER_DEFAULTS: Row = {
    "status": NEW,
    "shipping_amount": "0.00",
    "shipping_tax_rate": None,
    "net_shipping_amount": "0.00",
    "discount_amount": "0.00",
    "delivery_type": None,
    "delivery_range": None,
    "tracking_number": None,
    "carrier_shipping_code": None,
    "remote_addr": None,
    "has_gift_box": False,
    "gift_box_note": None,
    "client_type": "default",
    "language_code": None,
    "notes": None,
    "shipping_option_slug": None,
    "extra_field": {},
}

_ITEM_DEFAULTS: Row = {
    "status": NEW,
    "discount_amount": "0.00",
    "retail_price": None,
    "invoice_number": None,
    "invoice_date": None,
    "tracking_number": None,
    "carrier_shipping_code": None,
    "attributes": {},
    "attributes_kwargs": {},
    "parent": None,
    "delivered_date": None,
    "estimated_delivery_date": None,
    "extra_field": {},
}


class Orders:
    """The tables of orders, items and shipping infos.

    Args:
        channel_id: the one channel.
        price_list, stock_list: the defaults of an item.
        journal: where each create and cancellation is noted.
        stamp: makes modification dates.
        edit: changes a row of a content type, as the merchant does.
        added: called with each new object.
        context: what bodies refer to.

    Attributes:
        cancellations: those that were carried out, as they were asked for.
    """

    def __init__(
        self,
        *,
        channel_id: int,
        price_list: int,
        stock_list: int,
        journal: Journal,
        stamp: Callable[[], str],
        edit: Callable[..., Row],
        added: Callable[[Key], None],
        context: BodyContext,
    ) -> None:
        self.table = Table(indexed=["number"])
        self.items = Table(indexed=["order"])
        self.shipping_infos = Table(indexed=["order"])
        self.cancellations: list[Row] = []
        self._channel_id = channel_id
        self._lists = {"price_list": price_list, "stock_list": stock_list}
        self._journal = journal
        self._stamp = stamp
        self._edit = edit
        self._added = added
        self._context = context

    def create(self, body: Row) -> Row:
        """A new order with its items, all or nothing; the order alone.

        Raises:
            ValidationError: a field is wrong, or the number is taken.
        """
        remote_id = _remote_id(body.get("order"))
        try:
            new = NewOrder.model_validate(body, context=self._context)
        except ValidationError:
            self._journal.note("order", remote_id, is_accepted=False)
            raise
        self._journal.note("order", remote_id, is_accepted=True)
        fields = new.order.given()
        self._check_remote_id("order", fields)
        order = self.table.add(
            {
                "pk": self.table.next_key(_FIRST_ORDER),
                **_ORDER_DEFAULTS,
                "date_placed": self._stamp(),
                **{name: value for name, value in fields.items() if value is not None},
                "channel": self._channel_id,
                "created_date": self._stamp(),
                "modified_date": self._stamp(),
            }
        )
        self._added(Key(ContentType.order, order["pk"]))
        for item in new.order_item:
            entry = item.given()
            self._check_remote_id("order item", entry)
            self._add_item(order["pk"], entry)
        return order

    def change(self, pk: int, body: Row) -> Row:
        """Record that the channel knows an order under another id.

        Raises:
            ValidationError: a field is wrong.
        """
        fields = OrderChange.model_validate(body, context=self._context).given()
        self._check_remote_id("change of an order", fields)
        return self._edit(ContentType.order, pk, **fields)

    def change_item(self, pk: int, body: Row) -> Row:
        """Record a change of an item by the channel; its order counts as changed too.

        Raises:
            ValidationError: a field is wrong.
        """
        fields = ItemChange.model_validate(body, context=self._context).given()
        if "extra_field" in fields:
            self._check_remote_id("change of an order item", fields)
        return self.edit_item(pk, **fields)

    def edit_item(self, pk: int, **fields: Any) -> Row:
        """Change an item; its order counts as changed too."""
        item = self._edit(ContentType.order_item, pk, **fields)
        self._edit(ContentType.order, item["order"])
        return item

    def cancel(self, pk: int, body: Row) -> Row:
        """Cancel items of an order; the order.

        Raises:
            ValidationError: a field is wrong or missing. Nothing is cancelled then.
            HttpError: 400, the fields do not fit together; 406, an item is cancelled already. The same.
        """
        named = body.get("cancel_items")
        keys = [key for key in map(number_of, named) if isinstance(key, int)] if isinstance(named, list) else []
        try:
            self._check_cancellation(pk, Cancellation.model_validate(body, context=self._context))
        except (HttpError, ValidationError):
            self._journal.note("cancel", *keys, is_accepted=False)
            raise
        self._journal.note("cancel", *keys, is_accepted=True)
        self.cancellations.append(body)
        for key in keys:
            self._edit(ContentType.order_item, key, status=CANCELLED)
        return self._edit(ContentType.order, pk)

    def create_shipping_info(self, body: Row) -> Row:
        """How an order travels.

        Raises:
            ValidationError: a field is wrong.
            HttpError: 400, the number is another order's.
        """
        fields = NewShippingInfo.model_validate(body, context=self._context).given()
        if fields["order_number"] != self.table[fields["order"]]["number"]:
            raise HttpError(400, {"order_number": ["It is not the number of the order."]})
        table = self.shipping_infos
        pk = table.next_key(_FIRST_SHIPPING_INFO)
        return table.add({"pk": pk, "is_send": True, **fields, "modified_date": self._stamp()})

    def split_item(self, pk: int) -> Row:
        """A second item that the channel knows under the same id, as when the hub had merged two lines."""
        twin = {**self.items[pk], "pk": self.items.next_key(), "modified_date": self._stamp()}
        self.items.add(twin)
        self._added(Key(ContentType.order_item, twin["pk"]))
        return twin

    def _check_remote_id(self, what: str, fields: Row) -> None:
        if not (fields.get("extra_field") or {}).get("id"):
            self._context.violation(f"{what}: `extra_field` has no `id`")

    def _add_item(self, order: int, fields: Row) -> None:
        item = self.items.add(
            {
                "pk": self.items.next_key(_FIRST_ITEM),
                "order": order,
                **_ITEM_DEFAULTS,
                **self._lists,
                **{name: value for name, value in fields.items() if value is not None},
                "modified_date": self._stamp(),
            }
        )
        self._added(Key(ContentType.order_item, item["pk"]))

    def _check_cancellation(self, pk: int, wanted: Cancellation) -> None:
        if wanted.order != pk:
            raise HttpError(400, {"order": [f"The address says order {pk}."]})
        own = {item["pk"]: item for item in self.items.find("order", pk)}
        for key in wanted.cancel_items:
            if not isinstance(key, int) or key not in own:
                raise HttpError(400, {"cancel_items": [f'Invalid pk "{key}" - object does not exist.']})
            if str(key) not in wanted.reasons:
                raise HttpError(400, {"reasons": {str(key): [MISSING]}})
            if number_of(wanted.reasons[str(key)]) not in [*REASONS]:
                raise HttpError(400, {"reasons": {str(key): [f'Invalid pk "{wanted.reasons[str(key)]}".']}})
        cancelled = [key for key in wanted.cancel_items if own[key]["status"] == CANCELLED]
        if cancelled:
            raise HttpError(
                406, {"error_code": ALREADY_CANCELLED, "non_field_errors": f"Cancelled already: {cancelled}."}
            )


def _remote_id(order: Any) -> str:
    extra_field = order.get("extra_field") if isinstance(order, dict) else None
    return str(extra_field.get("id", "")) if isinstance(extra_field, dict) else ""
