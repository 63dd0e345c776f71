"""Senders that say nothing, or half of a request, or do not read: over sockets."""

import asyncio
import resource
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import ClassVar

import httpx
import pytest
from uvicorn.server import ServerState

from clients.clock import SystemClock
from deployments.booking import Booked, Event
from deployments.sandbox.server import HOST
from deployments.slow_senders import BACKLOG, MAX_CONNECTIONS, BoundedProtocol
from deployments.webhook import server_config, webhook_app
from tests.deployments.webhooks import ORDER, MemoryBooking, flow_run_of, signed_headers, webhook_settings

pytestmark = pytest.mark.process

SILENT, HALF_HEADERS, HALF_BODIES = 500, 200, 100
FILES = 4_096
"""Open files that the crowd and the receiver need together."""
HANGING = 15.0
"""Seconds after which a test that hangs is ended."""
HEADERS = b"POST /events HTTP/1.1\r\nHost: x\r\n"

Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Impatient(BoundedProtocol):
    """A deadline for requests that a test can wait for."""

    request_seconds: ClassVar[float] = 1.0
    answer_seconds: ClassVar[float] = 2 * HANGING


class Small(BoundedProtocol):
    """Room for three, and deadlines that no test waits for."""

    max_connections: ClassVar[int] = 3
    request_seconds: ClassVar[float] = 2 * HANGING


class SlowBooking(MemoryBooking):
    """Books when it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.asked, self.may_go_on = asyncio.Event(), asyncio.Event()

    async def book(self, event: Event) -> Booked:
        self.asked.set()
        await self.may_go_on.wait()
        return await super().book(event)


class Served:
    """A receiver that listens on loopback, in this event loop."""

    def __init__(self, port: int, state: ServerState) -> None:
        self.port = port
        self.state = state
        self._writers: list[asyncio.StreamWriter] = []

    async def say(self, text: bytes) -> Connection:
        """A connection over which this was sent."""
        reader, writer = await asyncio.open_connection(HOST, self.port)
        self._writers.append(writer)
        writer.write(text)
        return reader, writer

    async def post(self, event_id: str) -> httpx.Response:
        """A signed event."""
        async with httpx.AsyncClient(trust_env=False) as http:
            url = f"http://{HOST}:{self.port}/events"
            return await http.post(url, content=ORDER, headers=headers(event_id), timeout=HANGING)

    def hang_up(self) -> None:
        for writer in self._writers:
            writer.close()


@asynccontextmanager
async def serving(protocol: type[BoundedProtocol], booking: MemoryBooking | None = None) -> AsyncIterator[Served]:
    app = webhook_app(webhook_settings(), booking or MemoryBooking(), clock=SystemClock())
    config = server_config(app, HOST, 0)
    config.load()
    state = ServerState()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: protocol(config, state, {}), HOST, 0, backlog=config.backlog)
    served = Served(server.sockets[0].getsockname()[1], state)
    try:
        async with asyncio.timeout(HANGING):
            yield served
    finally:
        served.hang_up()
        server.close()
        async with asyncio.timeout(HANGING):
            while state.connections:  # noqa: ASYNC110  # each side learns of the end from the loop
                await asyncio.sleep(0)


def headers(event_id: str) -> dict[str, str]:
    return signed_headers(ORDER, event_id, timestamp=int(time.time()))


def half_body(event_id: str) -> bytes:
    """A signed event without the last byte of its body."""
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers(event_id).items())
    return HEADERS + f"{lines}Content-Length: {len(ORDER)}\r\n\r\n".encode() + ORDER[:-1]


async def drip(connection: Connection, byte: bytes) -> bytes:
    """Sends a byte again and again until the receiver ends the connection; answers what it had said before."""
    reader, writer = connection
    said = b""
    try:
        while True:
            writer.write(byte)
            try:
                async with asyncio.timeout(0.02):
                    piece = await reader.read(1_024)
            except TimeoutError:
                continue
            if not piece:
                return said
            said += piece
    except ConnectionError:
        return said


async def ask_without_reading(writer: asyncio.StreamWriter) -> None:
    while True:
        writer.write(b"GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n" * 100)
        await writer.drain()


@pytest.fixture
def many_files() -> Iterator[None]:
    before, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = FILES if most == resource.RLIM_INFINITY else min(FILES, most)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(before, wanted), most))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (before, most))


@pytest.mark.usefixtures("many_files")
async def test_a_crowd_of_slow_senders_keeps_no_signed_event_out() -> None:
    """Their deadlines are far away: it is their number that ends them."""
    async with serving(BoundedProtocol) as served:
        for number in range(SILENT + HALF_HEADERS + HALF_BODIES):
            text = (
                b"" if number < SILENT else HEADERS if number < SILENT + HALF_HEADERS else half_body(f"half-{number}")
            )
            await served.say(text)
            if number % 100 == 0:
                flow_run_of(await served.post(f"evt-{number}"))
        flow_run_of(await served.post("evt-last"))
        assert len(served.state.connections) <= MAX_CONNECTIONS


@pytest.mark.parametrize(
    ("start", "byte"),
    [
        (b"", b""),
        (b"", b"G"),
        (HEADERS, b""),
        (HEADERS + b"X-Slow: ", b"a"),
        (b"GET /health HTTP/1.1\r\nHost: x\r\nContent-Length: 9999\r\n\r\n", b"a"),
        (b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n", b"G"),
    ],
    ids=[
        "silent",
        "a method that goes on",
        "half of the headers",
        "a header that goes on",
        "a body that goes on",
        "a second request",
    ],
)
async def test_a_request_that_does_not_end_is_ended(start: bytes, byte: bytes) -> None:
    """A byte now and then does not move its deadline."""
    async with serving(Impatient) as served:
        await drip(await served.say(start), byte)
        assert not served.state.connections


async def test_a_body_that_does_not_end_is_ended() -> None:
    """Also the task that waits for it."""
    async with serving(Impatient) as served:
        reader, _ = await served.say(half_body("evt-1"))
        assert await reader.read() == b""
        flow_run_of(await served.post("evt-2"))
        assert not served.state.tasks


async def test_a_sender_that_does_not_read_is_dropped() -> None:
    """It asks for one page after another, until neither side's buffers take more."""

    class Hurried(BoundedProtocol):
        answer_seconds: ClassVar[float] = 0.2

    async with serving(Hurried) as served:
        _, writer = await served.say(b"")
        with pytest.raises(ConnectionError):
            await ask_without_reading(writer)


