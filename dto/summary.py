"""What a run did, as one value: the command line prints it, the UI shows it."""

from collections.abc import Mapping
from enum import StrEnum

from pydantic import BaseModel, ConfigDict


class RunOutcome(StrEnum):
    """How a run ended. `skipped` changed nothing and says why; `failed` stopped before its work was done."""

    completed = "completed"
    skipped = "skipped"
    failed = "failed"


class RunSummary(BaseModel):
    """Counts of one flow run."""

    model_config = ConfigDict(frozen=True)

    flow: str
    outcome: RunOutcome
    reason: str | None = None
    counts: Mapping[str, int] = {}
    """Objects by outcome: `integrated`, `failed`, `accepted` (waiting for the channel), `deleted`, `released`, ..."""
    failures: Mapping[str, int] = {}
    """Failed objects by reason code."""
    irregularities: Mapping[str, int] = {}
    """Lines of the channel's answers that fit no object: `unknown`, `duplicated`, `missing`, `conflicting`."""
    batches: int = 0
    remote_batches: tuple[str, ...] = ()
    """Remote ids of batches that the channel will answer later: the first 100."""
    requests: int = 0
    """HTTP requests to Omnitron and to the channel together, retries included, log-ins not."""
    log_ins: int = 0
    retries: int = 0
    seconds: float = 0.0
    wire_seconds: float = 0.0
    """Seconds from the first request to the last answer."""
