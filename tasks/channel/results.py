"""A channel's result for one item, in the form that belongs to the item's type."""

from dto.batches import (
    BatchRequestResponseDto,
    ImageBatchRequestResponseDto,
    OrderBatchRequestResponseDto,
    ProductBatchRequestResponseDto,
)
from dto.enums import GOODS, ContentType, ResponseStatus
from dto.omnitron import ProductImage
from dto.outcomes import ItemResult


def result_of(
    content_type: ContentType | None,
    status: ResponseStatus,
    name: str | ProductImage,
    remote_id: str | None,
    message: str | None,
    order: str | None = None,
) -> ItemResult:
    """The result for the item with this name."""
    if isinstance(name, ProductImage):
        return ImageBatchRequestResponseDto(status=status, pk=name.pk, remote_id=remote_id, message=message)
    if content_type in GOODS:
        return ProductBatchRequestResponseDto(status=status, sku=name, remote_id=remote_id, message=message)
    if content_type is ContentType.order:
        return OrderBatchRequestResponseDto(status=status, remote_id=remote_id or "", number=name, message=message)
    return BatchRequestResponseDto(status=status, remote_id=remote_id or name, sku=name, message=message, order=order)
