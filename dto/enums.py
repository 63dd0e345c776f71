"""The closed vocabularies of Omnitron and of the channels' answers, with the names that integrators know."""

from enum import StrEnum


class BatchRequestStatus(StrEnum):
    """The status of a batch; `dto.batch_states` holds the legal moves."""

    initialized = "initialized"
    commit = "commit"
    sent_to_remote = "sent_to_remote"
    ongoing = "ongoing"
    done = "done"
    fail = "fail"


class IntegrationActionStatus(StrEnum):
    """The status that Omnitron records for one object on the channel."""

    processing = "processing"
    success = "success"
    error = "error"


class ContentType(StrEnum):
    """Omnitron's model names."""

    product = "product"
    product_price = "productprice"
    product_stock = "productstock"
    product_image = "productimage"
    product_category = "productcategory"
    order = "order"
    order_item = "orderitem"
    cancellation_request = "cancellationrequest"
    batch_request = "batchrequest"
    integration_action = "integrationaction"
    channel = "channel"
    category_tree = "categorytree"
    category_node = "categorynode"
    attribute = "marketplaceattribute"
    attribute_set = "marketplaceattributeset"
    attribute_set_config = "marketplaceattributesetconfig"
    attribute_schema = "marketplaceattributeschema"
    attribute_value = "marketplaceattributevalue"
    attribute_value_config = "marketplaceattributevalueconfig"


OFFERS = (ContentType.product_price, ContentType.product_stock, ContentType.product_image)
"""A channel's answers about these name their product."""
GOODS = (ContentType.product, *OFFERS)


class FailedReasonType(StrEnum):
    """The system that failed: the mapping in Omnitron, the channel, or this program."""

    mapping = "mapping"
    remote = "remote"
    channel_app = "channel_app"


class ResponseStatus(StrEnum):
    """A channel's result for one item. Any other answer means that the item is not done."""

    fail = "FAIL"
    success = "SUCCESS"


class ListingState(StrEnum):
    """The state of a product on the channel, as the channel tells it."""

    live = "live"
    """Buyers can see it."""
    in_review = "in review"
    """The channel has not decided yet."""
    rejected = "rejected"
    """The channel refused it, at once or later."""
    delisted = "delisted"
    """The channel, or somebody there, took it off the market."""


class ErrorType(StrEnum):
    """The kinds of place that a merchant can map, and that an address error names."""

    country = "country"
    city = "city"
    township = "township"
    district = "district"


class CancellationType(StrEnum):
    """The request of a buyer: to cancel the item before it is shipped, or to get the money back."""

    cancel = "cancel"
    refund = "refund"


class OrderStatus(StrEnum):
    """The statuses of orders and their items that this program names. Omnitron has more; they pass through as text."""

    cancelled = "100"
    new = "400"
    """The default of an order, and of an item."""
    packed = "450"
    shipped = "500"
    delivered = "550"


class CustomerIdentifierField(StrEnum):
    """The field that identifies a customer (`CUSTOMER_IDENTIFIER_FIELD` in the channel's conf)."""

    email = "email"
    phone_number = "phone_number"


class ChannelConfSchemaDataTypes(StrEnum):
    """The types of the settings that a merchant fills in for a channel."""

    text = "text"
    URL = "URL"
    email = "email"
    date = "date"
    datetime = "datetime"
    bool = "bool"
    json = "json"
    list = "list"
    integer = "integer"
