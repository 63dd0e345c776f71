"""Omnitron's objects, as it answers them. What a channel needs is typed; every other field is kept as it came."""

from decimal import Decimal
from typing import Annotated, Any

from pydantic import AliasChoices, BeforeValidator, Field

from dto.base import EmptyAsNone, Money, NoneAsNothing, OmnitronObject, UtcDatetime
from dto.enums import BatchRequestStatus, ContentType, CustomerIdentifierField, IntegrationActionStatus

Key = Annotated[int, Field(validation_alias=AliasChoices("pk", "id"))]
"""A row's key. A few of Omnitron's resources call it `id`."""


def _text_of_number(value: Any) -> Any:
    return str(value) if isinstance(value, int | Decimal) and not isinstance(value, bool) else value


RemoteId = Annotated[str | None, EmptyAsNone, BeforeValidator(_text_of_number)]
"""The channel's name for an object. Always text, whatever it was sent as; empty means unknown."""


def _list_key(value: Any) -> Any:
    return value.get("pk", value.get("id")) if isinstance(value, dict) else value


ListKey = Annotated[int, BeforeValidator(_list_key)]
"""The key of a price or stock list. Some catalogs show the list itself in its place."""

Codes = Annotated[dict[str, str], BeforeValidator(lambda value: value or {})]
"""Key of a list → its code on the channel. Empty where the merchant left the field empty."""


def _key_of(value: Any) -> Any:
    return value.get("pk", value.get("id")) if isinstance(value, dict) else value


Reference = Annotated[int, BeforeValidator(_key_of)]
"""Another row, by its key; some lists show the row itself in its place."""
OptionalReference = Annotated[int | None, BeforeValidator(_key_of)]
"""The same where there may be none."""


class RetryLimits(OmnitronObject):
    """How often, and for how long, Omnitron offers a failed object again."""

    RETRY_INTERVAL: int | None = None
    """Seconds between two offers of one object."""
    MAX_RETRY_COUNT: int | None = None


class ChannelConf(OmnitronObject):
    """What the merchant filled in for the channel. A connector reads its own keys with `conf.get(key)`."""

    FAILED_INTEGRATION: Annotated[dict[str, RetryLimits], NoneAsNothing] = {}
    ATTRIBUTE_SET_STRATEGY: str | None = None
    remote_id_attribute: Annotated[str | None, EmptyAsNone] = None
    """Path to the product field that identifies it on the channel, joined with `__`; none means `sku`."""
    WAREHOUSE_CODES: Codes = {}
    """Extra stock list → the country's or warehouse's code on the channel."""
    CURRENCY_MAPPINGS: Codes = {}
    """Extra price list → the country's or currency's code on the channel."""
    CUSTOMER_IDENTIFIER_FIELD: Annotated[CustomerIdentifierField | None, EmptyAsNone] = None
    """What tells two customers apart; none means the e-mail address."""
    reason_mapping: Annotated[dict[str, int], NoneAsNothing] = {}
    """The channel's reason for a cancellation or a refund → Omnitron's."""
    cancellation_reason_id: Annotated[int | None, EmptyAsNone] = None
    """Omnitron's reason where `reason_mapping` has none."""
    send_shipping_info: bool = False
    order_lookback: Annotated[float | None, EmptyAsNone] = None
    """Days over which orders, cancellations and requests are read back; none means 7."""

    def get(self, key: str, default: Any = None) -> Any:
        """A field of the conf by its key, the connector's own ones included."""
        if key in type(self).model_fields:
            return getattr(self, key)
        # Not by getattr: `schema` and `copy` are methods of pydantic's.
        return (self.__pydantic_extra__ or {}).get(key, default)


def _empty_unless_object(value: Any) -> Any:
    return value if isinstance(value, dict) else {}


class Channel(OmnitronObject):
    """A sales channel: one marketplace of one shop."""

    pk: Key
    name: str = ""
    catalog: int | None = None
    category_tree: int | None = None
    is_active: bool = True
    conf: ChannelConf = ChannelConf()
    schema_: Annotated[dict[str, Any], Field(alias="schema"), BeforeValidator(_empty_unless_object)] = {}


class Catalog(OmnitronObject):
    """Which price list and stock list a channel sells from."""

    pk: Key
    name: str = ""
    stock_list: int | None = None
    price_list: int | None = None
    category_tree: int | None = None
    extra_stock_lists: list[ListKey] = []
    extra_price_lists: list[ListKey] = []


class ContentTypeRow(OmnitronObject):
    """Omnitron's id of a model, which some payloads want in place of its name."""

    id: int
    model: str


class ActionContentType(OmnitronObject):
    """The model that an integration action speaks of."""

    id: int | None = None
    model: str


class IntegrationAction(OmnitronObject):
    """What Omnitron believes about one object: known to the channel as `remote_id`, at version `version_date`."""

    pk: Key
    channel: int | None = None
    content_type: ActionContentType
    object_id: int
    remote_id: RemoteId = None
    version_date: UtcDatetime | None = None
    local_batch_id: str | None = None
    status: IntegrationActionStatus
    modified_date: UtcDatetime | None = None
    product: "Product | None" = None
    """Attached by `get_content_objects_from_integrations`, where the product still exists."""

    @property
    def failed_reason_type(self) -> str | None:
        """Who could not, where the hub keeps it in the action's `state`."""
        # No field: an action that came without a state is written back without one.
        state = (self.__pydantic_extra__ or {}).get("state")
        reason = state.get("failed_reason_type") if isinstance(state, dict) else None
        return str(reason) if reason else None


