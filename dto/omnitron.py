"""Omnitron's objects. Fields that a channel needs are typed; all others are kept as they came."""

from decimal import Decimal
from typing import Annotated, Any

from pydantic import AliasChoices, BeforeValidator, Field

from dto.base import Dto, EmptyAsNone, Money, NoneAsEmpty, OmnitronObject, UtcDatetime, Whole
from dto.enums import BatchRequestStatus, ContentType, CustomerIdentifierField, IntegrationActionStatus

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
    ATTRIBUTE_SET_STRATEGY: str | None = None
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
    name: str = ""
    catalog: int | None = None
    category_tree: int | None = None
    is_active: bool = True
    conf: ChannelConf = ChannelConf()
    schema_: Annotated[dict[str, Any], Field(alias="schema"), BeforeValidator(_empty_unless_object)] = {}


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
    channel: Whole | None = None
    content_type: ActionContentType
    object_id: Whole
    remote_id: RemoteId = None
    version_date: UtcDatetime | None = None
    local_batch_id: str | None = None
    status: IntegrationActionStatus
    modified_date: UtcDatetime | None = None
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
    product: Whole | None = None
    status: str | None = None
    order: Whole | None = None
    image: str
    modified_date: UtcDatetime | None = None
    remote_id: RemoteId = None
    """Attached by the commands that read it: the remote id of its product."""


class ProductPrice(OmnitronObject):
    """A product's price in one price list."""

    pk: Key
    product: Whole
    price: Money
    price_list: Whole | None = None
    currency_type: str | None = None
    tax_rate: Money | None = None
    retail_price: Money | None = None
    discount_percentage: Money | None = None
    extra_field: dict[str, Any] | None = None
    modified_date: UtcDatetime | None = None
    remote_id: RemoteId = None
    """Attached by the commands that read it: the remote id of its product."""
    code: str | None = None
    """Attached by the commands that read an extra list: the code of its country or currency."""
    productstock: "ProductStock | None" = None
    """Attached by `get_stocks_from_product_prices`, for reference."""


class ProductStock(OmnitronObject):
    """A product's quantity in one stock list."""

    pk: Key
    product: Whole
    stock: Whole
    stock_list: Whole | None = None
    unit_type: str | None = None
    sold_quantity_unreported: Whole | None = None
    extra_field: dict[str, Any] | None = None
    modified_date: UtcDatetime | None = None
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


class CategoryTree(OmnitronObject):
    """A category tree, by its root."""

    pk: Key
    name: str = ""
    category_root: CategoryNode


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
    value: Any
    attribute_id: RemoteId = None
    value_id: RemoteId = None


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


class AttributeRef(OmnitronObject):
    """The attribute of a config."""

    pk: Key
    name: str


class AttributeSetRef(OmnitronObject):
    """The attribute set of a config."""

    id: Annotated[Whole | None, Field(validation_alias=AliasChoices("id", "pk"))] = None
    name: str = ""


class AttributeConfig(OmnitronObject):
    """The rules of a set for one attribute."""

    attribute: AttributeRef
    attribute_set: AttributeSetRef = AttributeSetRef()
    attribute_remote_id: Any = None
    is_required: bool = False
    is_variant: bool = False
    is_custom: bool = False
    is_meta: bool = False


class Product(OmnitronObject):
    """A product, with the fields that enrichment commands attach."""

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
    """The product's own action: on updates, its `remote_id` is the channel's id of the product."""


class BatchRequest(OmnitronObject):
    """One batch, as Omnitron shows it: without its objects, which are its integration actions."""

    pk: Key
    channel: Whole | None = None
    local_batch_id: str
    remote_batch_id: RemoteId = None
    content_type: ContentType | None = None
    status: BatchRequestStatus
    created_date: UtcDatetime | None = None
    modified_date: UtcDatetime | None = None


class ErrorReportRow(OmnitronObject):
    """A line of the merchant's log, on hubs that allow it to be read."""

    pk: Key
    action_content_type: Annotated[Any, BeforeValidator(_key_of)] = None
    """The id of the object's type, if the hub shows it."""
    action_object_id: Whole | None = None
    error_code: str = ""
    error_desc: str = ""
    raw_response: str | None = None
    is_ok: bool = False
    created_date: UtcDatetime | None = None
    modified_date: UtcDatetime | None = None
