"""The Prefect server of a command, for real: who may ask it, and that the commands themselves still do."""

import contextlib
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect
from websockets.typing import Origin

from deployments.sandbox.server import HOST
from tests.deployments.prefect_server import PrefectServer
from tests.deployments.processes import Process, free_port, wait_until
from tests.deployments.test_secrets import few, save_block, told
from tests.world.live import Command, Shop

pytestmark = pytest.mark.process

AUTH = "operator:c4nary-pa55word"
SECRET = "block-canary-2k9d"
EVIL = "http://evil.example"
EVERY_BLOCK = {"include_secrets": True}


@contextmanager
def served(settings: dict[str, str], folder: Path, *flows: str) -> Iterator[Process]:
    """`channel-app serve` with a server of its own, and the deployments of these flows."""
    command = [sys.executable, "-u", "-m", "deployments.cli", "serve", "--file", str(few(folder, *flows))]
    process = Process("serve", command, settings, folder, cwd=folder)
    try:
        process.until("Stop with Ctrl+C")
        yield process
    finally:
        process.end()


@pytest.fixture
def own(environment: dict[str, str], shop: Shop, tmp_path: Path) -> dict[str, str]:
    """Settings under which `serve` starts a server that nobody else uses."""
    return {
        **environment,
        **shop.settings,
        "PREFECT_HOME": str(tmp_path / "prefect"),
        "PREFECT_SERVER_API_PORT": str(free_port()),
        "PREFECT_RUNNER_POLL_FREQUENCY": "1",
    }


@pytest.mark.flow
def test_no_page_of_another_site_reads_a_secret_block(own: dict[str, str], tmp_path: Path) -> None:
    """Neither as its own site, nor under a name that leads here by a trick, nor without the token of this server's pages,
    nor over a WebSocket. A program on this machine reads it."""
    port = own["PREFECT_SERVER_API_PORT"]
    api = f"http://{HOST}:{port}/api"
    with served(own, tmp_path, "recover"), PrefectServer(api) as server:
        save_block({**own, "PREFECT_API_URL": api}, "canary", SECRET)
        (block,) = server.post("/block_documents/filter", EVERY_BLOCK)
        assert block["data"] == {"value": SECRET}
        for headers, status in (
            ({"Origin": EVIL}, 403),
            ({"Origin": "null"}, 403),
            ({"Host": f"evil.example:{port}", "Origin": f"http://evil.example:{port}"}, 400),
            ({"Host": f"evil.example:{port}"}, 400),
            ({"Origin": f"http://{HOST}:{port}"}, 403),  # a form that another page posts has no token
        ):
            path = f"{api}/block_documents/filter"
            answer = httpx.post(path, json=EVERY_BLOCK, headers=headers, trust_env=False, timeout=60)
            assert (answer.status_code, SECRET in answer.text) == (status, False), headers
        events = f"ws://{HOST}:{port}/api/events/out"
        with pytest.raises(InvalidStatus), connect(events, origin=Origin(EVIL), proxy=None):
            """It is refused."""
        with connect(events, origin=Origin(f"http://{HOST}:{port}"), proxy=None):
            """It is opened."""


@pytest.mark.flow
def test_with_a_name_and_a_password_everything_of_ours_still_works(
    own: dict[str, str], channel_app: Command, tmp_path: Path
) -> None:
    """serve with its runs, a run by hand, an event. Whoever does not know them is refused, in one sentence."""
    guarded = {**own, "PREFECT_API_AUTH_STRING": AUTH}
    api = f"http://{HOST}:{own['PREFECT_SERVER_API_PORT']}/api"
    there = {**guarded, "PREFECT_API_URL": api}
    with served(guarded, tmp_path, "fetch_and_create_order"), PrefectServer(api, AUTH) as server:
        assert httpx.get(f"{api}/version", trust_env=False, timeout=60).status_code == 401
        assert "202, flow run" in told(there, tmp_path)
        wait_until(
            lambda: server.runs("Completed", deployment="fetch-and-create-order-on-event"), "the event's run", 180
        )
        done = channel_app("run", "fetch_and_create_order", settings=there)
        assert done.returncode == 0, done.stdout + done.stderr
        assert channel_app("resume", settings=there).stdout == "No run holds back.\n"
        done = channel_app(
            "run", "fetch_and_create_order", settings={**there, "PREFECT_API_AUTH_STRING": "operator:other"}
        )
        assert done.returncode == 1
        assert done.stdout == ""
        assert "refuses the credentials (401): set PREFECT_API_AUTH_STRING to those of the server." in done.stderr
        assert "Traceback" not in done.stderr
        assert AUTH not in done.stderr


def test_no_server_is_opened_to_other_machines_without_a_password(own: dict[str, str], channel_app: Command) -> None:
    done = channel_app("serve", settings={**own, "PREFECT_SERVER_API_HOST": "0.0.0.0"})  # noqa: S104  # refused
    assert done.returncode == 1
    assert "Other machines would reach Prefect's API on 0.0.0.0" in done.stderr


@pytest.mark.flow
def test_a_run_by_hand_ends_with_its_summary_and_so_does_its_server(
    own: dict[str, str], channel_app: Command, tmp_path: Path
) -> None:
    """No traceback of Prefect's threads follows, no link to pages that nobody serves, and no run is booked for later."""
    done = channel_app("run", "insert_products", settings=own)
    assert (done.returncode, done.stdout.splitlines()[-1][:16]) == (0, "insert products:")
    assert not re.search("Traceback|Error|View at|is checked at", done.stderr), done.stderr
    assert [process for process in processes() if str(tmp_path) in process] == []


def processes() -> list[str]:
    """The environment of each process of this machine that may be read."""
    found = []
    for path in Path("/proc").glob("[0-9]*/environ"):
        with contextlib.suppress(OSError):
            found.append(path.read_text(errors="replace"))
    return found
