"""The large form, started as deployments/compose.yaml says: its commands and variables, as processes on loopback.

What stands for the containers of PostgreSQL and Redis are Debian's servers. Host names become addresses of this machine.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import yaml

from deployments.sandbox.server import HOST
from tests.deployments.conftest import PROJECT
from tests.deployments.processes import Process, free_port, wait_until
from tests.programs import program

POSTGRES_PASSWORD = "postgres-canary-8d2f"
COMPOSE = PROJECT / "deployments/compose.yaml"
_VARIABLE = re.compile(r"\$\$|\$\{(?P<name>\w+)(?::(?P<how>[-?])(?P<default>[^}]*))?\}")


def filled(text: str, values: Mapping[str, str]) -> str:
    """A text of the compose file, as Compose fills it in."""

    def value(found: re.Match[str]) -> str:
        if found["name"] is None:
            return "$"
        given = values.get(found["name"], "")
        if not given and found["how"] == "?":
            raise KeyError(f"{found['name']} is required by {COMPOSE.name}")
        return given or found["default"] or ""

    return _VARIABLE.sub(value, text)


class Large:
    """All processes of the compose file but the workers, which a test starts and kills."""

    def __init__(self, folder: Path, environment: Mapping[str, str], values: Mapping[str, str]) -> None:
        """Args:
        folder: for logs and data.
        environment: a plain one, for all processes.
        values: what would stand in .env.
        """
        self.folder = folder
        self._plain = environment
        self._values = {"POSTGRES_PASSWORD": POSTGRES_PASSWORD, **values}
        self._services: dict[str, Any] = yaml.safe_load(COMPOSE.read_text(encoding="utf-8"))["services"]
        self.ports = {name: free_port() for name in ("postgres", "redis", "api-1", "api-2")}
        self._stack = ExitStack()

    @property
    def url(self) -> str:
        """Prefect's API, of the first of both servers."""
        return f"http://{HOST}:{self.ports['api-1']}/api"

    @property
    def database(self) -> str:
        """The address of Prefect's database."""
        return f"postgresql://prefect:{POSTGRES_PASSWORD}@{HOST}:{self.ports['postgres']}/prefect"

    def dump(self) -> bytes:
        """All of Prefect's database, as SQL."""
        command = [program("pg_dump", "postgresql-client"), "--dbname", self.database]
        return subprocess.run(command, check=True, capture_output=True, cwd="/").stdout

    def environment(self, service: str) -> dict[str, str]:
        """A service's environment, here."""
        own = {
            name: self._here(filled(str(value), self._values))
            for name, value in self._services[service].get("environment", {}).items()
        }
        home = {"PREFECT_HOME": str(self.folder / "prefect"), "PREFECT_SERVER_UI_ENABLED": "false"}
        binaries = f"{Path(sys.executable).parent}{os.pathsep}{self._plain['PATH']}"
        return {**self._plain, **home, "PATH": binaries, **own}

    def start(self, service: str) -> Process:
        """Starts a service, which is ended with the rest."""
        command = [self._here(filled(word, self._values)) for word in self._services[service]["command"]]
        if service in self.ports:
            command[command.index("--host") + 1] = HOST
            command[command.index("--port") + 1] = str(self.ports[service])
        process = Process(service, command, self.environment(service), self.folder)
        self._stack.callback(process.end)
        return process

    def once(self, service: str) -> str:
        """Runs a service that ends by itself; what it said."""
        process = self.start(service)
        assert process.result() == 0, process.said
        return process.said

    def close(self) -> None:
        self._stack.close()

    def open(self) -> None:
        """Everything but the deploying and the workers."""
        self._stack.enter_context(_postgres(self.ports["postgres"], POSTGRES_PASSWORD))
        self._stack.enter_context(_redis(self.folder, self.ports["redis"]))
        self.once("migrate")
        for service in ("api-1", "api-2", "services"):
            self.start(service)
        for service in ("api-1", "api-2"):
            wait_until(partial(_answers, self.ports[service]), f"{service} answers")

    def _here(self, text: str) -> str:
        for name, port in self.ports.items():
            text = re.sub(rf"(?<=[/@]){name}:\d+", f"{HOST}:{port}", text)
        return text


def _answers(port: int) -> bool:
    try:
        return httpx.get(f"http://{HOST}:{port}/api/health", trust_env=False).is_success
    except httpx.HTTPError:
        return False


@contextmanager
def _postgres(port: int, password: str) -> Iterator[None]:
    """A server with a database and its user, both called prefect."""
    # In a folder that its user may enter, which those of pytest are not.
    with tempfile.TemporaryDirectory(prefix="channel-app-postgres-") as folder:
        data, secret = Path(folder, "data"), Path(folder, "password")
        data.mkdir()
        secret.write_text(password, encoding="ascii")
        as_user = []
        if os.geteuid() == 0:  # PostgreSQL refuses to run as root
            as_user = ["runuser", "-u", "postgres", "--"]
            for path in (Path(folder), data, secret):
                shutil.chown(path, "postgres")
        initialise = [program("initdb", "postgresql"), "--pgdata", str(data), "--username", "prefect", "--no-sync"]
        options = ["--pwfile", str(secret), "--auth", "scram-sha-256", "--encoding", "UTF8", "--locale", "C.UTF-8"]
        subprocess.run([*as_user, *initialise, *options], cwd="/", check=True, capture_output=True)
        control = [*as_user, program("pg_ctl", "postgresql"), "--pgdata", str(data), "--silent", "--wait"]
        server = f"-h {HOST} -p {port} -k {data} -c fsync=off -c max_connections=200"
        subprocess.run([*control, "--options", server, "--log", f"{data}/log", "start"], cwd="/", check=True)
        try:
            url = f"postgresql://prefect:{password}@{HOST}:{port}/postgres"
            create = [program("psql", "postgresql"), url, "--quiet", "--command", "CREATE DATABASE prefect"]
            subprocess.run(create, cwd="/", check=True)
            yield
        finally:
            subprocess.run([*control, "--mode", "immediate", "stop"], cwd="/", check=True)


@contextmanager
def _redis(folder: Path, port: int) -> Iterator[None]:
    where = ["--bind", HOST, "--port", str(port), "--dir", str(folder), "--appendonly", "yes"]
    process = Process("redis", [program("redis-server", "redis-server"), *where], os.environ, folder)
    try:
        wait_until(lambda: "Ready to accept connections" in process.said, "Redis answers")
        yield
    finally:
        process.end()
