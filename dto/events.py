"""Events: what a channel tells on its own initiative, and the names under which the program knows it."""

from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, model_validator

from dto.base import Dto


class EventType(StrEnum):
    """The types of event that a channel sends."""

    order_created = "order_created"
    order_cancelled = "order_cancelled"
    cancellation_requested = "cancellation_requested"
    order_item_changed = "order_item_changed"
    batch_finished = "batch_finished"
    product_wanted = "product_wanted"


RemoteBatchId = Annotated[str, Field(max_length=255, pattern=r"^[!-~]+$")]
"""The channel's id of a batch, as an event names it: printable, because it comes from outside."""
EventId = Annotated[str, Field(pattern=r"^[!-~]{1,128}$")]
"""The channel's id of an event: up to 128 printable ASCII characters without spaces."""


class ChannelEvent(Dto):
    """An event in the program's words."""

    type: EventType
    """The type of the event, which decides on the flow that it starts."""
    remote_batch_id: RemoteBatchId | None = None
    """The channel's id of the batch, of `batch_finished` alone."""
    id: EventId | None = None
    """The channel's id of the event, if it has one that is signed: whatever comes later under this id starts nothing."""

    @model_validator(mode="after")
    def _only_a_finished_batch_has_an_id(self) -> Self:
        if (self.type is EventType.batch_finished) is (self.remote_batch_id is None):
            raise ValueError("`batch_finished` needs a `remote_batch_id`, and no other event has one")
        return self
