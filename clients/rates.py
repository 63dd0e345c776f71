"""How often a system lets itself be asked: limits of calls in a time, for each group of calls."""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from clients.clock import Clock
from clients.deadline import seconds_left
from clients.errors import ConfigError, NoTurnError, RateLimitedError

log = logging.getLogger("channel_app.http")

LONGEST_WAIT = 120.0
"""Seconds of waiting for one request. A system that asks for more is left alone until the next run."""

MARGIN = 1.02
"""Of a limit's time: two calls need not take equally long to arrive."""
SHORTEST_PAUSE = 0.001
"""Seconds. A shorter rest of a pause may be too short to move a clock."""


@dataclass(frozen=True, slots=True)
class Rate:
    """A limit of the channel: at most so many `calls` in any stretch of so many `seconds`.

    Raises:
        ConfigError: no call is allowed, or no time given.
    """

    calls: int
    seconds: float = 1.0

    def __post_init__(self) -> None:
        if self.calls < 1 or self.seconds <= 0:
            raise ConfigError(f"{self} lets no call through: give at least one call in more than zero seconds.")


Take = Callable[[str, Rate, int], Awaitable[tuple[int, float]]]
"""Takes places in a group's limit that several processes share, up to a number. Answers how many; if none, the seconds until
there is one."""
GOOD_FOR = 0.025
"""The part of a limit's time in which a call has to begin after its place was taken; the rest of the shared limits' margin
is for what the clocks do not see."""


RateOf = Callable[[Mapping[str, str]], Rate | None]
"""Reads the rate that an answer's headers tell, if they tell one."""


def told_rate(rate_of: RateOf, headers: Mapping[str, str], system: str) -> Rate | None:
    """The rate that an answer tells. The answer counts, even if its headers cannot be read."""
    try:
        return rate_of(headers)
    except Exception as mistake:  # an author's code, and a channel's text
        log.warning("%s: the rate in an answer's headers cannot be read: %s", system, type(mistake).__name__)
        return None


class Pace:
    """Lets the calls of each group through at its rate, in order of arrival. The groups do not hold each other up.

    A refusal for too many calls pauses its group, also one without a rate.

    Args:
        take: of a limit that other processes keep too.
    """

    def __init__(self, rates: Mapping[str, Rate], clock: Clock, take: Take | None = None) -> None:
        self._clock = clock
        self._take = take
        self._groups = {"": _Group(), **{name: _Group(rate) for name, rate in rates.items()}}

    def check(self, group: str) -> None:
        """Makes sure that a group is known.

        Raises:
            ConfigError: the transport has no rate for it.
        """
        if group not in self._groups:
            known = ", ".join(f"`{name}`" for name in sorted(self._groups) if name) or "no groups"
            raise ConfigError(
                f"A call names the group `{group}`, but its transport has no rate for it. It has {known}."
            )

    async def wait(self, group: str) -> None:
        """Waits until a call of the group may start.

        Raises:
            NoTurnError: it may not start before the deadline in force.
            RateLimitedError: it may not start soon; without a deadline.
        """
        of = self._groups[group]
        if of.free_at() <= self._clock.monotonic() and not of.turns.locked() and not self._is_shared(of):
            return
        of.waiting += 1
        try:
            async with of.turns:
                await self._wait(group, of)
        finally:
            of.waiting -= 1

    async def _wait(self, group: str, of: "_Group") -> None:
        while (pause := await self._pause_of(group, of)) > SHORTEST_PAUSE:
            left = seconds_left(self._clock)
            if left is not None and pause > left:
                raise NoTurnError(
                    f"The channel's limit{_of(group)} lets the next call start in {pause:.0f} s, but the batch may be "
                    f"sent for {left:.0f} s more: it is released, and offered again.",
                    spent=True,
                )
            if left is None and pause > LONGEST_WAIT:
                raise RateLimitedError(
                    f"The channel's limit{_of(group)} lets the next call start in {pause:.0f} s: that is left to a "
                    "later run.",
                    spent=True,
                    retry_after=pause,
                )
            await self._clock.sleep(pause)

    async def _pause_of(self, group: str, of: "_Group") -> float:
        """Seconds until a call may start, as far as is known now; takes places in the shared limit as soon as it may."""
        now = self._clock.monotonic()
        pause = of.free_at() - now
        if pause > SHORTEST_PAUSE or of.rate is None or self._take is None or of.has_place(now):
            return pause
        got, seconds = await self._take(group, of.rate, of.waiting)
        of.places.extend([self._clock.monotonic()] * got)
        return seconds

    def _is_shared(self, of: "_Group") -> bool:
        return of.rate is not None and self._take is not None

    def start(self, group: str) -> bool:
        """Lets a call start now, if it may: others may have taken the place, it may be too old, or the group been paused."""
        of, now = self._groups[group], self._clock.monotonic()
        if of.free_at() - now > SHORTEST_PAUSE:
            return False
        if self._is_shared(of):
            if not of.has_place(now):
                return False
            of.places.popleft()
        of.starts.append(now)
        return True

    def refused(self, group: str) -> None:
        """Notes that the system said that there were too many calls."""
        of = self._groups[group]
        if of.refused_since is None:
            of.refused_since = self._clock.monotonic()

    def let_through(self, group: str) -> None:
        """Notes that the system said anything else."""
        self._groups[group].refused_since = None

    def refused_for(self, group: str) -> float:
        """For how many seconds no call of the group has got through."""
        since = self._groups[group].refused_since
        return 0.0 if since is None else self._clock.monotonic() - since

    def pause(self, group: str, seconds: float) -> None:
        """Lets nothing of the group start for so long: the system said that there were too many calls."""
        of = self._groups[group]
        of.paused_until = max(of.paused_until, self._clock.monotonic() + seconds)

    def learn(self, group: str, rate: Rate) -> None:
        """Takes the rate that the system says it allows from now on."""
        of = self._groups[group]
        if of.rate != rate:
            of.rate, of.starts = rate, deque(of.starts, maxlen=rate.calls)


class _Group:
    """The calls of one group."""

    def __init__(self, rate: Rate | None = None) -> None:
        self.rate = rate
        self.turns = asyncio.Lock()
        self.starts: deque[float] = deque(maxlen=rate.calls if rate else 1)
        """When the latest calls started, on the clock's monotonic scale; as many as the rate allows at once."""
        self.paused_until = 0.0
        self.refused_since: float | None = None
        """When the system first refused a call, if it has let none through since."""
        self.waiting = 0
        """Calls that wait for their start."""
        self.places: deque[float] = deque()
        """When places in the limit that others share were taken, for calls that have not started yet."""

    def has_place(self, now: float) -> bool:
        """Whether there is a place in the shared limit. One that was not used soon is lost: others count on that."""
        while self.rate and self.places and now - self.places[0] > GOOD_FOR * self.rate.seconds:
            self.places.popleft()
        return bool(self.places)

    def free_at(self) -> float:
        """When the next call may start."""
        if self.rate is None or len(self.starts) < self.rate.calls:
            return self.paused_until
        return max(self.paused_until, self.starts[0] + self.rate.seconds * MARGIN)


def _of(group: str) -> str:
    return f" of `{group}`" if group else ""
