"""Omnitron's objects. Fields that a channel needs are typed; all others are kept as they came."""

from decimal import Decimal
from typing import Annotated, Any

from pydantic import AliasChoices, BeforeValidator, Field

from dto.base import Dto, EmptyAsNone, Money, NoneAsEmpty, OmnitronObject, UtcDatetime, Whole
from dto.enums import ContentType, CustomerIdentifierField, IntegrationActionStatus

Key = Annotated[Whole, Field(validation_alias=AliasChoices("pk", "id"))]
"""A row's key. A few of Omnitron's resources call it `id`."""


def _text_of_number(value: Any) -> Any:
    return str(value) if isinstance(value, int | Decimal) and not isinstance(value, bool) else value


RemoteId = Annotated[str | None, EmptyAsNone, BeforeValidator(_text_of_number)]
"""The channel's id of an object. Always text, even if Omnitron sends a number; None if it is unknown."""


Codes = Annotated[dict[str, str], BeforeValidator(lambda value: value or {})]
"""Key of a list → its code on the channel. Empty if the merchant left the field blank."""


def _key_of(value: Any) -> Any:
    return value.get("pk", value.get("id")) if isinstance(value, dict) else value


ForeignKey = Annotated[Whole, BeforeValidator(_key_of)]
"""The key of another row. Some lists embed the row itself."""
OptionalForeignKey = Annotated[Whole | None, BeforeValidator(_key_of)]
"""The same, for an optional row."""


class RetryLimits(OmnitronObject):
    """Omnitron's limits for offering a failed object again."""

    RETRY_INTERVAL: int | None = None
    """Seconds between two attempts with one object."""
    MAX_RETRY_COUNT: int | None = None


class ChannelConf(OmnitronObject):
    """The merchant's settings for the channel. A connector reads its own keys with `conf.get(key)`."""

    FAILED_INTEGRATION: Annotated[dict[str, RetryLimits], NoneAsEmpty] = {}
    """Content type, or `DEFAULT` → how often a failed object is offered again."""
    ATTRIBUTE_SET_STRATEGY: str | None = None
    """How Omnitron chooses the attribute set of a product."""
    remote_id_attribute: Annotated[str | None, EmptyAsNone] = None
    """Path to the field that identifies a product on the channel, joined with `__`; `sku` if None."""
    WAREHOUSE_CODES: Codes = {}
    """Extra stock list → the country's or warehouse's code on the channel."""
    CURRENCY_MAPPINGS: Codes = {}
    """Extra price list → the country's or currency's code on the channel."""
    CUSTOMER_IDENTIFIER_FIELD: Annotated[CustomerIdentifierField | None, EmptyAsNone] = None
    """The field that identifies a customer; the e-mail address if None."""
    reason_mapping: Annotated[dict[str, int], NoneAsEmpty] = {}
    """The channel's reason for a cancellation or a refund → Omnitron's."""
    cancellation_reason_id: Annotated[int | None, EmptyAsNone] = None
    """Omnitron's reason if `reason_mapping` does not hold the channel's."""
    send_shipping_info: bool = False
    """Whether buyers are told the carrier of their order."""
    order_lookback: Annotated[float | None, EmptyAsNone] = None
    """Days of orders, cancellations and requests that each run reads; 7 if None."""

    def get(self, key: str, default: Any = None) -> Any:
        """A field of the conf by its key, including the connector's own."""
        if key in type(self).model_fields:
            return getattr(self, key)
        # Not with getattr: `schema` and `copy` are methods of pydantic.
        return (self.__pydantic_extra__ or {}).get(key, default)


def _empty_unless_object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


class Channel(OmnitronObject):
    """A sales channel: one marketplace of one shop."""

    pk: Key
    """Omnitron's key."""
    name: str = ""
    """As the merchant calls it."""
    catalog: int | None = None
    """Omnitron's key of its catalog."""
    category_tree: int | None = None
    """Omnitron's key of its tree, once the setup has made it."""
    is_active: bool = True
    """Whether it is switched on."""
    conf: ChannelConf = ChannelConf()
    """The merchant's settings, not checked; `self.conf` is."""
    schema_: Annotated[dict[str, Any], Field(alias="schema"), BeforeValidator(_empty_unless_object)] = {}
    """The form of these settings (`schema` in Omnitron)."""


