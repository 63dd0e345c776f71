"""The Prefect server that a command starts on this machine while PREFECT_API_URL names none."""

import asyncio
import inspect
import os
import socket
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing, nullcontext
from typing import IO, Any

from prefect.client.orchestration import get_client
from prefect.events.worker import EventsWorker
from prefect.logging.handlers import APILogWorker
from prefect.settings import (
    PREFECT_API_AUTH_STRING,
    PREFECT_API_URL,
    PREFECT_UI_URL,
    get_current_settings,
    temporary_settings,
)

from clients.errors import ConfigError
from clients.flow_runs import starts_later_runs
from clients.settings import is_loopback
from deployments.console import say
from deployments.guarded_server import TEMPORARY, TIED
from deployments.reach_prefect import reach_prefect

HOST = "127.0.0.1"
SAYING_SECONDS = 30.0
"""The time between two lines about a server that starts: the first start creates its database, which a slow machine may
take minutes for."""
_POLL_SECONDS = 0.2
_STOP_SECONDS = 30.0
_LAST_WORDS_SECONDS = 10.0


@asynccontextmanager
async def prefect_for_runs() -> AsyncIterator[None]:
    """Prefect's API while the runs of one command need it: that of PREFECT_API_URL, or a temporary server.

    Raises:
        PrefectUnavailableError: the server of PREFECT_API_URL does not answer as it should.
        ConfigError: the temporary server does not start.
    """
    if PREFECT_API_URL.value():
        await reach_prefect()
        yield
        return
    with closing(socket.socket()) as free:
        free.bind((HOST, 0))
        port = free.getsockname()[1]
    token = starts_later_runs.set(False)
    try:
        async with local_server(HOST, port, asyncio.Event(), temporary=True):
            yield
    finally:
        starts_later_runs.reset(token)


@asynccontextmanager
async def local_server(host: str, port: int, stop: asyncio.Event, *, temporary: bool = False) -> AsyncIterator[None]:
    """A Prefect server on this machine while the block runs, and Prefect's clients pointed to it.

    Args:
        host: the address to listen on.
        port: a free port.
        stop: ends the waiting for a server that is still starting.
        temporary: without pages, schedules and automations, for the runs of one command.

    Raises:
        ConfigError: it does not start.
    """
    own = {"PREFECT_SERVER_API_HOST": host, "PREFECT_SERVER_API_PORT": str(port)}
    pointed: dict[Any, str] = {PREFECT_API_URL: f"http://{host}:{port}/api"}
    if temporary:
        own |= {"PREFECT_SERVER_LOGGING_LEVEL": "ERROR"}
        pointed |= {PREFECT_UI_URL: ""}  # no links to pages that nobody serves
    if auth := auth_string():
        own |= {"PREFECT_SERVER_API_AUTH_STRING": auth}
        pointed |= {PREFECT_API_AUTH_STRING: auth}
    # A run ends its server in the middle of whatever that does, and the server reports that with tracebacks. They are of
    # interest only if it does not start.
    with tempfile.TemporaryFile() if temporary else nullcontext() as log:
        # In its own session, so that Ctrl+C reaches this process alone: it needs the server until its last run has ended. The
        # folder that it is started in holds the operator's modules, and must not shadow ours (-P).
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", "-m", "deployments.guarded_server", TIED, *([TEMPORARY] if temporary else [])),
            env={**os.environ, **own},
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=log,
            start_new_session=True,
        )
        async with _ended(process):
            with temporary_settings(pointed):
                try:
                    await _answering(process, stop)
                except ConfigError:
                    _show(log)
                    raise
                try:
                    yield
                finally:
                    await _let_prefect_finish()


@asynccontextmanager
async def _ended(process: asyncio.subprocess.Process) -> AsyncIterator[None]:
    """Ends the process after the block."""
    try:
        yield
    finally:
        if process.returncode is None:
            process.terminate()
        try:
            await asyncio.wait_for(process.wait(), _STOP_SECONDS)
        except TimeoutError:
            process.kill()
            await process.wait()


def auth_string() -> str | None:
    """`name:password` of a server that this machine starts: the server's own setting, or what its clients send anyway."""
    settings = get_current_settings()
    secret = settings.server.api.auth_string or settings.api.auth_string
    return secret.get_secret_value() if secret else None


def refuse_strangers(host: str) -> None:
    """Lets a server listen where only this machine reaches it, or with a password.

    Raises:
        ConfigError: other machines would reach it, and it would ask them for nothing.
    """
    if not is_loopback(host) and not auth_string():
        raise ConfigError(
            f"Other machines would reach Prefect's API on {host}, and read its Secret blocks. Set a name and a password: "
            "PREFECT_API_AUTH_STRING=name:password"
        )


async def _answering(process: asyncio.subprocess.Process, stop: asyncio.Event) -> None:
    """Waits for as long as the server lives: what a slow machine needs for its first start is not known."""
    started = said = asyncio.get_running_loop().time()
    async with get_client() as client:
        while not stop.is_set() and await client.api_healthcheck() is not None:
            if process.returncode is not None:
                raise ConfigError(f"The Prefect server did not start (exit status {process.returncode}): see above.")
            now = asyncio.get_running_loop().time()
            if now - said >= SAYING_SECONDS:
                said = now
                say(f"The Prefect server is still starting, {now - started:.0f} s by now. Ctrl+C gives up.", err=True)
            await asyncio.sleep(_POLL_SECONDS)


def _show(log: IO[bytes] | None) -> None:
    """Prints what the server wrote, if it did not write to the terminal itself."""
    if log is not None:
        log.seek(0)
        say(log.read().decode(errors="replace"), err=True)


async def _let_prefect_finish() -> None:
    """Lets Prefect's own threads send what they hold: after the server's end they would fill the terminal with errors."""
    for sender in (APILogWorker, EventsWorker):
        sending = sender.drain_all(timeout=_LAST_WORDS_SECONDS)
        if inspect.isawaitable(sending):
            await sending
