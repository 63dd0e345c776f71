"""The age of a batch, by Omnitron's clock."""

from datetime import datetime

from dto.batch_states import OPEN_REMOTELY
from dto.batches import BatchRequest


def standing_since(batch: BatchRequest) -> datetime | None:
    """The start of a batch's present wait: its last change, or its creation if it waits for the channel."""
    if batch.status in OPEN_REMOTELY:
        return batch.created_date or batch.modified_date
    return batch.modified_date or batch.created_date


def age_of(batch: BatchRequest, now: datetime) -> float:
    """Seconds since a batch was last touched.

    Never negative: the hub's clock shows whole seconds, a batch's dates are finer.
    """
    since = standing_since(batch)
    return max(0.0, (now - since).total_seconds()) if since else 0.0


def format_age(seconds: float) -> str:
    """An age in words, such as `17 min`."""
    if seconds < 120:  # noqa: PLR2004  # two minutes
        return f"{seconds:.0f} s"
    if seconds < 2 * 3600:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.0f} h"
