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
    """A customer on the channel."""

    email: str
    """Empty if the channel does not give it: then the conf's `CUSTOMER_IDENTIFIER_FIELD` is `phone_number`. 254 characters."""
    first_name: str
    """255 characters."""
    last_name: str
    """255 characters."""
    channel_code: str
    """The channel's id of the buyer, unique on the channel."""
    extra_field: JsonObject | None = None
    """Anything to be kept with the customer."""
    phone_number: str | None = None
    """As the channel writes it. 128 characters."""
    is_active: bool | None = True
    """Whether the customer may be used."""


class AddressDto(_Arriving):
    """An address in the channel's words. Longer texts than the numbers of characters below are cut, and that is reported."""

    email: str
    """Empty if the channel does not give it: the customer's is used."""
    # Code must pass it, even as None; JSON may omit it.
    phone_number: Annotated[str | None, Field(default=None)]
    """128 characters. Code has to name it, if only as None."""
    first_name: str
    """Of the recipient. 255 characters."""
    last_name: str
    """Of the recipient. 255 characters."""
    country: str
    """The channel's name or code of the country, such as `TR`."""
    city: str
    """The channel's name or code of the city."""
    line: str
    """Street and house. 255 characters."""
    title: str | None = None
    """The name of the address, such as `home`. 128 characters."""
    township: str | None = None
    """The channel's name or code of the township."""
    district: str | None = None
    """The channel's name or code of the district."""
    postcode: str | None = None
    """64 characters."""
    notes: str | None = None
    """512 characters."""
    company_name: str | None = None
    """For an invoice to a company. 255 characters."""
    tax_office: str | None = None
    """64 characters."""
    tax_no: str | None = None
    """20 characters."""
    e_bill_taxpayer: bool | None = False
    """Whether the company takes electronic invoices."""
    remote_id: str | None = None
    """The channel's id of the address."""
    identity_number: str | None = None
    """Of the person, where the invoice needs it. 64 characters."""
    extra_field: JsonObject | None = None
    """Anything to be kept with the address."""
    is_active: bool | None = True
    """Whether the address may be used."""
    retail_store: str | None = None
    """The ERP code of the shop where the order is collected."""


class OmnitronOrderDto(_Arriving, Generic[Customer, Address, CargoCompany]):
    """An order ready for Omnitron: customer, addresses and cargo company are Omnitron's keys."""

    remote_id: str
    """The channel's id of the order."""
    number: str
    """The order's number, unique on the channel. 128 characters, and never cut."""
    channel: Whole
    """Omnitron's key of the channel."""
    customer: Customer
    """The buyer."""
    shipping_address: Address
    """The place to which it goes."""
    billing_address: Address
    """The address on the invoice."""
    currency: str
    """Code in small letters, such as `try`."""
    amount: Money
    """The buyer's whole payment: with tax, after discounts, with shipping (assumed)."""
    shipping_amount: Money
    """Shipping, with tax (assumed). 0 if it is free."""
    shipping_tax_rate: Money
    """Per cent, such as `20`."""
    extra_field: JsonObject
    """Anything to be kept with the order. `id` is added: the channel's id."""
    cargo_company: CargoCompany
    """The carrier."""
    created_at: UtcDatetime
    """When the buyer ordered. A time without a zone is UTC."""
    delivery_type: str | None = None
    """The channel's kind of delivery."""
    discount_amount: Money | None = Decimal(0)
    """The sum of all discounts on the items, with tax (assumed)."""
    net_shipping_amount: Money | None = Decimal(0)
    """Shipping, without tax (assumed)."""
    tracking_number: str | None = None
    """Of the parcel. 256 characters."""
    carrier_shipping_code: str | None = ""
    """The carrier's code of the shipment. 256 characters."""
    remote_addr: str | None = None
    """The buyer's IP address."""
    has_gift_box: bool | None = False
    """Whether it is to be wrapped."""
    gift_box_note: str | None = ""
    """160 characters."""
    client_type: str | None = ""
    """The shop's kind of client; `default` if it is empty."""
    language_code: str | None = ""
    """The buyer's language, such as `tr`."""
    notes: str | None = ""
    """The buyer's words to the shop. 320 characters."""
    delivery_range: str | None = None
    """The wanted time of delivery, in the channel's words."""
    shipping_option_slug: str | None = ""
    """The shop's shipping option. 128 characters."""
    status: str | None = ""
    """One of Omnitron's numbers (`OrderStatus`), as text; `400`, new, if it is empty."""


class ChannelOrderDto(OmnitronOrderDto[CustomerDto, AddressDto, str]):
    """An order as the channel lists it: customer and addresses in full, the cargo company by its ERP code."""


