"""The start of a local Prefect server: where it may listen, whom it asks for a password, and its failure."""

import asyncio
import os
import re
import signal
import socket
import sys
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest
from prefect.settings import PREFECT_API_AUTH_STRING, PREFECT_SERVER_API_AUTH_STRING, temporary_settings

from clients.errors import ConfigError
from deployments import local_server
from deployments.sandbox.server import HOST
from tests.deployments.processes import Process, free_port, wait_until

AUTH = "operator:c4nary-pa55word"
STARTER = """
import asyncio
from deployments.local_server import HOST, local_server

async def main():
    async with local_server(HOST, {port}, asyncio.Event(), temporary=True):
        print("It answers.", flush=True)
        await asyncio.Event().wait()

asyncio.run(main())
"""
"""A program that starts a server and stays."""


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.1.2.3", "prefect.shop.example"])  # noqa: S104  # refused
def test_an_address_that_others_reach_needs_a_password(host: str) -> None:
    with pytest.raises(ConfigError, match="PREFECT_API_AUTH_STRING=name:password"):
        local_server.refuse_strangers(host)
    with temporary_settings({PREFECT_API_AUTH_STRING: AUTH}):
        local_server.refuse_strangers(host)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1"])
def test_an_address_of_this_machine_needs_no_password(host: str) -> None:
    local_server.refuse_strangers(host)


@pytest.mark.parametrize(
    ("settings", "known"),
    [
        ({}, None),
        ({PREFECT_API_AUTH_STRING: AUTH}, AUTH),
        ({PREFECT_SERVER_API_AUTH_STRING: AUTH}, AUTH),
        ({PREFECT_SERVER_API_AUTH_STRING: AUTH, PREFECT_API_AUTH_STRING: "of another server"}, AUTH),
    ],
)
def test_one_setting_is_enough_for_a_server_and_its_clients(settings: dict[Any, str], known: str | None) -> None:
    with temporary_settings(settings):
        assert local_server.auth_string() == known


@pytest.mark.process
@pytest.mark.parametrize("temporary", [True, False])
async def test_a_server_that_dies_at_its_start_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], temporary: bool
) -> None:
    """Until then somebody who waits reads that it is starting. What the server wrote stands above, once."""
    monkeypatch.setattr(local_server, "SAYING_SECONDS", 0)
    monkeypatch.setenv("PREFECT_SERVER_DATABASE_CONNECTION_URL", "sqlite+aiosqlite:////nowhere/prefect.db")
    with pytest.raises(ConfigError, match=r"did not start \(exit status \d+\): see above"):
        async with local_server.local_server(HOST, free_port(), asyncio.Event(), temporary=temporary):
            """It never gets here."""
    said = capfd.readouterr().err
    assert re.search(r"The Prefect server is still starting, \d+ s by now\. Ctrl\+C gives up\.\n", said)
    assert said.count("Application startup failed") == 1


@pytest.mark.process
def test_a_server_ends_with_the_process_that_started_it_however_that_ended(
    environment: dict[str, str], tmp_path: Path
) -> None:
    """A run that is killed leaves no server behind."""
    port = free_port()
    starter = Process("starter", [sys.executable, "-c", STARTER.format(port=port)], environment, tmp_path)
    starter.until("It answers.")
    (server,) = starter.children()
    try:
        os.kill(starter.pid, signal.SIGKILL)
        starter.result()
        wait_until(lambda: _is_free(port), "the server is gone")
    finally:
        with suppress(ProcessLookupError):
            os.kill(server, signal.SIGKILL)


def _is_free(port: int) -> bool:
    with closing(socket.socket()) as tried:
        return tried.connect_ex((HOST, port)) != 0
