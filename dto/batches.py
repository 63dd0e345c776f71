"""The objects of a batch, as Omnitron is told about them and as a channel answers for them."""

from typing import Annotated

from pydantic import Field

from dto.base import Dto, EmptyAsNone, UtcDatetime, Whole
from dto.enums import BatchRequestStatus, FailedReasonType, ResponseStatus


class BatchRequestObjectsDto(Dto):
    """One object of a batch, in a commit or a settlement.

    `version_date` is the object's modified date at the time of reading: a later date would mark an unsent change as sent.
    """

    pk: Whole
    version_date: UtcDatetime
    content_type: str
    failed_reason_type: Annotated[FailedReasonType | None, EmptyAsNone] = None
    # Documented as a number, but channels have ids such as "123a1".
    remote_id: Annotated[str | None, EmptyAsNone] = None


class BatchRequestDto(Dto):
    """A batch with its objects. `local_batch_id` is Omnitron's id, `remote_batch_id` the channel's."""

    channel: Whole
    local_batch_id: str
    content_type: str
    pk: Whole | None = 0
    remote_batch_id: str | None = ""
    status: Annotated[BatchRequestStatus | None, EmptyAsNone] = None
    objects: list[BatchRequestObjectsDto] | None = Field(default_factory=list)


class ProductBatchRequestResponseDto(Dto):
    """A channel's result for one product, price, stock or image.

    `sku` identifies a product on the channel: it is the sku, or the value of `remote_id_attribute`. The result applies to
    every object of that product in the batch, such as all its images.
    """

    status: ResponseStatus
    sku: str
    remote_id: str | None = ""
    message: str | None = ""


class ImageBatchRequestResponseDto(Dto):
    """A channel's result for one image, if the channel distinguishes the images of a product.

    `pk` is Omnitron's key of the image, as the connector received it.
    """

    status: ResponseStatus
    pk: Whole
    remote_id: str | None = ""
    message: str | None = ""


class BatchRequestResponseDto(Dto):
    """A channel's result for one object of any type, identified by its remote id or its sku. `order` is the id or the number of
    its order, where the channel's ids are unique within their order only."""

    status: ResponseStatus
    remote_id: str | None = ""
    sku: str | None = ""
    message: str | None = ""
    order: str | None = None


class OrderBatchRequestResponseDto(Dto):
    """A channel's result for one order update, identified by the channel's order id and the order number."""

    status: ResponseStatus
    remote_id: str
    number: str
    message: str | None = ""
