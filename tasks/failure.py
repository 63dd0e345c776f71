"""What became of one object that could not be integrated."""

from typing import Any, NamedTuple

from dto.enums import FailedReasonType


class Failure(NamedTuple):
    """One object, and why it failed. Its first three values are what a command appends to `failed_object_list`."""

    object: Any
    content_type: str
    message: str
    reason: FailedReasonType = FailedReasonType.channel_app
    code: str = "Failed"
    """A short name to count by, such as `PriceNotFound`."""
    command: str = ""
    """The key of the command that found it."""
