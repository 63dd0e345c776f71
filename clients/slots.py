"""Slots that several processes share, and that free themselves with time."""

from dataclasses import dataclass
from typing import Protocol, Self

from clients.rates import Rate

A_CALL = 100
"""Slots that one call takes: so finely can be read how much of a wait is left."""
ASKING = 0.03
"""The part of a limit's time that a process may need to ask for a place and get it."""
MARGIN = 1.06
"""Of a limit's time: what lies between the moment when a place is taken and the arrival of its call may differ by that much."""


@dataclass(frozen=True, slots=True)
class Slots:
    """A limit: so many slots are `taken`, up to `most`, and `per_second` of them become free again."""

    most: int
    per_second: float
    taken: int = 0

    @classmethod
    def of(cls, rate: Rate) -> Self:
        """The limit under which no stretch of `rate.seconds` ever has more than `rate.calls`.

        Slots that become free one by one are no window: a stretch that begins with all of them free has those, and those that
        become free in it. So few are at hand: those of one call, and as many more as become free while a process asks
        (`ASKING`), which would be lost otherwise. Those of the other calls come with time, evenly; together, they are less than
        those of `calls + 1`, also with the margin.
        """
        at_hand = 1 + ASKING * rate.calls
        return cls(round(A_CALL * at_hand), A_CALL * (rate.calls + 1 - at_hand) / (rate.seconds * MARGIN))

    @property
    def calls(self) -> int:
        """Calls for which there are free slots."""
        return max(0, self.most - self.taken) // A_CALL

    def calls_in(self, seconds: float) -> int:
        """Calls, at least one, for which slots become free in that time and find room."""
        return max(1, min(int(self.per_second * seconds), self.most) // A_CALL)

    def seconds_until(self, calls: int) -> float:
        """Until there are certainly free slots for so many calls: Prefect counts whole slots."""
        missing = self.taken + calls * A_CALL - self.most
        return (missing + 1) / self.per_second if missing > 0 else 0.0

    @property
    def serves(self) -> bool:
        """Whether a call ever finds enough."""
        return self.most >= A_CALL and self.per_second > 0


class SharedSlots(Protocol):
    """Limits by their names, where several processes find them.

    Raises (from every method):
        PrefectUnavailableError: Prefect's API does not answer as it should.
    """

    async def read(self, name: str) -> Slots | None:
        """A limit as it is now; None if there is none of this name."""
        ...

    async def keep(self, name: str, slots: Slots) -> None:
        """Makes a limit, or changes it."""
        ...

    async def take(self, name: str, count: int) -> bool:
        """Takes so many slots. False if fewer are free."""
        ...
