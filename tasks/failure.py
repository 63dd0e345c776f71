"""The failure of one object."""

from typing import Any, NamedTuple

from dto.enums import FailedReasonType


class Failure(NamedTuple):
    """One object and the reason why it failed. A command appends the first three values to `failed_object_list`."""

    object: Any
    content_type: str
    message: str
    reason: FailedReasonType = FailedReasonType.channel_app
    code: str = "Failed"
    """A short name for counting, such as `PriceNotFound`."""
    command: str = ""
    """The key of the command that found it."""
