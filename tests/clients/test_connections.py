"""The connections under every client, against real sockets."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import httpx
import pytest

from clients.connections import Connections

Peer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
pytestmark = pytest.mark.process


@pytest.fixture
async def serve() -> AsyncIterator[Callable[[Peer], Awaitable[str]]]:
    """Starts a server that answers every connection as it is told, and gives its address."""
    servers: list[asyncio.Server] = []

    async def start(peer: Peer) -> str:
        async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await peer(reader, writer)
            writer.close()

        server = await asyncio.start_server(handle, "127.0.0.1", 0)
        servers.append(server)
        return f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"

    yield start
    for server in servers:
        server.close()
        await server.wait_closed()


async def answering(writer: asyncio.StreamWriter, raw: bytes) -> None:
    writer.write(raw)
    await writer.drain()


@pytest.mark.parametrize(
    "raw",
    [b"", b"this is no HTTP\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort"],
    ids=["dropped", "no HTTP", "cut short"],
)
async def test_whatever_goes_wrong_is_a_transport_error(serve: Callable[[Peer], Awaitable[str]], raw: bytes) -> None:
    """The transport above knows one family of errors."""

    async def peer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        await answering(writer, raw)

    url = await serve(peer)
    async with httpx.AsyncClient(transport=Connections(2), trust_env=False) as client:
        with pytest.raises(httpx.TransportError):
            await client.post(url, content=b"{}")


async def test_a_refused_connection_is_a_transport_error() -> None:
    """Nobody listens there."""
    async with httpx.AsyncClient(transport=Connections(2), trust_env=False) as client:
        with pytest.raises(httpx.TransportError):
            await client.get("http://127.0.0.1:9")


async def test_a_silent_server_is_a_time_out(serve: Callable[[Peer], Awaitable[str]]) -> None:
    """The read time-out of the request counts."""
    over = asyncio.Event()

    async def peer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await over.wait()

    url = await serve(peer)
    async with httpx.AsyncClient(transport=Connections(2), trust_env=False) as client:
        with pytest.raises(httpx.TimeoutException):
            await client.get(url, timeout=httpx.Timeout(0.05, pool=None))
    over.set()


async def test_cookies_are_not_sent_back_by_the_connections(serve: Callable[[Peer], Awaitable[str]]) -> None:
    """A key in a header is all that says who asks."""
    seen: list[bytes] = []

    async def peer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(await reader.readuntil(b"\r\n\r\n"))
        await answering(
            writer, b"HTTP/1.1 200 OK\r\nSet-Cookie: sessionid=1\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}"
        )

    url = await serve(peer)
    connections = Connections(2)
    for _ in range(2):
        response = await connections.handle_async_request(httpx.Request("GET", url))
        await response.aread()
        await response.aclose()
    await connections.aclose()
    assert len(seen) == 2
    assert not any(b"cookie" in request.lower() for request in seen)


async def test_no_more_connections_are_open_than_requests_may_be_in_flight(
    serve: Callable[[Peer], Awaitable[str]],
) -> None:
    """The others wait for a place."""
    open_now, most = 0, 0

    async def peer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal open_now, most
        open_now += 1
        most = max(most, open_now)
        await reader.readuntil(b"\r\n\r\n")
        await asyncio.sleep(0)
        await answering(writer, b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}")
        open_now -= 1

    url = await serve(peer)
    async with httpx.AsyncClient(transport=Connections(3), trust_env=False) as client:
        await asyncio.gather(*(client.get(url) for _ in range(20)))
    assert 1 <= most <= 3
