"""The bodies about orders: creates, changes of items, cancellations, shipping infos."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator

from deployments.sandbox.hub.bodies import Amount, Body, Moment, context_of, key_of, number_of


class OrderFields(Body):
    """The order of a `NewOrder`."""

    subject = "order"

    number: str = Field(min_length=1, max_length=128)
    status: str | None = None
    channel: Annotated[int, key_of("channel")] | None = None
    customer: Annotated[int, key_of("customer")]
    shipping_address: Annotated[int, key_of("address")]
    billing_address: Annotated[int, key_of("address")]
    currency: str = Field(min_length=1)
    amount: Amount
    shipping_amount: Amount | None = None
    shipping_tax_rate: Amount | None = None
    net_shipping_amount: Amount | None = None
    discount_amount: Amount | None = None
    cargo_company: Annotated[int, key_of("cargo_company")]
    delivery_type: str | None = None
    delivery_range: str | None = None
    tracking_number: str | None = Field(None, max_length=256)
    carrier_shipping_code: str | None = Field(None, max_length=256)
    remote_addr: str | None = None
    has_gift_box: bool | None = None
    gift_box_note: str | None = Field(None, max_length=160)
    client_type: Literal["default"] | None = None
    language_code: str | None = None
    notes: str | None = Field(None, max_length=320)
    shipping_option_slug: str | None = Field(None, max_length=128)
    date_placed: Moment | None = None
    extra_field: dict[str, Any] | None = None

    @field_validator("number")
    @classmethod
    def _is_free(cls, number: str, info: ValidationInfo) -> str:
        if context_of(info).tables["order"].find("number", number):
            raise ValueError("order with this number and channel already exists.")
        return number

    @field_validator("shipping_address", "billing_address")
    @classmethod
    def _is_the_customers(cls, address: int, info: ValidationInfo) -> int:
        owner = context_of(info).tables["address"][address]["customer"]
        if owner != info.data.get("customer", owner):
            raise ValueError(f"It is an address of customer {owner}.")
        return address


class ItemFields(Body):
    """One item of a `NewOrder`."""

    subject = "order item"

    product: Annotated[int, key_of("product")]
    status: str | None = None
    price: Amount
    price_currency: str = Field(min_length=1)
    tax_rate: Amount
    price_list: Annotated[int, key_of("price_list")] | None = None
    stock_list: Annotated[int, key_of("stock_list")] | None = None
    discount_amount: Amount | None = None
    retail_price: Amount | None = None
    tracking_number: str | None = Field(None, max_length=256)
    carrier_shipping_code: str | None = Field(None, max_length=256)
    attributes: dict[str, Any] | None = None
    attributes_kwargs: dict[str, Any] | None = None
    parent: Any = None
    delivered_date: Moment | None = None
    estimated_delivery_date: Moment | None = None
    extra_field: dict[str, Any] | None = None


class NewOrder(BaseModel):
    """`POST create_orders/`."""

    model_config = ConfigDict(strict=True)

    order: OrderFields
    order_item: list[ItemFields] = Field(min_length=1)


class ItemChange(Body):
    """`PATCH order_items/{pk}/`."""

    subject = "change of an order item"

    status: str | None = None
    invoice_number: str | None = None
    invoice_date: Moment | None = None
    tracking_number: str | None = Field(None, max_length=256)
    extra_field: dict[str, Any] | None = None


class OrderChange(Body):
    """`PATCH orders/{pk}/`."""

    subject = "change of an order"

    extra_field: dict[str, Any]


class Cancellation(Body):
    """`POST orders/{pk}/cancel/`."""

    subject = "cancellation"

    order: Annotated[int, key_of("order")]
    cancel_items: Any
    reasons: dict[str, Any]
    forced_refund_amount: Amount | None = None
    is_cargo_refund: bool | None = None
    refund_invoice_number: str | None = None

    @field_validator("cancel_items")
    @classmethod
    def _are_different_items(cls, keys: Any) -> list[Any]:
        if not isinstance(keys, list) or not keys or len(set(map(str, keys))) != len(keys):
            raise ValueError("Expected a list of different items.")
        return [number_of(key) for key in keys]


class NewShippingInfo(Body):
    """`POST order_shipping_infos/`."""

    subject = "shipping info"

    order: Annotated[int, key_of("order")]
    order_number: str = Field(min_length=1, max_length=128)
    shipping_company: str = Field(min_length=1)
    is_send: bool | None = None
