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
    why: str


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
    reports: tuple[ErrorReportDto, ...] = ()
    unreadable: tuple[Unreadable, ...] = ()
    rest: ResponseStatus | None = field(default=None, kw_only=True)
    unsent: Unsent | None = field(default=None, kw_only=True)


@dataclass(frozen=True, slots=True)
class Accepted:
    """The channel will answer later, under `remote_batch_id`. `rejected` are the results that it gave at once: refusals as a
    rule, and successes if it gave some; `unreadable` are the lines of them that the connector could not read. `ask_after` is the
    number of seconds before which asking is of no use."""

    remote_batch_id: str
    rejected: tuple[ItemResult, ...] = ()
    reports: tuple[ErrorReportDto, ...] = ()
    unreadable: tuple[Unreadable, ...] = ()
    ask_after: float | None = field(default=None, kw_only=True)


@dataclass(frozen=True, slots=True)
class InProgress:
    """The channel has not finished this batch yet. `results` are those that it has given so far, again and again until it has
    finished; `ask_after` is the number of seconds before which asking again is of no use."""

    reports: tuple[ErrorReportDto, ...] = ()
    results: tuple[ItemResult, ...] = field(default=(), kw_only=True)
    ask_after: float | None = field(default=None, kw_only=True)


@dataclass(frozen=True, slots=True)
class Unknown:
    """The channel does not know this batch (any more)."""

    why: str
    reports: tuple[ErrorReportDto, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class Fetched(Generic[Item]):
    """Items on the channel (orders, cancellations, categories, ...), and those that could not be understood.

    `next` is where the next page begins, in whatever form the connector likes: the command is asked again with it as its `page`.
    None or an empty text: this is the last page.
    """

    items: tuple[Item, ...]
    reports: tuple[ErrorReportDto, ...] = ()
    unreadable: tuple[Unreadable, ...] = ()
    next: Any = field(default=None, kw_only=True)


SendOutcome = Completed | Accepted
CheckOutcome = Completed | InProgress | Unknown
