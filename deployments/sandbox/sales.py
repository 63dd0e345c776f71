"""Customers, addresses, orders and their items in the local hub."""

import hashlib
from collections import Counter
from collections.abc import Callable, Hashable
from typing import Any, Literal, NamedTuple

import orjson

from deployments.sandbox import forms
from deployments.sandbox.forms import Form, amount, anything, boolean, choice, mapping, member, moment, reference, text
from deployments.sandbox.ledger import Key
from deployments.sandbox.messages import HttpError
from deployments.sandbox.places import Places
from deployments.sandbox.tables import Row, Table
from dto.enums import ContentType

NEW = "400"
"""The status of an order or item of which nothing else was said."""
CANCELLED = "100"
ALREADY_CANCELLED = "order_item_cancel_100_1"

REASONS: dict[int, str] = {
    41: "Müşteri vazgeçti",
    42: "Ürün hasarlı geldi",
    43: "Yanlış ürün gönderildi",
    44: "Stok bulunamadı",
}
"""Why a merchant's items are cancelled or sent back, by key."""

REASON_MAPPING: dict[str, int] = {"CHANGED_MIND": 41, "DAMAGED": 42, "WRONG_PRODUCT": 43, "OUT_OF_STOCK": 44}
"""The marketplace's words for them: the channel's `reason_mapping` until a merchant fills in another."""

_FIRST_CUSTOMER, _FIRST_ADDRESS, _FIRST_ORDER, _FIRST_ITEM, _FIRST_SHIPPING_INFO = 701, 501, 1001, 1003, 1

_ADDRESS_IDENTITY_WITHOUT = ("remote_id", "extra_field")
"""What may differ between two addresses that are the same."""

Deed = Literal["order", "cancel", "request"]


class Post(NamedTuple):
    """A create that a client asked for.

    `subject` is what must not happen twice: an order's remote id, a cancelled item's key, a request's remote id.
    """

    deed: Deed
    subject: Hashable
    is_accepted: bool


class Journal:
    """Every order, cancellation and request that clients have asked for, refused ones too."""

    def __init__(self) -> None:
        self.posts: list[Post] = []

    def note(self, deed: Deed, *subjects: Hashable, is_accepted: bool) -> None:
        self.posts += [Post(deed, subject, is_accepted) for subject in subjects]

    def asked(self, deed: Deed) -> Counter[Hashable]:
        """How often each was asked for."""
        return Counter(post.subject for post in self.posts if post.deed == deed)

    def accepted(self, deed: Deed) -> Counter[Hashable]:
        """How often each was done: more than once is a duplicate."""
        return Counter(post.subject for post in self.posts if post.deed == deed and post.is_accepted)


