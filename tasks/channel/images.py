"""A connector's commands for images. It subclasses those that its channel supports and lists them in its `actions`."""

from dto.enums import ContentType
from dto.omnitron import ProductImage
from tasks.channel.checking import CheckCommand
from tasks.channel.command import Connector
from tasks.channel.sending import SendCommand


class SendInsertedImages(SendCommand[list[ProductImage], Connector]):
    """Sends images that the channel does not have yet; `remote_id` is the name of their product there."""

    key = "send_inserted_images"
    content_type = ContentType.product_image


class SendUpdatedImages(SendCommand[list[ProductImage], Connector]):
    """Sends images that changed; `remote_id` is the name of their product on the channel."""

    key = "send_updated_images"
    content_type = ContentType.product_image


class CheckImages(CheckCommand[Connector]):
    """Asks for the results of images that were sent."""

    key = "check_images"
    content_type = ContentType.product_image
