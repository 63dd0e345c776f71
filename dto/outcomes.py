"""What a channel's answer amounts to. Each is its own type, so that none can be taken for another."""

from dataclasses import dataclass, field

from dto.batches import BatchRequestResponseDto, OrderBatchRequestResponseDto, ProductBatchRequestResponseDto
from dto.reports import ErrorReportDto

ItemResult = ProductBatchRequestResponseDto | BatchRequestResponseDto | OrderBatchRequestResponseDto
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


SendOutcome = Completed | Accepted
CheckOutcome = Completed | InProgress | Unknown
