"""A connector's commands for products. It subclasses those that its channel supports and lists them in its `actions`."""

from dto.enums import ContentType
from dto.listing import ListedProductDto
from dto.omnitron import IntegrationAction, Product
from tasks.channel.checking import CheckCommand
from tasks.channel.command import Connector
from tasks.channel.fetching import FetchAll
from tasks.channel.sending import SendCommand


class SendInsertedProducts(SendCommand[list[Product], Connector]):
    """Sends products that the channel does not have. One that it has nevertheless is overwritten."""

    key = "send_inserted_products"
    content_type = ContentType.product


class SendUpdatedProducts(SendCommand[list[Product], Connector]):
    """Sends products that changed; `product.integration_action.remote_id` is their name on the channel."""

    key = "send_updated_products"
    content_type = ContentType.product


class SendDeletedProducts(SendCommand[list[IntegrationAction], Connector]):
    """Takes products off the channel, by their actions: `action.remote_id`, and `action.product` while it exists.

    A product that the channel does not know counts as deleted.
    """

    key = "send_deleted_products"
    content_type = ContentType.integration_action


class CheckProducts(CheckCommand[Connector]):
    """Asks for the results of products that were sent."""

    key = "check_products"
    content_type = ContentType.product


class CheckDeletedProducts(CheckCommand[Connector]):
    """Asks for the results of deletions."""

    key = "check_deleted_products"
    content_type = ContentType.integration_action


class GetListing(FetchAll[ListedProductDto, Connector]):
    """Reads all products that the channel knows now, with the state of each: live, in review, rejected or delisted."""

    key = "get_listing"
    content_type = ContentType.product
    item = ListedProductDto
