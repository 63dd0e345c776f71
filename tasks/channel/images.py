"""What a connector answers about images. It subclasses what its channel can do and lists it in its `actions`."""

from dto.enums import ContentType
from dto.omnitron import ProductImage
from tasks.channel.command import CheckCommand, SendCommand


class SendInsertedImages(SendCommand[list[ProductImage]]):
    """Images that the channel does not have yet; `remote_id` is the name of their product on the channel."""

    key = "send_inserted_images"
    content_type = ContentType.product_image


class SendUpdatedImages(SendCommand[list[ProductImage]]):
    """Images that changed; `remote_id` is the name of their product on the channel."""

    key = "send_updated_images"
    content_type = ContentType.product_image


class CheckImages(CheckCommand):
    """Results of images that were sent."""

    key = "check_images"
    content_type = ContentType.product_image
