"""The result of trying one assumption."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from deployments.assumptions.trial import Trial


class Conformance(StrEnum):
    """Whether the hub keeps a line. `differs`: it does not, and the program copes; `broken`: a promise is lost."""

    honoured = "honoured"
    differs = "differs"
    broken = "broken"
    not_tried = "not tried"


@dataclass(frozen=True, slots=True)
class Finding:
    """How one line was found: the observation, or the reason why nothing was tried, and the next step."""

    conformance: Conformance
    seen: str = ""
    next_step: str = ""


@dataclass(frozen=True, slots=True)
class Assumption:
    """One line of the contract that is not certain."""

    name: str
    promise: str
    """The promise that is lost if the line does not hold."""
    attempt: Callable[[Trial], Awaitable[Finding]]


Assumptions = Mapping[str, Assumption]
"""By short names, in the order in which they are tried."""

HONOURED = Finding(Conformance.honoured)


def broken(seen: str, next_step: str = "") -> Finding:
    """The line does not hold."""
    return Finding(Conformance.broken, seen, next_step)


def not_tried(why: str) -> Finding:
    """Nothing is known about the line."""
    return Finding(Conformance.not_tried, why)


def differs(seen: str) -> Finding:
    """The hub differs from the assumption, and the program handles both."""
    return Finding(Conformance.differs, seen)


def untried(why: str) -> Callable[[Trial], Awaitable[Finding]]:
    """The attempt of a line that no check may try."""

    async def finding(_trial: Trial) -> Finding:
        return not_tried(why)

    return finding