class Catalog(OmnitronObject):
    """The price list and stock list that a channel sells from."""

    pk: Key
    name: str = ""
    stock_list: int | None = None
    price_list: int | None = None
    category_tree: int | None = None
    extra_stock_lists: list[ForeignKey] = []
    extra_price_lists: list[ForeignKey] = []


class ContentTypeRow(OmnitronObject):
    """Omnitron's id of a model, which some payloads need instead of its name."""

    id: Whole
    model: str


class ActionContentType(OmnitronObject):
    """The model of the object of an integration action."""

    id: Whole | None = None
    model: str


class IntegrationAction(OmnitronObject):
    """Omnitron's record of one object on the channel: its `remote_id`, its `version_date`, its status."""

    pk: Key
    """Omnitron's key."""
    channel: Whole | None = None
    """Omnitron's key of the channel."""
    content_type: ActionContentType
    """The type of the object."""
    object_id: Whole
    """Omnitron's key of the object."""
    remote_id: RemoteId = None
    """The channel's id of the object."""
    version_date: UtcDatetime | None = None
    """The version that the channel has."""
    local_batch_id: str | None = None
    """The batch that holds it."""
    status: IntegrationActionStatus
    """What became of it."""
    modified_date: UtcDatetime | None = None
    """When the record changed."""
    product: "Product | None" = None
    """Attached by `get_content_objects_from_integrations`, if the product still exists."""

    @property
    def object_key(self) -> tuple[ContentType, int]:
        """The content type and key of its object."""
        return ContentType(self.content_type.model), self.object_id

    @property
    def state(self) -> dict[str, Any]:
        """What is kept with the action, whatever it is; empty if there is none."""
        # Not a field: an action that came without a state is written back without one.
        return _empty_unless_object((self.__pydantic_extra__ or {}).get("state"))

    @property
    def failed_reason_type(self) -> str | None:
        """The system that failed, if the hub keeps it in the action's `state`."""
        reason = self.state.get("failed_reason_type")
        return str(reason) if reason else None


class Keyed(OmnitronObject):
    """A row of which only the key counts."""

    pk: Key


class ProductImage(OmnitronObject):
    """One picture of a product."""

    pk: Key
    """Omnitron's key."""
    product: Whole | None = None
    """Omnitron's key of the product."""
    status: str | None = None
    """`active`, or another word of Omnitron's."""
    order: Whole | None = None
    """Its place among the product's images."""
    image: str
    """Its address."""
    modified_date: UtcDatetime | None = None
    """Its version."""
    remote_id: RemoteId = None
    """Attached by the commands that read it: the remote id of its product."""


class ProductPrice(OmnitronObject):
    """A product's price in one price list."""

    pk: Key
    """Omnitron's key."""
    product: Whole
    """Omnitron's key of the product; the product itself with `add_product_objects`."""
    price: Money
    """The price of one unit, with tax (assumed)."""
    price_list: Whole | None = None
    """Omnitron's key of the list."""
    currency_type: str | None = None
    """Code in small letters, such as `try`."""
    tax_rate: Money | None = None
    """Per cent."""
    retail_price: Money | None = None
    """The price without any offer, with tax (assumed)."""
    discount_percentage: Money | None = None
    """Per cent off the retail price (assumed)."""
    extra_field: dict[str, Any] | None = None
    """All that is kept with it."""
    modified_date: UtcDatetime | None = None
    """Its version."""
    remote_id: RemoteId = None
    """Attached by the commands that read it: the remote id of its product."""
    code: str | None = None
    """Attached by the commands that read an extra list: the code of its country or currency."""
    productstock: "ProductStock | None" = None
    """Attached by `get_stocks_from_product_prices`, for reference."""


