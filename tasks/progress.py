"""Says how far a long step is, at most once a second."""

from clients.clock import Clock
from tasks.log import Logger


class Progress:
    """Counts the steps of one piece of work."""

    EVERY = 1.0
    """Seconds between two lines."""

    def __init__(self, doing: str, total: int, clock: Clock, log: Logger) -> None:
        self._doing, self._total, self._clock, self._log = doing, total, clock, log
        self._done = 0
        self._said_at = clock.monotonic()

    def step(self, done: int = 1) -> None:
        """So many more are done."""
        self._done += done
        now = self._clock.monotonic()
        if now - self._said_at >= self.EVERY and self._done < self._total:
            self._said_at = now
            self._log.info("%s: %s of %s", self._doing, f"{self._done:,}", f"{self._total:,}")
