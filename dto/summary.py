"""The summary of a run, as one value for the command line and the UI."""

from collections.abc import Mapping
from enum import StrEnum

from pydantic import BaseModel, ConfigDict


class RunOutcome(StrEnum):
    """The end of a run. `skipped` changed nothing, for a stated reason; `failed` stopped before its work was done."""

    completed = "completed"
    skipped = "skipped"
    failed = "failed"


class FailedObject(BaseModel):
    """An object that failed in a run, without secrets and personal data."""

    model_config = ConfigDict(frozen=True)

    name: str
    """Its sku, or the number of its order."""
    code: str
    """The short name of the reason."""
    message: str

    def __str__(self) -> str:
        return f"{self.name}: {self.code}: {self.message}"


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
    failed_objects: tuple[FailedObject, ...] = ()
    """The first ten failed objects; `counts` has the number of all."""
    irregularities: Mapping[str, int] = {}
    """Lines of the channel's answers that match no object: `unknown`, `duplicated`, `missing`, `conflicting`."""
    batches: int = 0
    remote_batches: tuple[str, ...] = ()
    """The first 100 remote ids of batches that the channel will answer later."""
    requests: int = 0
    """HTTP requests to Omnitron and to the channel, with retries, without log-ins."""
    log_ins: int = 0
    retries: int = 0
    seconds: float = 0.0
    wire_seconds: float = 0.0
    """Seconds from the first request to the last answer."""

    @property
    def counted(self) -> str:
        """The objects by outcome, as text."""
        return ", ".join(f"{number} {name}" for name, number in self.counts.items()) or "nothing was due"

    @property
    def sentence(self) -> str:
        """The run in one line."""
        why = "; ".join(f"{number} {code}" for code, number in self.failures.items())
        reasons = f" ({why})" if why else ""
        batches = f"{self.batches} batch{'' if self.batches == 1 else 'es'}"
        return f"{self.counted}{reasons}; {batches}, {self.requests} requests, {self.seconds:.1f} s"
