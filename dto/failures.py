"""The failed objects of a channel, as Omnitron has recorded them."""

from pydantic import BaseModel, ConfigDict

from dto.base import UtcDatetime


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True)


class FailureRecord(_Value):
    """One object that failed at its last try."""

    name: str
    """Its sku, the number of its order, or its remote id; its type and key if the object is gone."""
    content_type: str
    pk: int
    reason: str
    """The system that failed: `mapping`, `remote` (the channel) or `channel_app`; `unknown` if the hub does not record it."""
    code: str | None = None
    """The short name of the reason; None if the merchant's log was not read so far back."""
    message: str | None = None
    failed_at: UtcDatetime | None = None
    """The moment of the last try."""
    is_due: bool | None = None
    """Whether Omnitron offers it now; None if its list was not read so far."""
    next_try: UtcDatetime | None = None
    """The moment from which Omnitron offers it again, unless its attempts are used up; None if it is unknown."""


class FailureList(_Value):
    """The failed objects that were asked for, the newest first."""

    channel: int
    moment: UtcDatetime
    """By Omnitron's clock."""
    failures: tuple[FailureRecord, ...]
    total: int
    """The number of all failed objects of the types that were asked for."""
    remarks: tuple[str, ...]
    """What is unknown, and why."""
