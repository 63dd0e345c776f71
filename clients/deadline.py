"""A moment after which nothing may be sent, known to every transport."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from clients.clock import Clock
from clients.errors import DeadlineError

_ends_at: ContextVar[float | None] = ContextVar("deadline", default=None)


@contextmanager
def deadline(seconds: float, clock: Clock) -> Iterator[None]:
    """No request starts more than `seconds` from now, nor after a deadline that is already in force."""
    ends_at, outer = clock.monotonic() + seconds, _ends_at.get()
    token = _ends_at.set(ends_at if outer is None else min(outer, ends_at))
    try:
        yield
    finally:
        _ends_at.reset(token)


def seconds_left(clock: Clock) -> float | None:
    """Seconds until the deadline; None without one.

    Raises:
        DeadlineError: it has passed.
    """
    ends_at = _ends_at.get()
    if ends_at is None:
        return None
    left = ends_at - clock.monotonic()
    if left <= 0:
        raise DeadlineError(
            "The time in which this batch may be sent is over: another run may own it by now. "
            "Its objects are offered again.",
            spent=True,
        )
    return left
