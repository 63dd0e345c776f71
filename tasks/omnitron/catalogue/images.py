"""Images that are due."""

from dto.enums import ContentType
from dto.omnitron import ProductImage
from tasks.omnitron.catalogue.offers import GetInsertedOffers, GetUpdatedOffers


class GetInsertedImages(GetInsertedOffers[ProductImage]):
    """Reads images that the channel never had, each with its product's name there. An image whose product is not there
    waits; if the command runs alone, it fails: `ProductNotSent`."""

    key = "get_inserted_images"
    content_type = ContentType.product_image


class GetUpdatedImages(GetUpdatedOffers[ProductImage]):
    """Reads images that the channel has in an older version, each with its product's name there."""

    key = "get_updated_images"
    content_type = ContentType.product_image
