"""Tests depend on nothing of the machine that they run on: neither its settings nor its Prefect."""

import atexit
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

# All of this counts before Prefect is imported for the first time, hence at the top of the outermost conftest.
_ELSEWHERE = ("PREFECT_API_URL", "PREFECT_API_KEY", "PREFECT_API_AUTH_STRING", "PREFECT_PROFILE", "MAIN_APP_URL")
for _name in list(os.environ):
    if _name in _ELSEWHERE or _name.startswith(("OMNITRON_", "CHANNEL_")):
        del os.environ[_name]

if "PREFECT_HOME" not in os.environ:
    os.environ["PREFECT_HOME"] = tempfile.mkdtemp(prefix="channel-app-prefect-")
    atexit.register(shutil.rmtree, os.environ["PREFECT_HOME"], ignore_errors=True)
if _worker := os.environ.get("PYTEST_XDIST_WORKER"):
    os.environ["PREFECT_HOME"] = str(Path(os.environ["PREFECT_HOME"]) / _worker)
Path(os.environ["PREFECT_HOME"]).mkdir(parents=True, exist_ok=True)  # Prefect makes the last folder only

os.environ["PREFECT_SERVER_ANALYTICS_ENABLED"] = "false"
os.environ["PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS"] = "60"
os.environ["DO_NOT_TRACK"] = "1"
# On a busy machine, a server on SQLite may answer a write only after its own minute of waiting for the lock. A client that gives
# up at the same moment sends the state of a run twice, and gets it back without its result.
os.environ["PREFECT_API_REQUEST_TIMEOUT"] = "300"


PATIENCE = 300.0
"""Seconds that tests give a Prefect server for one thing."""


@pytest.fixture(scope="session", autouse=True)
def _empty_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Tests run in an empty folder: settings are read from `.env` in the current one, and a developer has one."""
    before = Path.cwd()
    os.chdir(tmp_path_factory.mktemp("empty"))
    yield
    os.chdir(before)


@pytest.fixture(scope="session")
def prefect_server() -> Iterator[None]:
    """A Prefect server of this test process, with a database of its own."""
    from prefect.testing.utilities import prefect_test_harness  # noqa: PLC0415  # takes 1.5 s

    with prefect_test_harness(server_startup_timeout=60):
        yield


@pytest.fixture(autouse=True)
def _prefect_for_flows(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server starts with the first test that is marked `flow`, and not at all without one.

    A run that has done its work waits only seconds for Prefect to keep its artifact and its bookings. A server on SQLite may
    stand still for a minute, and a test that looks for them is not about that.
    """
    if request.node.get_closest_marker("flow"):
        request.getfixturevalue("prefect_server")
        from clients import prefect_api  # noqa: PLC0415  # as above
        from flows import artifact  # noqa: PLC0415

        for module in (artifact, prefect_api):
            monkeypatch.setattr(module, "SECONDS", PATIENCE)
