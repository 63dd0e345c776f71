"""How a channel stands, as one value: what is due, under way, failed, and what stands still."""

from pydantic import BaseModel, ConfigDict

from dto.base import UtcDatetime
from dto.enums import BatchRequestStatus, ContentType


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True)


class ContentHealth(_Value):
    """The objects of one type. None where there is no such list."""

    name: str
    content_type: ContentType
    inserts: int | None = None
    """Due, never sent so far."""
    updates: int | None = None
    """Due, sent in an older version."""
    deletions: int | None = None
    """Due to leave the channel."""
    processing: int
    failed: int


class FailureGroup(_Value):
    """Objects of one type that failed for reasons of one kind."""

    content_type: str
    reason: str
    """Who could not: `mapping`, `remote` (the channel), `channel_app`; `unknown` where the hub does not say."""
    count: int
    newest: str | None = None
    """What the merchant's log says of the newest of them, where it can be read."""


class OpenBatches(_Value):
    """Batches of one type in one status."""

    status: BatchRequestStatus
    content_type: ContentType | None
    """None: not bound to a type yet."""
    count: int
    oldest: str
    """Local id of the one that stood longest."""
    oldest_remote_id: str | None
    oldest_age: float
    """Seconds: since its last touch for one of ours, since it was made for one in the channel's hands."""


class Abandoned(_Value):
    """A failed object that Omnitron does not offer any more."""

    content_type: ContentType
    pk: int
    name: str | None
    """The sku of the product that it is, or belongs to; none where it is gone from Omnitron."""
    last_try: UtcDatetime


class ChannelHealth(_Value):
    """One channel at one moment. Every list and number in it was read; what was not read is said in `remarks`."""

    channel: int
    name: str
    is_active: bool
    moment: UtcDatetime
    """By Omnitron's clock."""
    contents: tuple[ContentHealth, ...]
    failures: tuple[FailureGroup, ...]
    failures_read: int
    """Failed objects of which `failures` speaks: the newest ones."""
    failures_total: int
    batches: tuple[OpenBatches, ...]
    abandoned: tuple[Abandoned, ...]
    """The first of them; `abandoned_total` counts all."""
    abandoned_total: int
    unaccounted: int
    """Simple products that are neither due to be sent first nor have any record: at least so many."""
    advice: tuple[str, ...]
    """What to do where something stands still; empty: nothing does."""
    remarks: tuple[str, ...]
    """What was assumed, and what was not read."""
