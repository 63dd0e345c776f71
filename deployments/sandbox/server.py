"""Sandboxes behind real sockets: in this process until a signal, beside other code, or in a child process."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import uvicorn
from starlette.types import ASGIApp

from clients.errors import ConfigError
from deployments.sandbox.hub.omnitron import OmnitronSandbox
from deployments.sandbox.market.marketplace import MarketplaceSandbox

HOST = "127.0.0.1"
CHANNEL_MODULE = "tasks.channel.sandbox"
WRITTEN = "# Settings of a local sandbox: `channel-app sandbox` writes this file anew."
"""The first line of a file of settings that may be overwritten."""

Apps = Mapping[str, tuple[ASGIApp, int | socket.socket]]
"""By name: the application and its port (0: a free one), or a socket that listens already."""

PRIVATE = 0o600
"""A file that only its owner reads and writes."""
_PROJECT = Path(__file__).parents[2]
_BACKLOG = 2048
_START_SECONDS = 30.0
_STOP_SECONDS = 5.0


class _Server(uvicorn.Server):
    """A server that tells when it accepts requests, and leaves the signals to the program around it."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.accepting = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.accepting.set()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def listen(port: int = 0) -> socket.socket:
    """A socket that listens on loopback; port 0 is a free one."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((HOST, port))
    listener.listen(_BACKLOG)
    return listener


def url_of(listener: socket.socket) -> str:
    """`http://127.0.0.1:PORT`."""
    return f"http://{HOST}:{listener.getsockname()[1]}"


@asynccontextmanager
async def running(apps: Apps) -> AsyncIterator[dict[str, str]]:
    """Serve the applications in this event loop for as long as the block runs; yields their base URLs by name."""
    listeners = {
        name: place if isinstance(place, socket.socket) else listen(place) for name, (_, place) in apps.items()
    }
    servers = [(_Server(_config(app)), listeners[name]) for name, (app, _) in apps.items()]
    tasks = [asyncio.create_task(server.serve(sockets=[listener])) for server, listener in servers]
    try:
        for server, _ in servers:
            await server.accepting.wait()
        yield {name: url_of(listener) for name, listener in listeners.items()}
    finally:
        for server, _ in servers:
            server.should_exit = True
        await asyncio.gather(*tasks)


def serve(apps: Apps, announce: Callable[[dict[str, str]], None] = lambda _urls: None) -> None:
    """Serve the applications until SIGINT or SIGTERM; `announce` gets the base URLs once they answer."""

    async def until_stopped() -> None:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stop.set)
        async with running(apps) as urls:
            announce(urls)
            await stop.wait()

    # uvicorn knows the fastest loop that is installed.
    with asyncio.Runner(loop_factory=uvicorn.Config("", log_config=None).get_loop_factory()) as runner:
        runner.run(until_stopped())


def main(
    which: str = "all",
    *,
    omnitron_port: int = 0,
    marketplace_port: int = 0,
    products: int = 100,
    latency_ms: float = 0.0,
    seed: int = 7,
    asynchronous: bool = False,
    failing: float = 0.04,
    refuse_share: float = 0.0,
    habits: Sequence[str] = (),
    as_json: bool = False,
    env_file: Path | None = None,
) -> None:
    """Run the hub, the marketplace or both until SIGINT or SIGTERM; prints addresses and environment when they listen.

    Args:
        which: `omnitron`, `marketplace` or `all`.
        omnitron_port: where the hub listens; 0 is a free port.
        marketplace_port: where the marketplace listens; 0 is a free port.
        products: how many products the hub's shop has.
        seed: decides every value of the shop.
        failing: the share of its products that are defective.
        latency_ms: how much later every answer of both comes.
        asynchronous: whether the channel's connector is told to send in batches that are asked for later.
        refuse_share: the share of skus that the marketplace refuses.
        habits: the marketplace's habits by name.
        as_json: print one line of JSON instead of shell exports.
        env_file: write the environment there, too, where the program reads it by itself.

    Raises:
        ConfigError: `env_file` exists, and was not written by the sandbox; or there is no such habit.
        OSError: a port is taken, or the file cannot be written.
    """
    if env_file is not None:
        _refuse_settings_of_others(env_file)
    apps: dict[str, tuple[ASGIApp, int | socket.socket]] = {}
    environment: dict[str, str] = {}
    channel_conf: dict[str, Any] = {"asynchronous": asynchronous}
    latency = latency_ms / 1000
    if which in ("marketplace", "all"):
        listener = listen(marketplace_port)
        channel_conf["base_url"] = url_of(listener)
        market = MarketplaceSandbox(refuse_share=refuse_share, latency=latency, habits=habits)
        apps["marketplace"] = (market, listener)
    if which in ("omnitron", "all"):
        listener = listen(omnitron_port)
        hub = OmnitronSandbox(products=products, seed=seed, failing=failing, latency=latency, channel_conf=channel_conf)
        apps["omnitron"] = (hub, listener)
        environment = hub.environment(url_of(listener)) | {"CHANNEL_MODULE": CHANNEL_MODULE}

    def announce(urls: dict[str, str]) -> None:
        if env_file is not None:
            lines = [WRITTEN, *(f"{name}={value}" for name, value in environment.items())]
            _write_private(env_file, "\n".join(lines) + "\n")
        if as_json:
            lines = [json.dumps({**urls, "environment": environment})]
        else:
            lines = [f"# {name}: {url}  (watch it at {url}/_sandbox/)" for name, url in sorted(urls.items())]
            lines += [f"# settings: {env_file}"] if env_file else []
            lines += [f"export {name}={value}" for name, value in environment.items()]
        print("\n".join(lines), flush=True)

    serve(apps, announce)


def _refuse_settings_of_others(env_file: Path) -> None:
    if env_file.exists() and not env_file.read_text(encoding="utf-8").startswith(WRITTEN):
        raise ConfigError(
            f"{env_file} exists, and was not written by the sandbox: nothing was started, and it is unchanged. "
            "Name another file, or move this one away."
        )


def _write_private(path: Path, text: str) -> None:
    """Writes credentials: nobody else may read the file, from its first byte on, whatever could be read before."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, PRIVATE)
    os.fchmod(descriptor, PRIVATE)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)


