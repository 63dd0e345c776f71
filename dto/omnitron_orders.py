"""Omnitron's orders and what belongs to them, as it answers them: customers, addresses, places, cargo companies, requests."""

from typing import Annotated, Any

from dto.base import EmptyAsNone, Money, OmnitronObject, UtcDatetime
from dto.enums import CancellationType
from dto.omnitron import IntegrationAction, Key, OptionalReference, RemoteId
from dto.orders import CancellationStatus, ChannelCancellationRequestDto

CANCELLED = "100"
"""The status of an order item that was cancelled."""


Text = Annotated[str | None, EmptyAsNone]


class Customer(OmnitronObject):
    """A customer of the channel."""

    pk: Key
    email: Text = None
    phone_number: Text = None
    first_name: Text = None
    last_name: Text = None
    channel_code: Text = None
    channel: OptionalReference = None


class Address(OmnitronObject):
    """An address of a customer. `hash_data` is the same for the same address."""

    pk: Key
    customer: OptionalReference = None
    hash_data: Text = None


class Place(OmnitronObject):
    """A country, city, township or district."""

    pk: Key
    name: str = ""


class CargoCompany(OmnitronObject):
    """Who carries parcels; `erp_code` is what channels call it."""

    pk: Key
    name: str = ""
    erp_code: Text = None
    shipping_company: Any = None


class RetailStore(OmnitronObject):
    """A shop that customers collect from."""

    pk: Key
    erp_code: Text = None


class OrderItem(OmnitronObject):
    """One line of an order. One line of the channel's may be several of these."""

    pk: Key
    order: OptionalReference = None
    product: OptionalReference = None
    status: RemoteId = None
    price: Money | None = None
    invoice_number: Text = None
    invoice_date: Annotated[UtcDatetime | None, EmptyAsNone] = None
    tracking_number: Text = None
    extra_field: dict[str, Any] | None = None
    modified_date: UtcDatetime | None = None
    integration_action: IntegrationAction | None = None
    """Attached by `get_order_items`."""

    @property
    def remote_id(self) -> str | None:
        """The channel's id of the line."""
        return _remote_id(self.extra_field)


class Order(OmnitronObject):
    """An order."""

    pk: Key
    number: str
    status: RemoteId = None
    amount: Money | None = None
    cargo_company: OptionalReference = None
    tracking_number: Text = None
    extra_field: dict[str, Any] | None = None
    modified_date: UtcDatetime | None = None
    orderitem_set: list[OrderItem] | None = None
    """Attached by `get_order_items_with_order`."""

    @property
    def remote_id(self) -> str | None:
        """The channel's id of the order."""
        return _remote_id(self.extra_field)


def _remote_id(extra_field: dict[str, Any] | None) -> str | None:
    found = (extra_field or {}).get("id")
    return None if found in (None, "") else str(found)


class OrderShippingInfo(OmnitronObject):
    """Who ships an order, and whether the buyer is told."""

    pk: Key
    order: OptionalReference = None


class CancellationRequest(OmnitronObject):
    """A buyer's request to cancel or refund an item, and what the merchant decided. Omnitron keys it `id`."""

    pk: Key
    order_item: OptionalReference = None
    reason: OptionalReference = None
    description: Text = None
    cancellation_type: CancellationType = CancellationType.cancel
    status: CancellationStatus = CancellationStatus.waiting_approval
    modified_date: UtcDatetime | None = None
    for_channel: ChannelCancellationRequestDto | None = None
    """Attached by `get_cancellation_requests_update`: the same in the channel's words."""
