"""Moments as the wire writes them: ISO 8601, UTC, microseconds, `Z`; such texts sort as the moments do."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

from clients.clock import Clock

_WIRE_LENGTH = len("2024-01-31T12:00:00.000000Z")


def iso(moment: datetime) -> str:
    """`2024-01-31T12:00:00.000000Z`."""
    # Several times as fast as `strftime`, and every write of the hub makes a date.
    return f"{moment.replace(tzinfo=None).isoformat(timespec='microseconds')}Z"


def http_date(moment: datetime) -> str:
    """`Wed, 31 Jan 2024 12:00:00 GMT`."""
    return format_datetime(moment.astimezone(UTC), usegmt=True)


def canonical(text: str) -> str:
    """The wire's own spelling of a date that a client wrote in another one.

    Raises:
        ValueError: the text is no date.
    """
    if len(text) == _WIRE_LENGTH and text.endswith("Z"):
        return text
    moment = datetime.fromisoformat(text)
    return iso(moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC))


class ShiftedClock:
    """A clock that can be set forward without waiting."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._shift = timedelta()

    def now(self) -> datetime:
        return self._clock.now() + self._shift

    def monotonic(self) -> float:
        return self._clock.monotonic() + self._shift.total_seconds()

    async def sleep(self, seconds: float) -> None:
        await self._clock.sleep(seconds)

    def advance(self, seconds: float) -> None:
        self._shift += timedelta(seconds=seconds)


class Stamps:
    """Modification dates: from a clock, and no two alike."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._last = datetime.min.replace(tzinfo=UTC)

    def next(self) -> str:
        self._last = max(self._clock.now(), self._last + timedelta(microseconds=1))
        return iso(self._last)
