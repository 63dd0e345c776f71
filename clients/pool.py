"""Connections for many requests in flight."""

from types import TracebackType
from typing import Self

import httpx

CONNECTIONS_PER_POOL = 8
"""httpcore walks all its connections for every request: a pool of 8 costs a third of one of 32 (docs/adr/0004)."""


class StripedPool(httpx.AsyncBaseTransport):
    """Several small connection pools in place of one large one; a request goes to the least busy."""

    def __init__(self, in_flight: int) -> None:
        count = -(-in_flight // CONNECTIONS_PER_POOL)
        limits = httpx.Limits(
            max_connections=CONNECTIONS_PER_POOL, max_keepalive_connections=CONNECTIONS_PER_POOL, keepalive_expiry=30
        )
        self._pools = [httpx.AsyncHTTPTransport(limits=limits) for _ in range(count)]
        self._busy = [0] * count

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        index = self._busy.index(min(self._busy))
        self._busy[index] += 1
        try:
            return await self._pools[index].handle_async_request(request)
        finally:
            self._busy[index] -= 1

    async def __aenter__(self) -> Self:
        for pool in self._pools:
            await pool.__aenter__()
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        for pool in self._pools:
            await pool.__aexit__(exc_type, exc_value, traceback)
