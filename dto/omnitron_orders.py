"""Omnitron's orders with their customers, addresses, places, cargo companies and requests."""

from typing import Annotated, Any

from dto.base import EmptyAsNone, Money, OmnitronObject, UtcDatetime, is_blank
from dto.enums import CancellationType
from dto.omnitron import IntegrationAction, Key, OptionalForeignKey, RemoteId
from dto.orders import CancellationStatus, ChannelCancellationRequestDto

Text = Annotated[str | None, EmptyAsNone]


class Customer(OmnitronObject):
    """A customer of the channel."""

    pk: Key
    email: Text = None
    phone_number: Text = None
    first_name: Text = None
    last_name: Text = None
    channel_code: Text = None
    channel: OptionalForeignKey = None


class Address(OmnitronObject):
    """An address of a customer. Equal addresses have equal `hash_data`."""

    pk: Key
    customer: OptionalForeignKey = None
    hash_data: Text = None


class Place(OmnitronObject):
    """A country, city, township or district, with the places around it."""

    pk: Key
    name: str = ""
    code: Text = None
    """A country's."""
    country: OptionalForeignKey = None
    city: OptionalForeignKey = None
    township: OptionalForeignKey = None


class CargoCompany(OmnitronObject):
    """A carrier of parcels; channels name it by its `erp_code`."""

    pk: Key
    name: str = ""
    erp_code: Text = None
    shipping_company: Any = None


class RetailStore(OmnitronObject):
    """A shop where customers collect orders."""

    pk: Key
    erp_code: Text = None


class OrderItem(OmnitronObject):
    """One item of an order. One item on the channel may be several items here."""

    pk: Key
    """Omnitron's key."""
    order: OptionalForeignKey = None
    """Omnitron's key of its order."""
    product: OptionalForeignKey = None
    """Omnitron's key of the product."""
    status: RemoteId = None
    """One of Omnitron's numbers (`OrderStatus`), as text."""
    price: Money | None = None
    """Of the piece: with tax, before its discount (assumed)."""
    invoice_number: Text = None
    """Of the invoice."""
    invoice_date: Annotated[UtcDatetime | None, EmptyAsNone] = None
    """Of the invoice."""
    tracking_number: Text = None
    """Of the parcel."""
    extra_field: dict[str, Any] | None = None
    """All that is kept with it; `id` is the channel's id."""
    modified_date: UtcDatetime | None = None
    """Its version."""
    integration_action: IntegrationAction | None = None
    """Attached by `get_order_items`."""
    untold: frozenset[str] | None = None
    """Attached by `get_order_items_with_order`: the fields (of status, invoice and parcel) whose present value the channel does
    not know yet. None: this is not known, so any may be new."""

    @property
    def remote_id(self) -> str | None:
        """The channel's id of the item."""
        return _remote_id(self.extra_field)

    @property
    def former_ids(self) -> frozenset[str]:
        """The channel's ids of the items whose place it took."""
        return _former_ids(self.extra_field)


class Order(OmnitronObject):
    """An order."""

    pk: Key
    """Omnitron's key."""
    number: str
    """The order's number."""
    status: RemoteId = None
    """One of Omnitron's numbers (`OrderStatus`), as text."""
    amount: Money | None = None
    """The buyer's whole payment: with tax, after discounts, with shipping (assumed)."""
    cargo_company: OptionalForeignKey = None
    """Omnitron's key of the carrier."""
    tracking_number: Text = None
    """Of the parcel."""
    extra_field: dict[str, Any] | None = None
    """All that is kept with it; `id` is the channel's id."""
    modified_date: UtcDatetime | None = None
    """Its version."""
    integration_action: IntegrationAction | None = None
    """Attached by `get_orders` with `add_actions`: as it was before the batch."""
    orderitem_set: list[OrderItem] | None = None
    """Attached by `get_order_items_with_order`."""

    @property
    def remote_id(self) -> str | None:
        """The channel's id of the order."""
        return _remote_id(self.extra_field)

    @property
    def former_ids(self) -> frozenset[str]:
        """The channel's ids of the orders whose place it took."""
        return _former_ids(self.extra_field)


FORMER_IDS = "replaced_ids"
"""The key of `extra_field` under which an order or an item keeps the channel's ids that it had before."""


def _former_ids(extra_field: dict[str, Any] | None) -> frozenset[str]:
    found = (extra_field or {}).get(FORMER_IDS)
    return frozenset(map(str, found)) if isinstance(found, list) else frozenset()


def _remote_id(extra_field: dict[str, Any] | None) -> str | None:
    found = (extra_field or {}).get("id")
    return None if is_blank(found) else str(found)


class OrderShippingInfo(OmnitronObject):
    """The carrier of an order, and whether the buyer is told about it."""

    pk: Key
    order: OptionalForeignKey = None


class CancellationRequest(OmnitronObject):
    """A buyer's request to cancel or refund an item, with the merchant's decision. Omnitron calls its key `id`."""

    pk: Key
    order_item: OptionalForeignKey = None
    reason: OptionalForeignKey = None
    description: Text = None
    cancellation_type: CancellationType = CancellationType.cancel
    status: CancellationStatus = CancellationStatus.waiting_approval
    modified_date: UtcDatetime | None = None
    for_channel: ChannelCancellationRequestDto | None = None
    """Attached by `get_cancellation_requests_update`: the request with the channel's ids and codes."""
