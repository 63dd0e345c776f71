"""The objects of a batch, as Omnitron is told about them and as a channel answers for them."""

from typing import Annotated

from pydantic import Field

from dto.base import Dto, EmptyAsNone, OmnitronObject, UtcDatetime, Whole
from dto.enums import BatchRequestStatus, ContentType, FailedReasonType, ResponseStatus
from dto.omnitron import Key, RemoteId


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
    """Whether the channel took it."""
    sku: str
    """The product's sku, or its value at `remote_id_attribute`."""
    remote_id: str | None = ""
    """The channel's id of the product. Needed of a new product that was taken; otherwise Omnitron's own is kept."""
    message: str | None = ""
    """The reason of a refusal, or a remark about a success. It reaches the merchant."""


class ImageBatchRequestResponseDto(Dto):
    """A channel's result for one image, if the channel distinguishes the images of a product.

    `pk` is Omnitron's key of the image, as the connector received it.
    """

    status: ResponseStatus
    """Whether the channel took it."""
    pk: Whole
    """Omnitron's key of the image."""
    remote_id: str | None = ""
    """The channel's id of the image's product; the one that Omnitron knows is kept."""
    message: str | None = ""
    """The reason of a refusal, or a remark about a success. It reaches the merchant."""


class BatchRequestResponseDto(Dto):
    """A channel's result for one object of any type, identified by its remote id or its sku."""

    status: ResponseStatus
    """Whether the channel took it."""
    remote_id: str | None = ""
    """The channel's id of the object, or its name."""
    sku: str | None = ""
    """The product's sku, or its value at `remote_id_attribute`. It takes precedence."""
    message: str | None = ""
    """The reason of a refusal, or a remark about a success. It reaches the merchant."""
    order: str | None = None
    """The id or the number of its order, where the channel's ids are unique within their order only."""


class OrderBatchRequestResponseDto(Dto):
    """A channel's result for one order update, identified by the channel's order id and the order number."""

    status: ResponseStatus
    """Whether the channel took it."""
    remote_id: str
    """The channel's id of the order. It takes precedence."""
    number: str
    """The order's number."""
    message: str | None = ""
    """The reason of a refusal, or a remark about a success. It reaches the merchant."""


class BatchRequest(OmnitronObject):
    """One batch, as Omnitron shows it: without its objects, which are its integration actions."""

    pk: Key
    channel: Whole | None = None
    local_batch_id: str
    remote_batch_id: RemoteId = None
    content_type: ContentType | None = None
    status: BatchRequestStatus
    created_date: UtcDatetime | None = None
    modified_date: UtcDatetime | None = None
