"""Limits of requests in flight, and of retries."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class AdaptiveLimiter:
    """Bounds the requests in flight; the bound is halved when the server is overloaded and grows back slowly.

    Waiters are served in order of arrival.
    """

    def __init__(self, maximum: int) -> None:
        self.maximum = maximum
        self.limit = maximum
        self.in_flight = 0
        self._calm = 0
        """Successful answers since the limit last changed."""
        self._grace = 0
        """Pending answers to requests sent under an earlier limit: they say nothing about the current limit."""
        self._waiting: deque[asyncio.Future[None]] = deque()

    @asynccontextmanager
    async def slot(self) -> AsyncIterator[None]:
        """Holds one place for the duration of a request."""
        await self._enter()
        try:
            yield
        finally:
            self.in_flight -= 1
            self._admit()

    def overloaded(self) -> None:
        """The server answered 429 or 503: halves the limit, once per round of requests."""
        self._calm = 0
        if self._grace:
            self._grace -= 1
            return
        self._grace = self.limit
        self.limit = max(1, self.limit // 2)

    def succeeded(self) -> None:
        """A request succeeded: after a round of these the limit grows by one."""
        if self._grace:
            self._grace -= 1
            return
        if self.limit == self.maximum:
            return
        self._calm += 1
        if self._calm >= self.limit:
            self.limit += 1
            self._calm = 0
            self._admit()

    async def _enter(self) -> None:
        if self.in_flight < self.limit and not self._waiting:
            self.in_flight += 1
            return
        place: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(place)
        try:
            await place
        except asyncio.CancelledError:
            if place.done() and not place.cancelled():
                self.in_flight -= 1
                self._admit()
            raise

    def _admit(self) -> None:
        while self._waiting and self.in_flight < self.limit:
            place = self._waiting.popleft()
            if not place.done():
                self.in_flight += 1
                place.set_result(None)


class RetryBudget:
    """Allows one retry for every `1 / share` requests, plus a reserve: an outage must not start a storm of retries."""

    def __init__(self, share: float = 0.2, reserve: float = 10.0) -> None:
        self._share = share
        self._reserve = reserve
        self._tokens = reserve

    def earn(self) -> None:
        """A first try was made."""
        self._tokens = min(self._tokens + self._share, self._reserve * 10)

    def spend(self) -> bool:
        """Whether one more retry is allowed; if so, it is paid for."""
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True
