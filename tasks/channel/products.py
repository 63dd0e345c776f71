"""What a connector answers about products. It subclasses what its channel can do and lists it in its `actions`."""

from dto.enums import ContentType
from dto.omnitron import IntegrationAction, Product
from tasks.channel.command import CheckCommand, SendCommand


class SendInsertedProducts(SendCommand[list[Product]]):
    """Products that the channel does not have. One that it has all the same is overwritten."""

    key = "send_inserted_products"
    content_type = ContentType.product


class SendUpdatedProducts(SendCommand[list[Product]]):
    """Products that changed; `product.integration_action.remote_id` is their name on the channel."""

    key = "send_updated_products"
    content_type = ContentType.product


class SendDeletedProducts(SendCommand[list[IntegrationAction]]):
    """Products to take off the channel, by their actions: `action.remote_id`, and `action.product` while it exists.

    One that the channel does not know counts as deleted.
    """

    key = "send_deleted_products"
    content_type = ContentType.integration_action


class CheckProducts(CheckCommand):
    """Results of products that were sent."""

    key = "check_products"
    content_type = ContentType.product


class CheckDeletedProducts(CheckCommand):
    """Results of products that were to be deleted."""

    key = "check_deleted_products"
    content_type = ContentType.integration_action
