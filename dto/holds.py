"""A hold: the record that runs hold back, because a system that they need is down."""

from typing import Any

from pydantic import BaseModel, ConfigDict

from dto.base import UtcDatetime


class Hold(BaseModel):
    """Why runs hold back, since when, and until when. A run that starts after `next_try` tries again."""

    model_config = ConfigDict(frozen=True)

    system: str
    """The system that is down: `Omnitron` or `the channel`."""
    since: UtcDatetime
    why: str
    tries: int = 1
    """Runs that have met the failure, the first included."""
    next_try: UtcDatetime

    def as_value(self) -> dict[str, Any]:
        """Its form in a variable."""
        return self.model_dump(mode="json")
