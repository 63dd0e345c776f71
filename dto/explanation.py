"""The explanation of why one product is on sale, or is not."""

from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field

from dto.base import Money, UtcDatetime
from dto.enums import BatchRequestStatus, ContentType, IntegrationActionStatus, ListingState
from dto.holds import Hold


class Verdict(StrEnum):
    """The state of a product, in one word."""

    unknown = "not in Omnitron"
    switched_off = "channel switched off"
    deleted = "to be taken off the channel"
    waiting = "waiting for the channel"
    in_work = "in a batch"
    not_live = "sent, but not live"
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
    """A product, or one of its prices, stocks and images: its version in Omnitron, and its record for the channel."""

    content_type: ContentType
    pk: int
    list_number: int | None = None
    """Its price or stock list."""
    status: IntegrationActionStatus | None
    """None if the channel never had it and no batch holds it."""
    remote_id: str | None
    version_date: UtcDatetime | None
    """The version that the status applies to."""
    modified_date: UtcDatetime | None
    """The version in Omnitron; None if the object is gone."""
    local_batch_id: str | None = None
    """The batch that holds it now."""
    waits_for: str | None = None
    """The batch of its product, which it waits for: it is sent when that has ended."""
    is_current: bool
    """Whether the channel has the version in Omnitron."""
    due: str | None
    """The due list that it is in: `inserts`, `updates` or `deleted`."""
    last_try: UtcDatetime | None = None
    """The moment of its failure."""
    next_try: UtcDatetime | None = None
    """A failed object is not due before this moment. None if it is unknown, or if the object did not fail."""
    failed_reason_type: str | None = None
    """The system that failed, if the hub records it."""
    reasons: tuple[Reason, ...] = ()
    """The lines of the merchant's log, newest first."""


class BatchStanding(_Value):
    """The last batch that held the product."""

    local_batch_id: str
    status: BatchRequestStatus | None
    """None if it is not among the batches that were read."""
    remote_batch_id: str | None = None
    since: UtcDatetime | None = None
    age: float | None = None
    """Seconds since `since`."""


class ListedStanding(_Value):
    """The channel's current listing of the product."""

    remote_id: str | None = None
    state: ListingState | None = None
    message: str | None = None
    """The channel's words about the state."""
    title: str | None = None
    price: Money | None = None
    currency: str | None = None
    stock: int | None = None


class Explanation(_Value):
    """One product on one channel at one moment."""

    sku: str | None
    pk: int | None
    verdict: Verdict
    sentence: str
    """The answer for people: the state, and the next step."""
    moment: UtcDatetime
    """By Omnitron's clock."""
    objects: tuple[ObjectStanding, ...] = ()
    """The product first."""
    batch: BatchStanding | None = None
    are_reports_readable: bool | None = None
    """Whether this Omnitron allows its reports to be read; None if it was not asked."""
    listed: ListedStanding | None = None
    channel_note: str | None = None
    """The reason why the channel's listing is unknown."""
    holds: dict[str, Hold] = Field(default_factory=dict)
    """The reasons why runs that would send it hold back, by the Prefect variables that keep them."""
    holds_note: str | None = None
    """The reason why it is unknown whether runs hold back."""
