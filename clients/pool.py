"""Connections for many requests in flight."""

from collections.abc import AsyncIterator, Callable
from typing import cast

import httpx

CONNECTIONS_PER_POOL = 2
"""httpcore walks all its connections for every request: with 2, a request costs an eighth less than with 8."""


class StripedPool(httpx.AsyncBaseTransport):
    """Several small connection pools in place of one large one; a request goes to the least busy."""

    def __init__(self, in_flight: int) -> None:
        count = -(-in_flight // CONNECTIONS_PER_POOL)
        limits = httpx.Limits(
            max_connections=CONNECTIONS_PER_POOL, max_keepalive_connections=CONNECTIONS_PER_POOL, keepalive_expiry=30
        )
        context = httpx.create_ssl_context()  # shared: each takes 16 ms to read the certificates
        self._pools = [httpx.AsyncHTTPTransport(verify=context, limits=limits) for _ in range(count)]
        self._busy = [0] * count

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        index = self._busy.index(min(self._busy))
        self._busy[index] += 1
        try:
            response = await self._pools[index].handle_async_request(request)
        except BaseException:
            self._ended(index)
            raise
        response.stream = _Body(cast("httpx.AsyncByteStream", response.stream), lambda: self._ended(index))
        return response

    def _ended(self, index: int) -> None:
        self._busy[index] -= 1

    async def aclose(self) -> None:
        for pool in self._pools:
            await pool.aclose()


class _Body(httpx.AsyncByteStream):
    """An answer's body: until it is closed, its connection is busy."""

    def __init__(self, stream: httpx.AsyncByteStream, ended: Callable[[], None]) -> None:
        self._stream = stream
        self._ended = ended

    def __aiter__(self) -> AsyncIterator[bytes]:
        return aiter(self._stream)

    async def aclose(self) -> None:
        try:
            await self._stream.aclose()
        finally:
            self._ended()
