"""The state of a channel as one value: objects due, under way and failed, and anything that stands still."""

from pydantic import BaseModel, ConfigDict, Field

from dto.base import UtcDatetime
from dto.enums import BatchRequestStatus, ContentType
from dto.holds import Hold


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True)


class ContentHealth(_Value):
    """The objects of one type. A count is None if Omnitron has no such list."""

    name: str
    content_type: ContentType
    inserts: int | None = None
    """Due, never sent before."""
    updates: int | None = None
    """Due, sent in an older version."""
    deletions: int | None = None
    """Due for removal from the channel."""
    waiting: int | None = None
    """Of `inserts`, the least number that wait for products that are not on the channel; None for types that never wait."""
    processing: int
    failed: int


class FailureGroup(_Value):
    """Objects of one type for which the same system failed."""

    content_type: str
    reason: str
    """The system that failed: `mapping`, `remote` (the channel) or `channel_app`; `unknown` if the hub does not record it."""
    count: int
    newest: str | None = None
    """The line of the merchant's log about the newest failure, if it can be read."""


class OpenBatches(_Value):
    """Batches of one type in one status."""

    status: BatchRequestStatus
    content_type: ContentType | None
    """None if it is not bound to a type yet."""
    count: int
    oldest: str
    """Local id of the oldest batch."""
    oldest_remote_id: str | None
    oldest_age: float
    """Seconds: since its last touch if a run owns it, since its creation if the channel owns it."""


class Abandoned(_Value):
    """A failed object that is not due any more."""

    content_type: ContentType
    pk: int
    name: str | None
    """The sku of its product; None if the product is gone from Omnitron."""
    last_try: UtcDatetime


class ChannelHealth(_Value):
    """One channel at one moment. Every list and number in it was read; `remarks` names what was not."""

    channel: int
    name: str
    is_active: bool
    moment: UtcDatetime
    """By Omnitron's clock."""
    contents: tuple[ContentHealth, ...]
    failures: tuple[FailureGroup, ...]
    failures_read: int
    """The number of failed objects, newest first, that `failures` covers."""
    failures_total: int
    batches: tuple[OpenBatches, ...]
    abandoned: tuple[Abandoned, ...]
    """The first of them; `abandoned_total` counts all."""
    abandoned_total: int
    unaccounted: int
    """The least number of simple products that are neither due for their first send nor have a record."""
    advice: tuple[str, ...]
    """The next steps if something stands still; empty if nothing does."""
    holds: dict[str, Hold] = Field(default_factory=dict)
    """The reasons why scheduled runs hold back, by the Prefect variables that keep them; empty too if they were not read."""
    remarks: tuple[str, ...]
    """Assumptions behind the numbers, and lists that were not read."""