class Sales:
    """The tables of sales.

    Args:
        channel_id: the one channel.
        price_lists, stock_lists: the keys that an item may name; the first is the default.
        products: what can be sold.
        places: where it can be sent.
        stamp: makes modification dates.
        edit: changes a row of a content type, as the merchant does.
        added: called with each new object.
        violation: takes a sentence about a client's mistake that the hub does not refuse.
    """

    def __init__(
        self,
        *,
        channel_id: int,
        price_lists: list[int],
        stock_lists: list[int],
        products: Table,
        places: Places,
        stamp: Callable[[], str],
        edit: Callable[..., Row],
        added: Callable[[Key], None],
        violation: Callable[[str], None],
    ) -> None:
        self.customers = Table(indexed=["email", "phone_number", "channel_code"])
        self.addresses = Table(indexed=["hash_data"])
        self.orders = Table(indexed=["number"])
        self.items = Table(indexed=["order"])
        self.shipping_infos = Table(indexed=["order"])
        self.journal = Journal()
        self._channel_id = channel_id
        self._lists = {"price_list": price_lists[0], "stock_list": stock_lists[0]}
        self._places = places
        self._stamp = stamp
        self._edit = edit
        self._added = added
        self._violation = violation
        self._customer_form = Form(
            "customer", _customer_fields(channel_id), required=("first_name", "channel_code"), violation=violation
        )
        self._address_form = Form(
            "address",
            _address_fields(self.customers, places),
            required=("customer", "email", "first_name", "last_name", "country", "city", "line"),
            violation=violation,
        )
        self._order_form = Form(
            "order",
            _order_fields(channel_id, self.customers, self.addresses, places),
            required=(
                "number",
                "customer",
                "shipping_address",
                "billing_address",
                "currency",
                "amount",
                "cargo_company",
            ),
            violation=violation,
        )
        self._item_form = Form(
            "order item",
            _item_fields(products, price_lists, stock_lists),
            required=("product", "price", "price_currency", "tax_rate"),
            violation=violation,
        )
        self._item_change_form = Form(
            "change of an order item",
            {
                "status": text(),
                "invoice_number": text(),
                "invoice_date": moment,
                "tracking_number": text(256),
                "extra_field": mapping,
            },
            violation=violation,
        )
        self._cancel_form = Form(
            "cancellation",
            {
                "order": reference(self.orders),
                "cancel_items": anything,
                "reasons": mapping,
                "forced_refund_amount": amount,
                "is_cargo_refund": boolean,
                "refund_invoice_number": text(),
            },
            required=("order", "cancel_items", "reasons"),
            violation=violation,
        )
        self._shipping_info_form = Form(
            "shipping info",
            {
                "order": reference(self.orders),
                "order_number": text(128),
                "shipping_company": text(),
                "is_send": boolean,
            },
            required=("order", "order_number", "shipping_company"),
            violation=violation,
        )

    def create_customer(self, body: Row) -> Row:
        """A new customer.

        Raises:
            HttpError: 400, a field is wrong or the `channel_code` is taken.
        """
        fields = self._customer_form.read(body)
        self._check_channel_code(fields)
        return self.customers.add(
            {
                "pk": self.customers.next_key(_FIRST_CUSTOMER),
                **dict.fromkeys(("email", "phone_number", "last_name")),
                "extra_field": {},
                "is_active": True,
                **fields,
                "channel": self._channel_id,
                "modified_date": self._stamp(),
            }
        )

    def change_customer(self, pk: int, body: Row) -> Row:
        """Change some fields of a customer; raises as `create_customer`."""
        fields = self._customer_form.read(body, is_partial=True)
        self._check_channel_code(fields, but=pk)
        return self.customers.change(pk, **fields, modified_date=self._stamp())

    def create_address(self, body: Row) -> Row:
        """A new address.

        Raises:
            HttpError: 400, a field is wrong, or the address exists: its hash is told then.
        """
        fields = self._address_form.read(body)
        self._check_places(fields)
        is_store = fields.get("address_type") == "retail_store"
        if is_store != (fields.get("retail_store") is not None):
            raise HttpError(400, {"retail_store": ["A retail store needs this address_type, and the other way round."]})
        content = {name: value for name, value in fields.items() if name not in _ADDRESS_IDENTITY_WITHOUT and value}
        hash_data = hashlib.blake2b(orjson.dumps(content, option=orjson.OPT_SORT_KEYS), digest_size=16).hexdigest()
        if self.addresses.find("hash_data", hash_data):
            raise HttpError(400, {"non_field_errors": f"hash_data:{hash_data} is the hash of an address that exists."})
        return self.addresses.add(
            {
                "pk": self.addresses.next_key(_FIRST_ADDRESS),
                "address_type": "customer",
                **fields,
                "hash_data": hash_data,
                "modified_date": self._stamp(),
            }
        )

    def create_order(self, body: Row) -> Row:
        """A new order with its items, all or nothing; the order alone.

        Raises:
            HttpError: 400 with nested messages: a field is wrong, or the number is taken.
        """
        remote_id = _remote_id(body.get("order"))
        try:
            order = self._create_order(body)
        except HttpError:
            self.journal.note("order", remote_id, is_accepted=False)
            raise
        self.journal.note("order", remote_id, is_accepted=True)
        return order

    def change_item(self, pk: int, body: Row) -> Row:
        """What the channel did to an item; its order counts as changed too.

        Raises:
            HttpError: 400, a field is wrong.
        """
        fields = self._item_change_form.read(body, is_partial=True)
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
            HttpError: 400, something is wrong or lacks; 406, an item is cancelled already. Nothing is cancelled then.
        """
        named = body.get("cancel_items")
        keys = [item for item in named if isinstance(item, int)] if isinstance(named, list) else []
        try:
            self._check_cancellation(pk, body)
        except HttpError:
            self.journal.note("cancel", *keys, is_accepted=False)
            raise
        self.journal.note("cancel", *keys, is_accepted=True)
        for key in keys:
            self._edit(ContentType.order_item, key, status=CANCELLED)
        return self._edit(ContentType.order, pk)

    def create_shipping_info(self, body: Row) -> Row:
        """How an order travels.

        Raises:
            HttpError: 400, a field is wrong.
        """
        fields = self._shipping_info_form.read(body)
        if fields["order_number"] != self.orders[fields["order"]]["number"]:
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

    def _check_channel_code(self, fields: Row, but: int | None = None) -> None:
        code = fields.get("channel_code")
        if code is not None and any(row["pk"] != but for row in self.customers.find("channel_code", code)):
            raise HttpError(400, {"channel_code": ["customer with this channel code already exists."]})

    def _check_places(self, fields: Row) -> None:
        """A place lies in its parents."""
        for name, table, parents in (
            ("city", self._places.cities, ("country",)),
            ("township", self._places.townships, ("city",)),
            ("district", self._places.districts, ("city", "township")),
        ):
            if fields.get(name) is None:
                continue
            row = table[fields[name]]
            for parent in parents:
                if row[parent] != fields.get(parent):
                    raise HttpError(400, {name: [f"It does not lie in {parent} {fields.get(parent)}."]})

    def _check_remote_id(self, what: str, fields: Row) -> None:
        if not (fields.get("extra_field") or {}).get("id"):
            self._violation(f"{what}: `extra_field` has no `id`")

    def _create_order(self, body: Row) -> Row:
        entries = body.get("order_item")
        fields, problems = self._order_form.check(body.get("order"))
        problems |= self._order_problems(fields)
        if not isinstance(entries, list) or not entries:
            raise HttpError(400, {"order_item": ["This list may not be empty."]})
        checked = [self._item_form.check(entry) for entry in entries]
        found: Row = {"order": problems} if problems else {}
        if any(wrong for _, wrong in checked):
            found["order_item"] = [wrong for _, wrong in checked]
        if found:
            raise HttpError(400, found)
        self._check_remote_id("order", fields)
        order = self.orders.add(
            {
                "pk": self.orders.next_key(_FIRST_ORDER),
                **_ORDER_DEFAULTS,
                "date_placed": self._stamp(),
                **{name: value for name, value in fields.items() if value is not None},
                "channel": self._channel_id,
                "created_date": self._stamp(),
                "modified_date": self._stamp(),
            }
        )
        self._added(Key(ContentType.order, order["pk"]))
        for entry, _ in checked:
            self._check_remote_id("order item", entry)
            self._add_item(order["pk"], entry)
        return order

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

    def _order_problems(self, fields: Row) -> dict[str, list[str]]:
        """What no single field shows."""
        problems = {}
        if "number" in fields and self.orders.find("number", fields["number"]):
            problems["number"] = ["order with this number and channel already exists."]
        for name in ("shipping_address", "billing_address"):
            owner = self.addresses[fields[name]]["customer"] if name in fields else None
            if owner is not None and owner != fields.get("customer", owner):
                problems[name] = [f"It is an address of customer {owner}."]
        return problems

    def _check_cancellation(self, pk: int, body: Row) -> None:
        fields = self._cancel_form.read(body)
        if fields["order"] != pk:
            raise HttpError(400, {"order": [f"The address says order {pk}."]})
        keys = fields["cancel_items"]
        if not isinstance(keys, list) or not keys or len(set(map(str, keys))) != len(keys):
            raise HttpError(400, {"cancel_items": ["Expected a list of different items."]})
        own = {item["pk"]: item for item in self.items.find("order", pk)}
        reasons = fields["reasons"]
        for key in keys:
            if not isinstance(key, int) or key not in own:
                raise HttpError(400, {"cancel_items": [f'Invalid pk "{key}" - object does not exist.']})
            if str(key) not in reasons:
                raise HttpError(400, {"reasons": {str(key): [forms.MISSING]}})
            if reasons[str(key)] not in [*REASONS]:
                raise HttpError(400, {"reasons": {str(key): [f'Invalid pk "{reasons[str(key)]}".']}})
        cancelled = [key for key in keys if own[key]["status"] == CANCELLED]
        if cancelled:
            raise HttpError(
                406, {"error_code": ALREADY_CANCELLED, "non_field_errors": f"Cancelled already: {cancelled}."}
            )


def _remote_id(order: Any) -> str:
    extra_field = order.get("extra_field") if isinstance(order, dict) else None
    return str(extra_field.get("id", "")) if isinstance(extra_field, dict) else ""


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


def _customer_fields(channel_id: int) -> dict[str, forms.Field]:
    return {
        "channel": member(channel_id),
        "email": text(254),
        "phone_number": text(128),
        "first_name": text(255),
        "last_name": text(255),
        "extra_field": mapping,
        "channel_code": text(),
        "is_active": boolean,
    }


def _address_fields(customers: Table, places: Places) -> dict[str, forms.Field]:
    return {
        "customer": reference(customers),
        "email": text(254),
        "phone_number": text(128),
        "first_name": text(255),
        "last_name": text(255),
        "country": reference(places.countries),
        "city": reference(places.cities),
        "township": reference(places.townships),
        "district": reference(places.districts),
        "line": text(255),
        "title": text(128),
        "postcode": text(64),
        "notes": text(512),
        "company_name": text(255),
        "tax_office": text(64),
        "tax_no": text(20),
        "e_bill_taxpayer": boolean,
        "identity_number": text(64),
        "extra_field": mapping,
        "remote_id": text(),
        "retail_store": reference(places.retail_stores),
        "address_type": choice("customer", "retail_store"),
    }


def _order_fields(channel_id: int, customers: Table, addresses: Table, places: Places) -> dict[str, forms.Field]:
    return {
        "number": text(128),
        "status": text(),
        "channel": member(channel_id),
        "customer": reference(customers),
        "shipping_address": reference(addresses),
        "billing_address": reference(addresses),
        "currency": text(),
        "amount": amount,
        "shipping_amount": amount,
        "shipping_tax_rate": amount,
        "net_shipping_amount": amount,
        "discount_amount": amount,
        "cargo_company": reference(places.cargos),
        "delivery_type": text(),
        "delivery_range": text(),
        "tracking_number": text(256),
        "carrier_shipping_code": text(256),
        "remote_addr": text(),
        "has_gift_box": boolean,
        "gift_box_note": text(160),
        "client_type": choice("default"),
        "language_code": text(),
        "notes": text(320),
        "shipping_option_slug": text(128),
        "date_placed": moment,
        "extra_field": mapping,
    }


def _item_fields(products: Table, price_lists: list[int], stock_lists: list[int]) -> dict[str, forms.Field]:
    return {
        "product": reference(products),
        "status": text(),
        "price": amount,
        "price_currency": text(),
        "tax_rate": amount,
        "price_list": member(*price_lists),
        "stock_list": member(*stock_lists),
        "discount_amount": amount,
        "retail_price": amount,
        "tracking_number": text(256),
        "carrier_shipping_code": text(256),
        "attributes": mapping,
        "attributes_kwargs": mapping,
        "parent": anything,
        "delivered_date": moment,
        "estimated_delivery_date": moment,
        "extra_field": mapping,
    }
