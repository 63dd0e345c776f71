"""The outcomes of asking a channel. Each has its own type, so that one cannot be mistaken for another."""

from dataclasses import dataclass, field
from typing import Generic, TypeVar

from dto.batches import (
    BatchRequestResponseDto,
    ImageBatchRequestResponseDto,
    OrderBatchRequestResponseDto,
    ProductBatchRequestResponseDto,
)
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
class Completed:
    """The channel answered with one result for each item; `unreadable` are lines of the answer that could not be understood."""

    results: tuple[ItemResult, ...]
    reports: tuple[ErrorReportDto, ...] = ()
    unreadable: tuple[Unreadable, ...] = ()


@dataclass(frozen=True, slots=True)
class Accepted:
    """The channel will answer later, under `remote_batch_id`. `rejected` are the results that it gave at once: refusals as a
    rule, and successes if it gave some; `unreadable` are the lines of them that the connector could not read."""

    remote_batch_id: str
    rejected: tuple[ItemResult, ...] = ()
    reports: tuple[ErrorReportDto, ...] = ()
    unreadable: tuple[Unreadable, ...] = ()


@dataclass(frozen=True, slots=True)
class InProgress:
    """The channel has not finished this batch yet."""

    reports: tuple[ErrorReportDto, ...] = ()


@dataclass(frozen=True, slots=True)
class Unknown:
    """The channel does not know this batch (any more)."""

    why: str
    reports: tuple[ErrorReportDto, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class Fetched(Generic[Item]):
    """Items on the channel (orders, cancellations, categories, ...), and those that could not be understood."""

    items: tuple[Item, ...]
    reports: tuple[ErrorReportDto, ...] = ()
    unreadable: tuple[Unreadable, ...] = ()


SendOutcome = Completed | Accepted
CheckOutcome = Completed | InProgress | Unknown
