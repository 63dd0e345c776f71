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
from tests.deployments.processes import Process, free_port, wait_until
from tests.programs import program
from tests.world.live import PROJECT

POSTGRES_PASSWORD = "postgres-canary-8d2f"
REDIS_PASSWORD = "redis-canary-4c7a"
AUTH = "operator:prefect-canary-6b1e"
"""Of Prefect's API."""
COMPOSE = PROJECT / "deployments/compose.yaml"
_VARIABLE = re.compile(r"\$\$|\$\{(?P<name>\w+)(?::(?P<how>[-?])(?P<default>[^}]*))?\}")


def filled(text: str, values: Mapping[str, str]) -> str:
    """A text of the compose file, with its variables filled in."""

    def value(found: re.Match[str]) -> str:
        if found["name"] is None:
            return "$"
        given = values.get(found["name"], "")
        if not given and found["how"] == "?":
            raise KeyError(f"{found['name']} is required by {COMPOSE.name}")
        return given or found["default"] or ""

    return _VARIABLE.sub(value, text)


SERVING = ("postgres", "redis", "api-1", "api-2", "worker-1", "worker-2")
"""The services that listen: a worker only for its health check."""

ONCE_SECONDS = 300.0
"""For a service that ends: a busy machine takes minutes for each command of Prefect's."""


class Large:
    """All processes of the compose file except the workers, which a test starts and kills."""

    def __init__(self, folder: Path, environment: Mapping[str, str], values: Mapping[str, str]) -> None:
        """Args:
        folder: for logs and data.
        environment: a plain one, for all processes.
        values: what would stand in .env.
        """
        self.folder = folder
        self._plain = environment
        secrets = {
            "POSTGRES_PASSWORD": POSTGRES_PASSWORD,
            "REDIS_PASSWORD": REDIS_PASSWORD,
            "PREFECT_API_AUTH_STRING": AUTH,
        }
        self._values = {**secrets, **values}
        self._services: dict[str, Any] = yaml.safe_load(COMPOSE.read_text(encoding="utf-8"))["services"]
        self.ports = {name: free_port() for name in SERVING}
        self._stack = ExitStack()

    @property
    def url(self) -> str:
        """Prefect's API, on the first server."""
        return f"http://{HOST}:{self.ports['api-1']}/api"

    @property
    def database(self) -> str:
        """The address of Prefect's database."""
        return f"postgresql://prefect:{POSTGRES_PASSWORD}@{HOST}:{self.ports['postgres']}/prefect"

    def dump(self) -> bytes:
        """The whole of Prefect's database, as SQL."""
        command = [program("pg_dump", "postgresql-client"), "--dbname", self.database]
        return subprocess.run(command, check=True, capture_output=True, cwd="/").stdout

    def environment(self, service: str) -> dict[str, str]:
        """A service's environment on this machine."""
        own = {
            name: self._here(filled(str(value), self._values))
            for name, value in self._services[service].get("environment", {}).items()
        }
        home = {"PREFECT_HOME": str(self.folder / "prefect"), "PREFECT_SERVER_UI_ENABLED": "false"}
        binaries = f"{Path(sys.executable).parent}{os.pathsep}{self._plain['PATH']}"
        if service.startswith("worker"):  # a container has a port 8080 of its own
            home["PREFECT_WORKER_WEBSERVER_PORT"] = str(self.ports[service])
        return {**self._plain, **home, "PATH": binaries, **own}

    def is_healthy(self, service: str) -> bool:
        """Whether its health check passes."""
        _, *command = self._services[service]["healthcheck"]["test"]
        here = [re.sub(r"127\.0\.0\.1:\d+", f"{HOST}:{self.ports.get(service)}", word) for word in command]
        done = subprocess.run(
            here, env=self.environment(service), cwd=self.folder, capture_output=True, timeout=60, check=False
        )
        return done.returncode == 0

    def start(self, service: str) -> Process:
        """Starts a service, which ends with the others."""
        command = [self._here(filled(word, self._values)) for word in self._services[service]["command"]]
        if "--host" in command:
            command[command.index("--host") + 1] = HOST
            command[command.index("--port") + 1] = str(self.ports[service])
        process = Process(service, command, self.environment(service), self.folder)
        self._stack.callback(process.end)
        return process

    def once(self, service: str) -> str:
        """Runs a service to its end, and returns its output."""
        process = self.start(service)
        assert process.result(ONCE_SECONDS) == 0, process.said
        return process.said

    def close(self) -> None:
        self._stack.close()

    def open(self) -> None:
        """Starts everything except the deployment and the workers."""
        self._stack.enter_context(_postgres(self.ports["postgres"], POSTGRES_PASSWORD))
        self._stack.enter_context(self._redis())
        self.once("migrate")
        for service in ("api-1", "api-2", "services"):
            self.start(service)
        for service in ("api-1", "api-2"):
            wait_until(partial(_answers, self.ports[service]), f"{service} answers")

    @contextmanager
    def _redis(self) -> Iterator[None]:
        """As the compose file starts it, at another place."""
        server = program("redis-server", "redis-server")
        where = f"{server} --bind {HOST} --port {self.ports['redis']} --dir {self.folder}"
        command = [
            filled(word, self._values).replace("redis-server", where) for word in self._services["redis"]["command"]
        ]
        process = Process("redis", command, self.environment("redis"), self.folder)
        try:
            wait_until(lambda: "Ready to accept connections" in process.said, "Redis answers")
            yield
        finally:
            process.end()

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
    """A server with a database and a user, both called prefect."""
    # In a folder that its user may enter; pytest's folders do not allow that.
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
