"""Orders and cancellations on their way from a channel into Omnitron, and their updates on the way back.

Amounts are in the order's currency, rates in per cent, both exact decimals.
"""

from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from dto.base import Dto, EmptyAsNone, JsonObject, Money, UtcDatetime, Whole
from dto.enums import CancellationType

_OptionalMoment = Annotated[UtcDatetime | None, EmptyAsNone]


def _none_if_false(value: Any) -> Any:
    return None if value is False else value


class CancellationStatus(StrEnum):
    """Where a cancellation or refund request stands."""

    confirmed = "confirmed"
    waiting_approval = "waiting_approval"
    approved = "approved"
    rejected = "rejected"
    completed = "completed"


class CustomerDto(Dto):
    """A customer as the channel knows them. `channel_code` is unique within the channel."""

    email: str
    first_name: str
    last_name: str
    channel_code: str
    extra_field: JsonObject | None = None
    phone_number: str | None = None
    is_active: bool | None = True


class AddressDto(Dto):
    """An address as the channel writes it. Places are the channel's names or codes, not yet Omnitron's keys.

    `line` is street and house. `retail_store` is the code of a shop that the customer collects from.
    """

    email: str
    # In code it is always said, None included; JSON may leave it out.
    phone_number: Annotated[str | None, Field(default=None)]
    first_name: str
    last_name: str
    country: str
    city: str
    line: str
    title: str | None = None
    township: str | None = None
    district: str | None = None
    postcode: str | None = None
    notes: str | None = None
    company_name: str | None = None
    tax_office: str | None = None
    tax_no: str | None = None
    e_bill_taxpayer: bool | None = False
    remote_id: str | None = None
    identity_number: str | None = None
    extra_field: JsonObject | None = None
    is_active: bool | None = True
    retail_store: str | None = None


class OmnitronOrderDto(Dto):
    """An order ready for Omnitron: customer, addresses and cargo company are Omnitron's keys."""

    remote_id: str
    number: str
    channel: Whole
    customer: Whole
    shipping_address: Whole
    billing_address: Whole
    currency: str
    amount: Money
    shipping_amount: Money
    shipping_tax_rate: Money
    extra_field: JsonObject
    cargo_company: Whole
    created_at: UtcDatetime
    delivery_type: str | None = None
    discount_amount: Money | None = Decimal(0)
    net_shipping_amount: Money | None = Decimal(0)
    tracking_number: str | None = None
    carrier_shipping_code: str | None = ""
    remote_addr: str | None = None
    has_gift_box: bool | None = False
    gift_box_note: str | None = ""
    client_type: str | None = ""
    language_code: str | None = ""
    notes: str | None = ""
    delivery_range: str | None = None
    shipping_option_slug: str | None = ""
    status: str | None = ""


class ChannelOrderDto(OmnitronOrderDto):
    """An order as the channel tells it: customer and addresses in full, the cargo company by its ERP code."""

    # The mission's page derives it from the class above, and says who and where in other types.
    customer: CustomerDto  # type: ignore[assignment]
    shipping_address: AddressDto  # type: ignore[assignment]
    billing_address: AddressDto  # type: ignore[assignment]
    cargo_company: str  # type: ignore[assignment]


class OrderItemDto(Dto):
    """One line of an order. `product` is the channel's id of the product, `parent` that of the line it belongs to."""

    remote_id: str
    product: str
    price_currency: str
    price: Money
    tax_rate: Money
    extra_field: JsonObject
    status: str | None = None
    price_list: Whole | None = None
    stock_list: Whole | None = None
    tracking_number: str | None = None
    invoice_number: str | None = None
    invoice_date: _OptionalMoment = None
    carrier_shipping_code: str | None = ""
    discount_amount: Money | None = Decimal(0)
    retail_price: Money | None = Decimal(0)
    attributes: JsonObject | None = None
    attributes_kwargs: JsonObject | None = None
    parent: str | None = None
    delivered_date: _OptionalMoment = None
    estimated_delivery_date: _OptionalMoment = None


class OmnitronCreateOrderDto(Dto):
    """What Omnitron needs to create an order: the order and its lines."""

    order: OmnitronOrderDto
    order_item: list[OrderItemDto]


class ChannelCreateOrderDto(Dto):
    """A new order of the channel with its lines."""

    order: ChannelOrderDto
    order_item: list[OrderItemDto]


class CancelOrderDto(Dto):
    """A cancellation that already happened on the channel.

    `order` is the channel's order number, `cancel_items` are the channel's ids of the lines, and `reasons` holds the
    channel's reason code for each of these ids.
    """

    order: str
    cancel_items: list[str]
    reasons: dict[str, str]
    is_cargo_refund: bool | None = False
    # The mission's page types it as a yes or no, so its False means that no amount is forced.
    forced_refund_amount: Annotated[Money | None, BeforeValidator(_none_if_false)] = None
    refund_invoice_number: str | None = None


class ChannelUpdateOrderItemDto(Dto):
    """What changed on the channel about one order line. What is None did not change."""

    remote_id: str
    order_remote_id: str | None = None
    order_number: str | None = None
    status: str | None = None
    invoice_number: str | None = None
    invoice_date: _OptionalMoment = None
    tracking_number: str | None = None
    extra_field: JsonObject | None = None


class CancellationRequestDto(Dto):
    """A request on the channel to cancel or refund one line, for the merchant to decide.

    All ids and codes are the channel's.
    """

    order_item: str
    reason: str
    remote_id: str
    description: str
    cancellation_type: CancellationType = CancellationType.cancel


class ChannelCancellationRequestDto(Dto):
    """What the merchant decided about a request, for the channel. All ids and codes are the channel's."""

    cancellation_type: CancellationType
    status: CancellationStatus
    order_item: str
    reason: str
    description: str | None = None
    remote_id: str | None = None