async def test_the_deadline_of_a_request_is_not_that_of_its_answer() -> None:
    """A booking may take longer than a sender."""
    booking = SlowBooking()
    async with serving(Impatient, booking) as served, asyncio.TaskGroup() as tasks:
        event = tasks.create_task(served.post("evt-1"))
        await booking.asked.wait()
        reader, _ = await served.say(b"")
        assert await reader.read() == b""  # this one is younger, and over
        booking.may_go_on.set()
        flow_run_of(await event)


async def test_one_too_many_takes_the_place_of_the_one_that_has_waited_longest() -> None:
    """Not of an event that is being booked."""
    booking = SlowBooking()
    async with serving(Small, booking) as served, asyncio.TaskGroup() as tasks:
        event = tasks.create_task(served.post("evt-1"))
        await booking.asked.wait()
        (first, _), (second, _), _ = [await served.say(HEADERS) for _ in range(3)]
        assert await first.read() == b""
        assert not second.at_eof()
        await served.say(b"")
        assert await second.read() == b""
        booking.may_go_on.set()
        flow_run_of(await event)


async def test_a_burst_is_cut_to_the_room() -> None:
    """Those that came first make room, one each."""
    async with serving(Small) as served:
        connections = await asyncio.gather(*(served.say(b"") for _ in range(8)))
        for reader, _ in connections[: -Small.max_connections]:
            assert await reader.read() == b""
        assert len(served.state.connections) == Small.max_connections


async def test_while_all_are_being_answered_one_more_is_answered_too() -> None:
    booking = SlowBooking()
    async with serving(Small, booking) as served, asyncio.TaskGroup() as tasks:
        events = []
        for number in range(Small.max_connections + 1):
            events.append(tasks.create_task(served.post(f"evt-{number}")))
            await booking.asked.wait()
            booking.asked.clear()
        booking.may_go_on.set()
        for event in events:
            flow_run_of(await event)


async def test_an_idle_connection_makes_room() -> None:
    async with serving(Small) as served:
        idle, _ = await served.say(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n")
        await idle.readuntil(b"}")
        others = [await served.say(b"") for _ in range(Small.max_connections)]
        assert await idle.read() == b""
        assert not any(reader.at_eof() for reader, _ in others)


def test_a_burst_is_smaller_than_the_room() -> None:
    """What the system accepts at once cannot push out what came with it; both need fewer files than a process may open."""
    assert BACKLOG < MAX_CONNECTIONS
    assert 2 * BACKLOG + MAX_CONNECTIONS < 1_024 - 100
