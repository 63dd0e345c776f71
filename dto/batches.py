"""What is told to Omnitron about the objects of a batch, and what a channel answers about each of them."""

from typing import Annotated

from pydantic import Field

from dto.base import Dto, EmptyAsNone, UtcDatetime, Whole
from dto.enums import BatchRequestStatus, FailedReasonType, ResponseStatus


class BatchRequestObjectsDto(Dto):
    """One object of a batch, as it is committed or settled.

    `version_date` is the object's modified date when it was read: a later one would mark an unsent change as sent.
    """

    pk: Whole
    version_date: UtcDatetime
    content_type: str
    failed_reason_type: Annotated[FailedReasonType | None, EmptyAsNone] = None
    # The mission's page types it as a number; channels have ids such as "123a1".
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
    """A channel's verdict on one product, price, stock or image.

    `sku` holds whatever identifies a product on the channel: the sku, or the value behind `remote_id_attribute`. It
    speaks of every object of that product in the batch: of all its images.
    """

    status: ResponseStatus
    sku: str
    remote_id: str | None = ""
    message: str | None = ""


class ImageBatchRequestResponseDto(Dto):
    """A channel's verdict on one image alone, for a channel that can tell a product's images apart.

    `pk` is Omnitron's key of the image, as the connector was given it.
    """

    status: ResponseStatus
    pk: Whole
    remote_id: str | None = ""
    message: str | None = ""


class BatchRequestResponseDto(Dto):
    """A channel's verdict on one object of any kind, named by its remote id or its sku."""

    status: ResponseStatus
    remote_id: str | None = ""
    sku: str | None = ""
    message: str | None = ""


class OrderBatchRequestResponseDto(Dto):
    """A channel's verdict on one order update, named by the channel's order id and the order number."""

    status: ResponseStatus
    remote_id: str
    number: str
    message: str | None = ""
