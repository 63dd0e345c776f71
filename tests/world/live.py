"""The command, a Prefect server and both sandboxes in processes of their own."""

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from deployments.sandbox.server import HOST, SandboxProcess, listen

PROJECT = Path(__file__).parents[2]
START_SECONDS = 240.0
"""For a server's start, at most: a busy machine takes minutes."""
_OURS = ("OMNITRON_", "MAIN_APP_URL", "CHANNEL_", "PREFECT_")

Command = Callable[..., "subprocess.CompletedProcess[str]"]
"""Runs the command with these arguments."""


@pytest.fixture(scope="session")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """This process's environment without settings of anybody's, and with a Prefect of its own."""
    plain = {name: value for name, value in os.environ.items() if not name.startswith(_OURS)}
    return plain | {
        "PYTHONPATH": str(PROJECT),
        "PREFECT_HOME": str(tmp_path_factory.mktemp("prefect")),
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "DO_NOT_TRACK": "1",
    }


@pytest.fixture(scope="session")
def prefect_server(environment: dict[str, str]) -> Iterator[dict[str, str]]:
    """A Prefect server; yields what points a process to it."""
    with prefect_serving(environment) as url:
        yield {"PREFECT_API_URL": f"{url}/api"}


@contextmanager
def prefect_serving(environment: dict[str, str], *module: str) -> Iterator[str]:
    """A Prefect server, at this address while the block runs: Prefect's own, or the one that this `module` starts."""
    with listen() as free:
        port = free.getsockname()[1]
    # By a setting, not by an option: the UI asks at the port that the settings name.
    own = {"PREFECT_SERVER_API_PORT": str(port), "PREFECT_SERVER_LOGGING_LEVEL": "INFO"}
    process = subprocess.Popen(
        [sys.executable, "-m", *(module or ("prefect", "server", "start", "--host", HOST))],
        env=environment | own,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    ready, said = threading.Event(), []
    log = (Path(environment["PREFECT_HOME"]) / "server.log").open("w", buffering=1, encoding="utf-8")

    def read() -> None:
        for line in process.stdout or ():
            said.append(line)
            log.write(line)
            if "Uvicorn running" in line:
                ready.set()
        ready.set()

    reader = threading.Thread(target=read)
    reader.start()
    try:
        ready.wait(START_SECONDS)
        assert any("Uvicorn running" in line for line in said), "".join(said)
        yield f"http://{HOST}:{port}"
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        reader.join()
        log.close()
        if process.stdout:
            process.stdout.close()


class Shop:
    """Both sandboxes, behind sockets."""

    def __init__(self, sandbox: SandboxProcess) -> None:
        self.sandbox = sandbox
        self.http = httpx.Client(trust_env=False)

    @property
    def settings(self) -> dict[str, str]:
        """Under which a program finds them. A request is tried once: faults are meant."""
        return {**self.sandbox.environment, "CHANNEL_APP_TRIES": "1"}

    def control(self, system: str, method: str, path: str, body: Any = None) -> Any:
        """A request to a sandbox's control routes."""
        response = self.http.request(method, f"{self.sandbox.urls[system]}/_sandbox/{path}", json=body)
        response.raise_for_status()
        return response.json()

    def hub(self, method: str, path: str, body: Any = None) -> Any:
        """A request to the hub's own API, as its user."""
        base = f"{self.sandbox.urls['omnitron']}/api/v1"
        credentials = {"username": "sandbox", "password": "sandbox"}
        key = self.http.post(f"{base}/auth/login/", json=credentials).json()["key"]
        headers = {"Authorization": f"Token {key}"}
        response = self.http.request(method, f"{base}/channel/6/{path}", json=body, headers=headers)
        response.raise_for_status()
        return response.json()

    def state(self) -> Any:
        """Where everything stands."""
        return self.control("omnitron", "GET", "state")

    def assert_nothing_locked(self) -> None:
        """No batch is open, no object is in work, and the contract was kept."""
        state = self.state()
        assert state["counts"]["open_batches"] == {}
        assert [row["processing"] for row in state["counts"]["objects"].values() if row["processing"]] == []
        assert state["violations"] == []
