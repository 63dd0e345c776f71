"""The time from the moment when the channel has finished a batch until Omnitron knows, with a server and a worker."""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import httpx
from rich.console import Console

from deployments.bench.floor import reset
from deployments.sandbox.server import HOST, SandboxProcess, listen

if TYPE_CHECKING:
    from prefect.client.orchestration import PrefectClient

READY_SECONDS = 20.0
"""The time that the channel needs for a batch."""
ALLOWED_SECONDS = 15
BATCHES = 3
CHANGED = 1001
"""A product of the sandbox."""
_PATIENCE = 180.0
_PAUSE = 0.1
_PROJECT = Path(__file__).parents[2]


async def settling(console: Console) -> None:
    """Prints one line: the seconds between the channel's end of a batch and its settlement in Omnitron."""
    from prefect.client.orchestration import PrefectClient  # noqa: PLC0415  # Prefect takes its time to import

    with TemporaryDirectory() as home, SandboxProcess("all", products=12, failing=0, asynchronous=True) as sandbox:
        options = {"marketplace": {"polls_until_ready": 0, "ready_after_seconds": READY_SECONDS}}
        with listen() as free:
            port = free.getsockname()[1]
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")},
            **sandbox.environment,
            "PREFECT_HOME": home,
            "PREFECT_API_URL": f"http://{HOST}:{port}/api",
            "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
            "PREFECT_WORKER_QUERY_SECONDS": "1",
        }
        pool = f"channel-app-{sandbox.environment['OMNITRON_CHANNEL_ID']}"
        async with (
            PrefectClient(environment["PREFECT_API_URL"]) as prefect,
            httpx.AsyncClient(base_url=sandbox.urls["omnitron"], trust_env=False, timeout=60) as hub,
            _running("server", "start", "--host", HOST, "--port", f"{port}", environment=environment),
        ):
            await _until(lambda: _answers(prefect))
            await _done("work-pool", "create", pool, "--type", "process", environment=environment)
            await _done("deploy", "--all", environment=environment)
            async with _running("worker", "start", "--pool", pool, environment=environment):
                await reset(sandbox, 0, options)
                late = [await _seconds_late(prefect, hub, batch) for batch in range(BATCHES)]
    figures = ", ".join(f"{seconds:.1f}" for seconds in sorted(late))
    console.print(
        f"send → verified: a channel that needs {READY_SECONDS:.0f} s, a worker that looks for runs each second: settled "
        f"{figures} s after it is ready (at most {ALLOWED_SECONDS})"
    )


async def _seconds_late(prefect: "PrefectClient", hub: httpx.AsyncClient, before: int) -> float:
    """The seconds for one more batch, of one changed product, after `before` other batches."""
    (await hub.patch(f"/_sandbox/products/{CHANGED}", json={})).raise_for_status()
    (pk,) = (row.id for row in await prefect.read_deployments() if row.name.startswith("insert-and-update-products-6"))
    await prefect.create_flow_run_from_deployment(pk)

    async def number(status: str) -> int:
        found: int = (await hub.get("/_sandbox/state")).json()["counts"]["batches"].get(status, 0)
        return found

    async def is_accepted() -> bool:
        return await number("sent_to_remote") > 0

    async def is_settled() -> bool:
        return await number("done") > before

    await _until(is_accepted)
    ready = time.monotonic() + READY_SECONDS
    await _until(is_settled)
    return time.monotonic() - ready


async def _answers(prefect: "PrefectClient") -> bool:
    return await prefect.api_healthcheck() is None


async def _until(condition: Callable[[], Any]) -> None:
    async with asyncio.timeout(_PATIENCE):
        while not await condition():  # noqa: ASYNC110  # another process makes it true
            await asyncio.sleep(_PAUSE)


async def _done(*arguments: str, environment: dict[str, str]) -> None:
    """Runs a Prefect command to its end."""
    command = [sys.executable, "-m", "prefect", "--no-prompt", *arguments]
    process = await asyncio.create_subprocess_exec(
        *command, env=environment, cwd=_PROJECT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    _, errors = await process.communicate()
    if process.returncode:
        raise RuntimeError(f"prefect {' '.join(arguments)}: {errors.decode(errors='replace')}")


@asynccontextmanager
async def _running(*arguments: str, environment: dict[str, str]) -> AsyncIterator[None]:
    """Keeps a Prefect command running during the block."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "prefect",
        *arguments,
        env=environment,
        cwd=_PROJECT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()
