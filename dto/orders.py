"""Orders and cancellations from a channel to Omnitron, and their updates in the other direction.

Amounts are in the order's currency, rates in per cent, both exact decimals.
"""

from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, Generic

from pydantic import BeforeValidator, Field, field_validator
from typing_extensions import TypeVar  # with defaults, which `typing` has from Python 3.13 on

from dto.base import HALF_A_CHARACTER, Dto, EmptyAsNone, JsonObject, Money, UtcDatetime, Whole, is_blank, is_writable
from dto.enums import CancellationType

_OptionalMoment = Annotated[UtcDatetime | None, EmptyAsNone]

Customer = TypeVar("Customer", default=Whole)
Address = TypeVar("Address", default=Whole)
CargoCompany = TypeVar("CargoCompany", default=Whole)


def _none_if_false(value: Any) -> Any:
    return None if value is False else value


class CancellationStatus(StrEnum):
    """The status of a cancellation or refund request."""

    confirmed = "confirmed"
    waiting_approval = "waiting_approval"
    approved = "approved"
    rejected = "rejected"
    completed = "completed"


class _Arriving(Dto):
    """A value on its way into Omnitron: all of its texts can be written as UTF-8, names and ids included."""

    @field_validator("*")
    @classmethod
    def _can_be_written(cls, value: Any) -> Any:
        if not is_writable(value):
            raise ValueError(f"{HALF_A_CHARACTER}, which cannot be stored: correct it on the channel")
        return value


class CustomerDto(_Arriving):
    """A customer on the channel. `channel_code` is unique within the channel."""

    email: str
    first_name: str
    last_name: str
    channel_code: str
    extra_field: JsonObject | None = None
    phone_number: str | None = None
    is_active: bool | None = True


class AddressDto(_Arriving):
    """An address in the channel's words: places are the channel's names or codes, not Omnitron's keys.

    `line` is street and house. `retail_store` is the code of the shop where the customer collects the order.
    """

    email: str
    # Code must pass it, even as None; JSON may omit it.
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


class OmnitronOrderDto(_Arriving, Generic[Customer, Address, CargoCompany]):
    """An order ready for Omnitron: customer, addresses and cargo company are Omnitron's keys."""

    remote_id: str
    number: str
    channel: Whole
    customer: Customer
    shipping_address: Address
    billing_address: Address
    currency: str
    amount: Money
    shipping_amount: Money
    shipping_tax_rate: Money
    extra_field: JsonObject
    cargo_company: CargoCompany
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


class ChannelOrderDto(OmnitronOrderDto[CustomerDto, AddressDto, str]):
    """An order as the channel lists it: customer and addresses in full, the cargo company by its ERP code."""


class OrderItemDto(_Arriving):
    """One item of an order. `product` and `parent` are the channel's ids of the product and of the parent item."""

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
    """The input for creating an order in Omnitron: the order and its items."""

    order: OmnitronOrderDto
    order_item: list[OrderItemDto]


class ChannelCreateOrderDto(Dto):
    """A new order on the channel with its items. `is_acknowledged` is False while the channel waits to hear that it has arrived;
    None if the channel does not want to know. `replaces` is the channel's id of the order, or package, whose place it takes."""

    order: ChannelOrderDto
    order_item: list[OrderItemDto]
    is_acknowledged: bool | None = None
    replaces: str | None = None


class CancelOrderDto(_Arriving):
    """A cancellation that already happened on the channel.

    `order` is the channel's order number, `cancel_items` are the channel's ids of the items, and `reasons` holds the
    channel's reason code for each of these ids.
    """

    order: str
    cancel_items: list[str]
    reasons: dict[str, str]
    is_cargo_refund: bool | None = False
    # Documented as a boolean: False means that no amount is forced.
    forced_refund_amount: Annotated[Money | None, BeforeValidator(_none_if_false)] = None
    refund_invoice_number: str | None = None


class ChannelUpdateOrderItemDto(_Arriving):
    """The changes of one order item on the channel. A field that is None did not change.

    `modified_date` is the channel's time of these changes. Where both sides changed a field, it says which one is newer.
    `replaces` is the channel's id of the item whose place this one takes.
    """

    remote_id: str
    order_remote_id: str | None = None
    order_number: str | None = None
    status: str | None = None
    invoice_number: str | None = None
    invoice_date: _OptionalMoment = None
    tracking_number: str | None = None
    extra_field: JsonObject | None = None
    modified_date: _OptionalMoment = None
    replaces: str | None = None


class CancellationRequestDto(_Arriving):
    """A request on the channel to cancel or refund one item, for the merchant to decide.

    All ids and codes are the channel's. Where it numbers requests or items within their order, the order is named. `status` is
    the decision that the channel made by itself; None: the merchant decides.
    """

    order_item: str
    reason: str
    remote_id: str
    description: str
    cancellation_type: CancellationType = CancellationType.cancel
    order_remote_id: str | None = None
    order_number: str | None = None
    status: CancellationStatus | None = None

    @property
    def order(self) -> str | None:
        """The channel's name of the order, if it is named."""
        return next((name for name in (self.order_remote_id, self.order_number) if not is_blank(name)), None)

    @property
    def decision(self) -> CancellationStatus | None:
        """The channel's own decision, if it made one."""
        return None if self.status is CancellationStatus.waiting_approval else self.status


class ChannelCancellationRequestDto(Dto):
    """The merchant's decision about a request, for the channel. All ids and codes are the channel's."""

    cancellation_type: CancellationType
    status: CancellationStatus
    order_item: str
    reason: str
    description: str | None = None
    remote_id: str | None = None
    order_remote_id: str | None = None
    order_number: str | None = None
