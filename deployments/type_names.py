"""The names of content types on the command line."""

from collections.abc import Mapping
from enum import StrEnum

from dto.enums import ContentType


class GoodsName(StrEnum):
    """The objects that are sent for a product."""

    product = "product"
    price = "price"
    stock = "stock"
    image = "image"


class ObjectName(StrEnum):
    """The objects that can fail in a batch."""

    product = "product"
    price = "price"
    stock = "stock"
    image = "image"
    order = "order"
    cancellation_request = "cancellation-request"
    deletion = "deletion"


CONTENT_TYPES: Mapping[str, ContentType] = {
    ObjectName.product: ContentType.product,
    ObjectName.price: ContentType.product_price,
    ObjectName.stock: ContentType.product_stock,
    ObjectName.image: ContentType.product_image,
    ObjectName.order: ContentType.order,
    ObjectName.cancellation_request: ContentType.cancellation_request,
    ObjectName.deletion: ContentType.integration_action,
}
