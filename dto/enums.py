"""The closed vocabularies of Omnitron and of the channels' answers, under the names that integrators know."""

from enum import StrEnum


class BatchRequestStatus(StrEnum):
    """Where a batch stands; `dto.batch_states` holds the legal moves."""

    initialized = "initialized"
    commit = "commit"
    sent_to_remote = "sent_to_remote"
    ongoing = "ongoing"
    done = "done"
    fail = "fail"


class IntegrationActionStatus(StrEnum):
    """What Omnitron believes about one object on the channel."""

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


class FailedReasonType(StrEnum):
    """Who could not: the mapping in Omnitron, the channel, or this program."""

    mapping = "mapping"
    remote = "remote"
    channel_app = "channel_app"


class ResponseStatus(StrEnum):
    """A channel's verdict on one item. There is no third: what is neither is not done."""

    fail = "FAIL"
    success = "SUCCESS"


class ErrorType(StrEnum):
    """The kinds of address error that a merchant can map away."""

    country = "country"
    city = "city"
    township = "township"
    district = "district"


class CancellationType(StrEnum):
    """What a buyer asks for: not to get the item, or the money back."""

    cancel = "cancel"
    refund = "refund"


class CustomerIdentifierField(StrEnum):
    """What tells two customers apart (`CUSTOMER_IDENTIFIER_FIELD` in the channel's conf)."""

    email = "email"
    phone_number = "phone_number"


class ChannelConfSchemaDataTypes(StrEnum):
    """The kinds of field that a merchant can fill in for a channel."""

    text = "text"
    URL = "URL"
    email = "email"
    date = "date"
    datetime = "datetime"
    bool = "bool"
    json = "json"
    list = "list"
    integer = "integer"
