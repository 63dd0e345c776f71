"""The webhook receiver while strangers hold connections open: how long a signed event takes."""

import asyncio
import multiprocessing
import resource
import socket
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import count
from typing import Any
from uuid import uuid4

import httpx
import uvicorn
from pydantic import SecretStr
from rich.console import Console

from clients.settings import WebhookSettings
from deployments.booking import Booked, Event, deployment_of
from deployments.sandbox.server import HOST, listen
from deployments.signatures import EVENT_ID, SIGNATURE, TIMESTAMP, signature
from deployments.webhook import server_config, webhook_app

EVENTS = 200
SILENT, HALF_HEADERS, HALF_BODIES = 500, 200, 100
STRANGERS = SILENT + HALF_HEADERS + HALF_BODIES
FILES = 2 * STRANGERS
"""Open files that the strangers need."""
BODY = b'{"type": "order_created"}'
KEY = SecretStr("a key of the bench alone")
_PROCESSES = multiprocessing.get_context("spawn")


class _BookedAtOnce:
    """Prefect's part, which takes no time."""

    async def book(self, event: Event) -> Booked:
        return Booked(uuid4(), deployment_of(event.type, 6))

    async def answers(self) -> bool:
        return True


async def webhook(console: Console) -> None:
    """Prints the median of signed events: alone, beside connections that are held, and beside strangers that open a new one
    for each that is dropped, as fast as they can."""
    console.print(
        f"webhook: {EVENTS} signed events beside {SILENT} silent connections, {HALF_HEADERS} with half of the headers, and "
        f"{HALF_BODIES} with half of a body"
    )
    for name, times in (("alone", 0), ("held", 1), ("opened again and again", None)):
        with _receiver() as port, _strangers(port, times):
            answered, seconds = await _events(port)
        console.print(
            f"  {name}: {answered} answered, median {statistics.median(seconds) * 1_000:.1f} ms, longest "
            f"{max(seconds) * 1_000:.0f} ms"
        )


@contextmanager
def _receiver() -> Iterator[int]:
    with listen() as listener, _beside(_serve, listener):
        yield listener.getsockname()[1]


def _serve(listener: socket.socket) -> None:
    settings = WebhookSettings(
        OMNITRON_CHANNEL_ID=6, PREFECT_API_URL="http://127.0.0.1:9/api", CHANNEL_APP_WEBHOOK_SECRET=KEY
    )
    config = server_config(webhook_app(settings, _BookedAtOnce()), HOST, 0)
    with asyncio.Runner(loop_factory=config.get_loop_factory()) as runner:
        runner.run(uvicorn.Server(config).serve(sockets=[listener]))


@contextmanager
def _strangers(port: int, times: int | None) -> Iterator[None]:
    """Until each has opened its first connection, and as long as the block runs."""
    if times == 0:
        yield
        return
    opened = _PROCESSES.Semaphore(0)
    with _beside(_crowd, port, times, opened):
        for _ in range(STRANGERS):
            opened.acquire()
        yield


@contextmanager
def _beside(work: Callable[..., None], *arguments: Any) -> Iterator[None]:
    process = _PROCESSES.Process(target=work, args=arguments, daemon=True)
    process.start()
    try:
        yield
    finally:
        process.terminate()
        process.join()


def _crowd(port: int, times: int | None, opened: Any) -> None:
    before, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(
        resource.RLIMIT_NOFILE, (FILES if most == resource.RLIM_INFINITY else max(before, min(FILES, most)), most)
    )
    half_body = f"Content-Length: {len(BODY)}\r\n\r\n".encode() + BODY[:-1]
    lines = "".join(f"{name}: {value}\r\n" for name, value in _headers("half").items()).encode()
    start = b"POST /events HTTP/1.1\r\nHost: x\r\n" + lines
    texts = [b""] * SILENT + [start] * HALF_HEADERS + [start + half_body] * HALF_BODIES

    async def hold() -> None:
        await asyncio.gather(*(_hold(port, text, times, opened) for text in texts))
        await asyncio.Event().wait()

    asyncio.run(hold())


async def _hold(port: int, text: bytes, times: int | None, opened: Any) -> None:
    """Keeps a connection until the receiver ends it, so many times; None: for good."""
    for number in count() if times is None else range(times):
        reader, writer = await asyncio.open_connection(HOST, port)
        if number == 0:
            opened.release()
        with suppress(ConnectionError):
            writer.write(text)
            await reader.read()
        writer.close()


async def _events(port: int) -> tuple[int, list[float]]:
    """How many were answered with 202, and the seconds of each."""
    answered, seconds = 0, []
    # A connection for each: a kept one would not have to find a place.
    limits = httpx.Limits(max_keepalive_connections=0)
    async with httpx.AsyncClient(trust_env=False, timeout=30, limits=limits) as http:
        for number in range(EVENTS):
            headers = _headers(f"evt-{number}")
            started = time.perf_counter()
            with suppress(httpx.TransportError):
                answer = await http.post(f"http://{HOST}:{port}/events", content=BODY, headers=headers)
                answered += answer.status_code == httpx.codes.ACCEPTED
            seconds.append(time.perf_counter() - started)
    return answered, seconds


def _headers(event_id: str) -> dict[str, str]:
    now = str(int(time.time()))
    return {
        "Content-Type": "application/json",
        EVENT_ID: event_id,
        TIMESTAMP: now,
        SIGNATURE: signature(KEY, event_id, now, BODY),
    }
