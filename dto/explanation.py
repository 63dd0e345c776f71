"""Why one product is on sale, or is not: what the explanation answers."""

from enum import StrEnum

from pydantic import BaseModel, ConfigDict

from dto.base import Money, UtcDatetime
from dto.enums import BatchRequestStatus, ContentType, IntegrationActionStatus


class Verdict(StrEnum):
    """Where a product stands."""

    unknown = "not in Omnitron"
    switched_off = "channel switched off"
    deleted = "to be taken off the channel"
    waiting = "waiting for the channel"
    in_work = "in a batch"
    on_sale = "on sale"
    edited = "on sale in an older version"
    due = "due"
    failed = "failed"
    abandoned = "attempts used up"
    not_offered = "not offered"


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True)


class Reason(_Value):
    """One line of the merchant's log about an object that failed."""

    text: str
    moment: UtcDatetime | None


class ObjectStanding(_Value):
    """A product, or one of its prices, stocks and images: what Omnitron has, and what it believes of the channel."""

    content_type: ContentType
    pk: int
    list_number: int | None = None
    """The price or stock list that it stands in."""
    status: IntegrationActionStatus | None
    """None: the channel never had it, and no batch has it now."""
    remote_id: str | None
    version_date: UtcDatetime | None
    """The version that the status speaks of."""
    modified_date: UtcDatetime | None
    """The version that Omnitron has; none where the object is gone."""
    is_current: bool
    """The channel has the version that Omnitron has."""
    due: str | None
    """The list that offers it now: `inserts`, `updates`, or `deleted`."""
    last_try: UtcDatetime | None = None
    """When it failed."""
    next_try: UtcDatetime | None = None
    """A failed one is not offered before; none where that is unknown, or where nothing failed."""
    failed_reason_type: str | None = None
    """Who could not, where the hub says so."""
    reasons: tuple[Reason, ...] = ()
    """What the merchant's log says, newest first."""


class BatchStanding(_Value):
    """The batch that had the product last."""

    local_batch_id: str
    status: BatchRequestStatus | None
    """None: it is not among those that were read."""
    remote_batch_id: str | None = None
    since: UtcDatetime | None = None
    age: float | None = None
    """Seconds since `since`."""


class ListedStanding(_Value):
    """What the channel lists for the product at this moment."""

    remote_id: str | None = None
    price: Money | None = None
    currency: str | None = None
    stock: int | None = None


class Explanation(_Value):
    """One product on one channel at one moment."""

    sku: str | None
    pk: int | None
    verdict: Verdict
    sentence: str
    """The answer, for people: what is so, and what to do next."""
    moment: UtcDatetime
    """By Omnitron's clock."""
    objects: tuple[ObjectStanding, ...] = ()
    """The product first."""
    batch: BatchStanding | None = None
    are_reports_readable: bool | None = None
    """Whether this Omnitron lets its reports be read; none: it was not asked."""
    listed: ListedStanding | None = None
    channel_note: str | None = None
    """Why nothing is known of what the channel lists."""