class Keyed(OmnitronObject):
    """A row of which only the key counts."""

    pk: Key


class ProductImage(OmnitronObject):
    """One picture of a product."""

    pk: Key
    product: int | None = None
    status: str | None = None
    order: int | None = None
    image: str
    modified_date: UtcDatetime | None = None
    remote_id: RemoteId = None
    """Attached by the commands that offer it: its product's name on the channel."""


class ProductPrice(OmnitronObject):
    """A product's price in one price list."""

    pk: Key
    product: int
    price: Money
    price_list: int | None = None
    currency_type: str | None = None
    tax_rate: Money | None = None
    retail_price: Money | None = None
    discount_percentage: Money | None = None
    extra_field: dict[str, Any] | None = None
    modified_date: UtcDatetime | None = None
    remote_id: RemoteId = None
    """Attached by the commands that offer it: its product's name on the channel."""
    code: str | None = None
    """Attached by the commands that read an extra list: the country or currency that the list is for."""
    productstock: "ProductStock | None" = None
    """Attached by `get_stocks_from_product_prices`, for reference."""


class ProductStock(OmnitronObject):
    """A product's quantity in one stock list."""

    pk: Key
    product: int
    stock: int
    stock_list: int | None = None
    unit_type: str | None = None
    sold_quantity_unreported: int | None = None
    extra_field: dict[str, Any] | None = None
    modified_date: UtcDatetime | None = None
    remote_id: RemoteId = None
    """Attached by the commands that offer it: its product's name on the channel."""
    code: str | None = None
    """Attached by the commands that read an extra list: the country or warehouse that the list is for."""
    productprice: ProductPrice | None = None
    """Attached by `get_prices_from_product_stocks`, for reference."""


class CategoryNode(OmnitronObject):
    """A place in a category tree; `path` starts with its parent's path."""

    pk: Key
    name: str
    path: str = ""
    integration_action: IntegrationAction | None = None
    """Attached by `get_product_categories_with_integration_action`: the node's name on the channel."""


class CategoryTree(OmnitronObject):
    """A category tree, by its root."""

    pk: Key
    name: str = ""
    category_root: CategoryNode


class ProductCategory(OmnitronObject):
    """A row that says: this product stands in this category."""

    category: CategoryNode


class MappedAttributeValue(OmnitronObject):
    """One attribute's value in the channel's words."""

    attribute_name: str | None = None
    label: Any = None
    value: Any = None
    attribute_remote_id: Any = None
    is_required: bool | None = None
    is_variant: bool | None = None
    is_custom: bool | None = None
    is_meta: bool | None = None


class MappedProduct(OmnitronObject):
    """The mapping service's answer for one product."""

    pk: Key
    mapped_attributes: dict[str, Any] = {}
    """Attribute name → value."""
    attribute_set_id: int | None = None
    attribute_set_name: str | None = None
    attribute_set_remote_id: RemoteId = None
    mapped_attribute_values: dict[str, MappedAttributeValue] = {}
    """Attribute pk → the value and what the channel asks of it."""


class AttributeRef(OmnitronObject):
    """The attribute that a config speaks of."""

    pk: Key
    name: str


class AttributeSetRef(OmnitronObject):
    """The set that a config belongs to."""

    id: Annotated[int | None, Field(validation_alias=AliasChoices("id", "pk"))] = None
    name: str = ""


class AttributeConfig(OmnitronObject):
    """What a set asks of one attribute."""

    attribute: AttributeRef
    attribute_set: AttributeSetRef = AttributeSetRef()
    attribute_remote_id: Any = None
    is_required: bool = False
    is_variant: bool = False
    is_custom: bool = False
    is_meta: bool = False


class Product(OmnitronObject):
    """A product, and what the enrichment commands attach to it."""

    pk: Key
    name: str = ""
    base_code: str | None = None
    sku: str
    product_type: str | None = None
    is_active: bool | None = None
    parent: Any = None
    attributes: dict[str, Any] = {}
    productimage_set: list[ProductImage] = []
    attribute_set: Any = None
    productization_date: UtcDatetime | None = None
    modified_date: UtcDatetime | None = None

    mapped_attributes: MappedProduct | None = None
    productstock: ProductStock | None = None
    productprice: ProductPrice | None = None
    category_nodes: list[CategoryNode] | None = None
    integration_action: IntegrationAction | None = None
    """The product's own action: on updates, its `remote_id` is the product's name on the channel."""


class BatchRequest(OmnitronObject):
    """One batch, as Omnitron shows it. Its objects are not shown: they are its integration actions."""

    pk: Key
    channel: int | None = None
    local_batch_id: str
    remote_batch_id: RemoteId = None
    content_type: ContentType | None = None
    status: BatchRequestStatus
    created_date: UtcDatetime | None = None
    modified_date: UtcDatetime | None = None


class ErrorReportRow(OmnitronObject):
    """A line of the merchant's log, on hubs that let it be read."""

    pk: Key
    action_object_id: int | None = None
    error_code: str = ""
    error_desc: str = ""
    raw_response: str | None = None
    is_ok: bool = False
    created_date: UtcDatetime | None = None
    modified_date: UtcDatetime | None = None