class OrderItemDto(_Arriving):
    """One piece of an order: a line with a quantity is as many items, each with an id of its own (`77-1`, `77-2`)."""

    remote_id: str
    """The channel's id of the piece, unique within its order."""
    product: str
    """The channel's id of the product: the remote id that the connector returned when it was sent."""
    price_currency: str
    """Code in small letters, such as `try`."""
    price: Money
    """Of this piece: with tax, before its discount (assumed)."""
    tax_rate: Money
    """Per cent, such as `20`."""
    extra_field: JsonObject
    """Anything to be kept with the item. `id` is added: the channel's id."""
    status: str | None = None
    """One of Omnitron's numbers (`OrderStatus`), as text; `400`, new, if it is None."""
    price_list: Whole | None = None
    """Omnitron's key of the price list; the catalog's own if it is None."""
    stock_list: Whole | None = None
    """Omnitron's key of the stock list; the catalog's own if it is None."""
    tracking_number: str | None = None
    """Of the parcel. 256 characters."""
    invoice_number: str | None = None
    """Not sent when an order is created: report it with `get_updated_order_items`."""
    invoice_date: _OptionalMoment = None
    """Not sent when an order is created, as the number."""
    carrier_shipping_code: str | None = ""
    """The carrier's code of the shipment. 256 characters."""
    discount_amount: Money | None = Decimal(0)
    """The discount on this piece, with tax (assumed)."""
    retail_price: Money | None = Decimal(0)
    """The price without any offer, with tax (assumed)."""
    attributes: JsonObject | None = None
    """Anything about the piece, such as an engraving."""
    attributes_kwargs: JsonObject | None = None
    """Anything that belongs to the attributes."""
    parent: str | None = None
    """The channel's id of the item that this one belongs to."""
    delivered_date: _OptionalMoment = None
    """When the buyer got it."""
    estimated_delivery_date: _OptionalMoment = None
    """When the buyer is to get it."""


class OmnitronCreateOrderDto(Dto):
    """The input for creating an order in Omnitron: the order and its items."""

    order: OmnitronOrderDto
    """The order."""
    order_item: list[OrderItemDto]
    """Its pieces."""


class ChannelCreateOrderDto(Dto):
    """A new order on the channel with its items."""

    order: ChannelOrderDto
    """The order."""
    order_item: list[OrderItemDto]
    """Its pieces: one entry for each. `split_amount` divides the amounts of a line."""
    is_acknowledged: bool | None = None
    """False while the channel waits to hear that it has arrived; None if it does not want to know."""
    replaces: str | None = None
    """The channel's id of the order, or package, whose place it takes."""


class CancelOrderDto(_Arriving):
    """A cancellation that already happened on the channel."""

    order: str
    """The order's number, not its id."""
    cancel_items: list[str]
    """The channel's ids of the cancelled items."""
    reasons: dict[str, str]
    """The channel's code of the reason, for each of these ids."""
    is_cargo_refund: bool | None = False
    """Whether shipping is paid back."""
    # Documented as a boolean: False means that no amount is forced.
    forced_refund_amount: Annotated[Money | None, BeforeValidator(_none_if_false)] = None
    """The amount that is paid back, in the order's currency, with tax (assumed). None or False: Omnitron computes it."""
    refund_invoice_number: str | None = None
    """The number of the credit note."""


class ChannelUpdateOrderItemDto(_Arriving):
    """The changes of one order item on the channel. A field that is None did not change.

    `modified_date` is the channel's time of these changes. Where both sides changed a field, it says which one is newer.
    """

    remote_id: str
    """The channel's id of the item."""
    order_remote_id: str | None = None
    """The channel's id of its order. Needed if ids repeat from order to order, unless the number is given."""
    order_number: str | None = None
    """The number of its order, instead of the id."""
    status: str | None = None
    """One of Omnitron's numbers (`OrderStatus`), as text. A cancellation is refused here: it belongs in
    `get_cancelled_orders`."""
    invoice_number: str | None = None
    """Of the invoice."""
    invoice_date: _OptionalMoment = None
    """Of the invoice."""
    tracking_number: str | None = None
    """Of the parcel. 256 characters."""
    extra_field: JsonObject | None = None
    """Fields to be laid over those that are kept."""
    modified_date: _OptionalMoment = None
    """When it changed on the channel. Without it, a status goes only ahead."""
    replaces: str | None = None
    """The channel's id of the item whose place it takes, as after a package was split."""


class CancellationRequestDto(_Arriving):
    """A request on the channel to cancel or refund one item, for the merchant to decide.

    All ids and codes are the channel's. Where it numbers requests or items within their order, the order is named.
    """

    order_item: str
    """The channel's id of the item."""
    reason: str
    """The channel's code of the reason."""
    remote_id: str
    """The channel's id of the request."""
    description: str
    """The buyer's words."""
    cancellation_type: CancellationType = CancellationType.cancel
    """To cancel the item, or to give the money back."""
    order_remote_id: str | None = None
    """The channel's id of its order, where the ids of items or requests repeat from order to order."""
    order_number: str | None = None
    """The number of its order, instead of the id."""
    status: CancellationStatus | None = None
    """The decision that the channel made by itself; None: the merchant decides."""

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
    """To cancel the item, or to give the money back."""
    status: CancellationStatus
    """The merchant's decision."""
    order_item: str
    """The channel's id of the item."""
    reason: str
    """The channel's code of the reason."""
    description: str | None = None
    """The words about it."""
    remote_id: str | None = None
    """The channel's id of the request."""
    order_remote_id: str | None = None
    """The channel's id of its order, if the request came with it."""
    order_number: str | None = None
    """The number of its order, likewise."""
