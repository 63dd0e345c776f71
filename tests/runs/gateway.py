"""A gateway in front of a Prefect server, some of whose requests it does not let through."""

import asyncio
import re
import threading
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager, suppress

import httpx
from prefect.events.worker import EventsWorker
from prefect.logging.handlers import APILogWorker
from prefect.settings import PREFECT_API_URL, temporary_settings

HEAD_END = b"\r\n\r\n"
BUSY = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class Gateway:
    """Answers 503 to requests whose path matches, or never answers them; all others reach the server."""

    def __init__(self, server: httpx.URL, path: str, *, hangs: bool) -> None:
        self._server = server
        self._path = re.compile(path.encode())
        self._hangs = hangs
        self.has_stopped = threading.Event()
        """Set once a request was not let through."""
        self._healed = asyncio.Event()

    def heal(self) -> None:
        """Lets everything through from now on."""
        self._healed.set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One request to a connection."""
        try:
            head = await reader.readuntil(HEAD_END)
            if self._healed.is_set() or not self._path.search(head.split(b"\r\n", 1)[0]):
                await self._pass_on(head, reader, writer)
            else:
                self.has_stopped.set()
                if self._hangs:
                    await self._healed.wait()
                else:
                    writer.write(BUSY)
                    await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            writer.transport.abort()  # the client is gone, or the gateway closes: nobody reads what is left
        finally:
            writer.close()

    async def _pass_on(self, head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if b"upgrade: websocket" not in head.lower():
            # The next request is to come with a connection, and a head, of its own.
            head = re.sub(rb"(?im)^connection:.*\r\n", b"", head).removesuffix(b"\r\n") + b"Connection: close\r\n\r\n"
        upstream, server = await asyncio.open_connection(self._server.host, self._server.port)
        server.write(head)
        pipes = [asyncio.create_task(_pipe(reader, server)), asyncio.create_task(_pipe(upstream, writer))]
        try:
            await asyncio.wait(pipes, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for pipe in pipes:
                pipe.cancel()
            server.transport.abort()


async def _pipe(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while piece := await source.read(65_536):
            sink.write(piece)
            await sink.drain()


@asynccontextmanager
async def behind_a_gateway(path: str, *, hangs: bool) -> AsyncIterator[Gateway]:
    """Everything in the block reaches the Prefect server in force through a gateway."""
    gateway = Gateway(httpx.URL(PREFECT_API_URL.value() or ""), path, hangs=hangs)
    loop, ports = asyncio.new_event_loop(), list[int]()
    started, closing = threading.Event(), asyncio.Event()

    async def listen() -> None:
        async with await asyncio.start_server(gateway.serve, "127.0.0.1", 0) as server:
            ports.append(server.sockets[0].getsockname()[1])
            started.set()
            await closing.wait()
            connections = asyncio.all_tasks() - {asyncio.current_task()}
            for connection in connections:
                connection.cancel()
            await asyncio.gather(*connections, return_exceptions=True)

    thread = threading.Thread(target=loop.run_until_complete, args=(listen(),))
    thread.start()
    started.wait(30)
    try:
        with temporary_settings({PREFECT_API_URL: f"http://127.0.0.1:{ports[0]}/api"}):
            try:
                yield gateway
            finally:
                loop.call_soon_threadsafe(gateway.heal)
                # What sends logs and events would look for the gateway until the end of all tests.
                for worker in (APILogWorker, EventsWorker):
                    draining = worker.drain_all()
                    assert isinstance(draining, Coroutine)
                    await draining
    finally:
        loop.call_soon_threadsafe(closing.set)
        thread.join()
        loop.close()
