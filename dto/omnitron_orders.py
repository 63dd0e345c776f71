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
    order: OptionalForeignKey = None
    product: OptionalForeignKey = None
    status: RemoteId = None
    price: Money | None = None
    invoice_number: Text = None
    invoice_date: Annotated[UtcDatetime | None, EmptyAsNone] = None
    tracking_number: Text = None
    extra_field: dict[str, Any] | None = None
    modified_date: UtcDatetime | None = None
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
    number: str
    status: RemoteId = None
    amount: Money | None = None
    cargo_company: OptionalForeignKey = None
    tracking_number: Text = None
    extra_field: dict[str, Any] | None = None
    modified_date: UtcDatetime | None = None
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
