"""A request before it is tried, and the counts of one client's requests."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Traffic:
    """Counts of one client's requests."""

    requests: int = 0
    retries: int = 0
    log_ins: int = 0
    first: float | None = None
    """When the first request was sent, on the clock's monotonic scale."""
    last: float | None = None
    """When the last answer came."""


@dataclass(frozen=True, slots=True)
class Call:
    """One request, before it is tried.

    `repeatable` says that doing it twice is the same as once: reads, deletions, moves to a state, upserts. A create is
    not: when its answer is lost, the caller has to look before it creates again.

    Its `repr` shows neither parameters, body nor headers, nor a query in the path: they hold credentials and customers.
    """

    method: str
    path: str
    params: Mapping[str, Any] = field(default_factory=dict)
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    repeatable: bool = True

    def __repr__(self) -> str:
        path, has_query, _ = self.path.partition("?")
        return f"Call({self.method} {path}{'?...' if has_query else ''})"

    def __str__(self) -> str:
        return f"{self.method} {self.path}"
