"""What a channel's answer amounts to. Each is its own type, so that none can be taken for another."""

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
"""A channel's verdict on one item."""


@dataclass(frozen=True, slots=True)
class Completed:
    """The channel answered for its items: one result each."""

    results: tuple[ItemResult, ...]
    reports: tuple[ErrorReportDto, ...] = ()


@dataclass(frozen=True, slots=True)
class Accepted:
    """The channel took the batch and will answer later, under `remote_batch_id`; `rejected` it refused at once."""

    remote_batch_id: str
    rejected: tuple[ItemResult, ...] = ()
    reports: tuple[ErrorReportDto, ...] = ()


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
class Unreadable:
    """One thing that the channel has and that could not be understood: its name there, and why."""

    name: str
    why: str


@dataclass(frozen=True, slots=True)
class Fetched(Generic[Item]):
    """What the channel has: orders, cancellations, categories, ... What could not be understood is named beside it."""

    items: tuple[Item, ...]
    reports: tuple[ErrorReportDto, ...] = ()
    unreadable: tuple[Unreadable, ...] = ()


SendOutcome = Completed | Accepted
CheckOutcome = Completed | InProgress | Unknown
