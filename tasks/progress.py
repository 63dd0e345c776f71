"""The progress of a long step, for people: a line a second at most, and places among many."""

from clients.clock import Clock
from tasks.log import Logger


class Progress:
    """Counts the steps of one piece of work."""

    EVERY = 1.0
    """Seconds between two lines."""

    def __init__(self, activity: str, total: int, clock: Clock, log: Logger) -> None:
        self._activity, self._total, self._clock, self._log = activity, total, clock, log
        self._done = 0
        self._logged_at = clock.monotonic()

    def step(self, done: int = 1) -> None:
        """Counts `done` more as done."""
        self._done += done
        now = self._clock.monotonic()
        if now - self._logged_at >= self.EVERY and self._done < self._total:
            self._logged_at = now
            self._log.info("%s: %s of %s", self._activity, f"{self._done:,}", f"{self._total:,}")


def span(done: int, more: int) -> str:
    """The next objects of many, by their places: `2,001 to 3,000`."""
    return f"{done + 1:,} to {done + more:,}" if more > 1 else f"{done + 1:,}"
