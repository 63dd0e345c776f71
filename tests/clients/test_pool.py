"""Several small pools in place of a large one."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest

from clients.errors import HubUnavailableError
from clients.pool import CONNECTIONS_PER_POOL, StripedPool
from clients.runtime import Runtime
from clients.transport import Transport
from tests.clients.support import ADDRESS, settings, yield_to_others


class FakePool(httpx.AsyncBaseTransport):
    """Answers when it is told to."""

    def __init__(self) -> None:
        self.seen = 0
        self.closed = 0
        self.go = asyncio.Event()
        self.rest = asyncio.Event()
        self.rest.set()
        self.error: Exception | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.seen += 1
        await self.go.wait()
        if self.error is not None:
            raise self.error
        return httpx.Response(200, stream=_Body(self))

    async def aclose(self) -> None:
        self.closed += 1


class _Body(httpx.AsyncByteStream):
    def __init__(self, pool: FakePool) -> None:
        self._pool = pool

    async def __aiter__(self) -> AsyncIterator[bytes]:
        await self._pool.rest.wait()
        yield b"{}"


@pytest.fixture
async def pools() -> list[FakePool]:
    return [FakePool(), FakePool()]


@pytest.fixture
def striped(pools: list[FakePool]) -> StripedPool:
    made = StripedPool(2 * CONNECTIONS_PER_POOL)
    made._pools = pools  # type: ignore[assignment]  # stand-ins
    return made


def _transport(striped: StripedPool) -> Transport:
    return Transport(
        "The hub", ADDRESS, Runtime(settings(), connect=lambda _: striped), unavailable=HubUnavailableError
    )


@pytest.mark.parametrize(("in_flight", "count"), [(1, 1), (2, 1), (3, 2), (16, 8), (17, 9), (128, 64)])
def test_there_are_as_many_pools_as_the_requests_in_flight_need(in_flight: int, count: int):
    """Two connections each."""
    assert len(StripedPool(in_flight)._pools) == count


async def test_requests_are_spread_evenly(striped: StripedPool, pools: list[FakePool]):
    """Each goes to the least busy pool."""
    async with httpx.AsyncClient(transport=striped) as client:
        requests = [asyncio.create_task(client.get(ADDRESS)) for _ in range(10)]
        await yield_to_others()
        assert [pool.seen for pool in pools] == [5, 5]
        for pool in pools:
            pool.go.set()
        await asyncio.gather(*requests)


async def test_a_request_that_failed_no_longer_counts(striped: StripedPool, pools: list[FakePool]):
    """Otherwise a pool with bad luck is left alone for ever."""
    pools[0].error = httpx.ConnectError("refused")
    pools[0].go.set()
    async with httpx.AsyncClient(transport=striped) as client:
        for _ in range(3):
            with pytest.raises(httpx.ConnectError):
                await client.get(ADDRESS)
    assert pools[0].seen == 3


async def test_a_request_that_was_cancelled_no_longer_counts(striped: StripedPool):
    """Nor does one whose caller has gone."""
    async with httpx.AsyncClient(transport=striped) as client:
        request = asyncio.create_task(client.get(ADDRESS))
        await yield_to_others()
        request.cancel()
        with pytest.raises(asyncio.CancelledError):
            await request
    assert striped._busy == [0, 0]


async def test_a_connection_counts_until_its_body_is_read(striped: StripedPool, pools: list[FakePool]):
    """A pool whose connections all read large bodies is busy, though their headers are here."""
    for pool in pools:
        pool.go.set()
        pool.rest.clear()
    async with httpx.AsyncClient(transport=striped) as client:
        requests = []
        for _ in range(4):
            requests.append(asyncio.create_task(client.get(ADDRESS)))
            await yield_to_others()
        assert [pool.seen for pool in pools] == [2, 2]
        for pool in pools:
            pool.rest.set()
        await asyncio.gather(*requests)
    assert striped._busy == [0, 0]


async def test_closing_the_transport_closes_every_pool(striped: StripedPool, pools: list[FakePool]):
    """Or each run leaves its connections open."""
    transport = _transport(striped)
    await transport.aclose()
    assert [pool.closed for pool in pools] == [1, 1]


async def test_leaving_a_client_closes_every_pool(striped: StripedPool, pools: list[FakePool]):
    """The same for `async with`."""
    async with httpx.AsyncClient(transport=striped):
        pass
    assert all(pool.closed for pool in pools)
