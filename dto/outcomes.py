"""The outcomes of asking a channel. Each has its own type, so that one cannot be mistaken for another."""

from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from dto.batches import (
    BatchRequestResponseDto,
    ImageBatchRequestResponseDto,
    OrderBatchRequestResponseDto,
    ProductBatchRequestResponseDto,
)
from dto.enums import ResponseStatus
from dto.reports import ErrorReportDto

Item = TypeVar("Item")

ItemResult = (
    ProductBatchRequestResponseDto
    | ImageBatchRequestResponseDto
    | BatchRequestResponseDto
    | OrderBatchRequestResponseDto
)
"""A channel's result for one item."""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """One item on the channel, or one line of its answer, that could not be understood: its name there, and the reason."""

    name: str
    """Its name on the channel."""
    why: str
    """The reason, without personal data."""


@dataclass(frozen=True, slots=True)
class Unsent:
    """Objects of a send that were not sent, by their keys in Omnitron, and the error that kept them. They stay due, at no cost of
    attempts."""

    keys: tuple[int, ...]
    error: Exception


@dataclass(frozen=True, slots=True)
class Completed:
    """The channel has finished. `unreadable` are lines of its answer that could not be understood.

    Every item has a result, unless `rest` says what the others are: a channel that names failures alone has
    `rest=ResponseStatus.success`. Such a success goes by the id under which Omnitron knows it, or by the name under which it was
    sent.
    """

    results: tuple[ItemResult, ...]
    """One for each item, or some with `rest`."""
    reports: tuple[ErrorReportDto, ...] = ()
    """Lines for the merchant: `create_report`."""
    unreadable: tuple[Unreadable, ...] = ()
    """Lines of the answer that could not be understood."""
    rest: ResponseStatus | None = field(default=None, kw_only=True)
    """The result of all items that are not named."""
    unsent: Unsent | None = field(default=None, kw_only=True)
    """The objects that were not sent, and the reason."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """The channel will answer later, under `remote_batch_id`. `rejected` are the results that it gave at once: refusals as a
    rule, and successes if it gave some; `unreadable` are the lines of them that the connector could not read. `ask_after` is the
    number of seconds before which asking is of no use."""

    remote_batch_id: str
    """The channel's id of the batch, by which it is asked."""
    rejected: tuple[ItemResult, ...] = ()
    """The results that it gave at once."""
    reports: tuple[ErrorReportDto, ...] = ()
    """Lines for the merchant."""
    unreadable: tuple[Unreadable, ...] = ()
    """Lines of the answer that could not be understood."""
    ask_after: float | None = field(default=None, kw_only=True)
    """Seconds."""


@dataclass(frozen=True, slots=True)
class InProgress:
    """The channel has not finished this batch yet. `results` are those that it has given so far, again and again until it has
    finished; `ask_after` is the number of seconds before which asking again is of no use."""

    reports: tuple[ErrorReportDto, ...] = ()
    """Lines for the merchant."""
    results: tuple[ItemResult, ...] = field(default=(), kw_only=True)
    """Those that are known so far."""
    ask_after: float | None = field(default=None, kw_only=True)
    """Seconds."""


@dataclass(frozen=True, slots=True)
class Unknown:
    """The channel does not know this batch (any more)."""

    why: str
    """A sentence for the operator."""
    reports: tuple[ErrorReportDto, ...] = field(default=())
    """Lines for the merchant."""


@dataclass(frozen=True, slots=True)
class Fetched(Generic[Item]):
    """Items on the channel (orders, cancellations, categories, ...), and those that could not be understood.

    The command is asked again for the next page, with `next` as its `page`.
    """

    items: tuple[Item, ...]
    """All that were understood."""
    reports: tuple[ErrorReportDto, ...] = ()
    """Lines for the merchant."""
    unreadable: tuple[Unreadable, ...] = ()
    """Those that were not."""
    next: Any = field(default=None, kw_only=True)
    """Where the next page begins, in whatever form the connector likes; None or an empty text on the last page."""


SendOutcome = Completed | Accepted
CheckOutcome = Completed | InProgress | Unknown