class SandboxProcess:
    """A sandbox in a child process, from `__enter__` to `__exit__`.

    Args:
        which: `omnitron`, `marketplace` or `all`.
        options: the command's options by name, such as `products=1000`, `latency_ms=20`, `asynchronous=True`.

    Attributes:
        urls: base URLs by name (`omnitron`, `marketplace`).
        environment: the settings under which the program finds the hub.
    """

    def __init__(self, which: str = "all", **options: float | bool) -> None:
        self._command = [sys.executable, "-m", "deployments.sandbox", which, "--json"]
        for name, value in options.items():
            flag = "--async" if name == "asynchronous" else f"--{name.replace('_', '-')}"
            if value is True:
                self._command.append(flag)
            elif value is not False:
                self._command += [flag, str(value)]
        self._process: subprocess.Popen[str] | None = None
        self.urls: dict[str, str] = {}
        self.environment: dict[str, str] = {}

    @property
    def pid(self) -> int:
        if self._process is None:
            raise RuntimeError("the sandbox is not running")
        return self._process.pid

    def __enter__(self) -> Self:
        process = subprocess.Popen(  # noqa: S603 - the command is this interpreter with options of ours
            self._command, cwd=_PROJECT, stdout=subprocess.PIPE, text=True
        )
        self._process = process
        # A child that never speaks is ended, which ends the wait for its line.
        guard = threading.Timer(_START_SECONDS, process.kill)
        guard.start()
        line = process.stdout.readline() if process.stdout else ""
        guard.cancel()
        if not line:
            self._stop()
            raise RuntimeError(f"the sandbox did not start; its exit status is {process.returncode}")
        said = json.loads(line)
        self.environment = said.pop("environment")
        self.urls = said
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._stop()

    def _stop(self) -> None:
        process = self._process
        if process is None:
            return
        process.terminate()
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdout:
            process.stdout.close()
        self._process = None


def _config(app: ASGIApp) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        lifespan="off",
        log_config=None,
        access_log=False,
        # The date comes from the sandbox's own clock.
        date_header=False,
        server_header=False,
        # Middleware in front would hide the socket from the layer that drops connections.
        proxy_headers=False,
        timeout_graceful_shutdown=1,
    )