class ProductStock(OmnitronObject):
    """A product's quantity in one stock list."""

    pk: Key
    """Omnitron's key."""
    product: Whole
    """Omnitron's key of the product; the product itself with `add_product_objects`."""
    stock: Whole
    """The quantity for sale, in `unit_type`."""
    stock_list: Whole | None = None
    """Omnitron's key of the list."""
    unit_type: str | None = None
    """The unit, such as `qty`."""
    sold_quantity_unreported: Whole | None = None
    """The quantity that Omnitron has reserved."""
    extra_field: dict[str, Any] | None = None
    """All that is kept with it."""
    modified_date: UtcDatetime | None = None
    """Its version."""
    remote_id: RemoteId = None
    """Attached by the commands that read it: the remote id of its product."""
    code: str | None = None
    """Attached by the commands that read an extra list: the code of its country or warehouse."""
    productprice: ProductPrice | None = None
    """Attached by `get_prices_from_product_stocks`, for reference."""


class CategoryNode(OmnitronObject):
    """A node of a category tree; `path` starts with its parent's path."""

    pk: Key
    name: str
    path: str = ""
    integration_action: IntegrationAction | None = None
    """Attached by `get_channel_ids`, and by `get_product_categories_with_integration_action`."""

    @property
    def remote_id(self) -> str | None:
        """The channel's id of the category, if its action is attached and bound."""
        return self.integration_action.remote_id if self.integration_action else None


class ProductCategory(OmnitronObject):
    """A row that puts a product into a category."""

    category: CategoryNode


class MappedAttributeValue(OmnitronObject):
    """One attribute's value in the channel's vocabulary."""

    attribute_name: str | None = None
    label: Any = None
    value: Any = None
    attribute_remote_id: Any = None
    is_required: bool | None = None
    is_variant: bool | None = None
    is_custom: bool | None = None
    is_meta: bool | None = None


class AttributeIds(Dto):
    """One value of one attribute of a product, with the channel's ids of both; None where the setup has bound no such id."""

    name: str
    """The attribute's name."""
    value: Any
    """The product's value."""
    attribute_id: RemoteId = None
    """The channel's id of the attribute."""
    value_id: RemoteId = None
    """The channel's id of the value. A custom value has no id."""


class MappedProduct(OmnitronObject):
    """The mapping service's answer for one product."""

    pk: Key
    mapped_attributes: dict[str, Any] = {}
    """Attribute name → value."""
    attribute_set_id: Whole | None = None
    attribute_set_name: str | None = None
    attribute_set_remote_id: RemoteId = None
    mapped_attribute_values: dict[str, MappedAttributeValue] = {}
    """Attribute pk → the value, and the channel's rules for it."""
    ids: list[AttributeIds] | None = None
    """Attached by `get_channel_ids`."""


class Product(OmnitronObject):
    """A product, with the fields that enrichment commands attach."""

    pk: Key
    """Omnitron's key."""
    name: str = ""
    """As the merchant calls it."""
    base_code: str | None = None
    """The same for all variants of a product."""
    sku: str
    """The merchant's code of the variant, unique."""
    product_type: str | None = None
    """`0`: a simple product."""
    is_active: bool | None = None
    """Whether it is for sale at all."""
    parent: Any = None
    """The product that it belongs to."""
    attributes: dict[str, Any] = {}
    """The merchant's attributes: name → value."""
    productimage_set: list[ProductImage] = []
    """Its images."""
    attribute_set: Any = None
    """Omnitron's key of the set of its attributes."""
    productization_date: UtcDatetime | None = None
    """When it became a product."""
    modified_date: UtcDatetime | None = None
    """Its version."""

    mapped_attributes: MappedProduct | None = None
    """Attached by `add_mapped`: its attributes in the channel's words."""
    productstock: ProductStock | None = None
    """Attached by `add_stock`: the stock that travels with it."""
    productprice: ProductPrice | None = None
    """Attached by `add_price`: the price that travels with it."""
    category_nodes: list[CategoryNode] | None = None
    """Attached by `add_categories`: its categories in the channel's tree."""
    integration_action: IntegrationAction | None = None
    """The product's own action: on updates, its `remote_id` is the channel's id of the product."""
