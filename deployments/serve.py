"""Everything of prefect.yaml in one process: for a shop that needs no work pool, no worker and no second machine."""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

import typer
import yaml
from prefect import Flow
from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import DeploymentScheduleCreate
from prefect.client.schemas.filters import (
    DeploymentFilter,
    DeploymentFilterName,
    FlowRunFilter,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import ConcurrencyLimitConfig, StateType
from prefect.client.schemas.schedules import SCHEDULE_TYPES
from prefect.deployments.runner import RunnerDeployment
from prefect.runner import Runner
from prefect.settings import PREFECT_API_URL, get_current_settings, temporary_settings
from prefect.states import Crashed
from prefect.types.entrypoint import EntrypointType
from prefect.utilities.templating import apply_values
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from clients.errors import ConfigError
from clients.settings import DeploymentSettings
from deployments.automations import keep_automations
from flows.registry import FLOWS

PREFECT_YAML = Path(__file__).parents[1] / "prefect.yaml"
SERVER_SECONDS = 120.0
"""For a server of one's own: the first start makes its database."""
_POLL_SECONDS = 0.5
_STOP_SECONDS = 30.0


class DeploymentRow(BaseModel):
    """One deployment of prefect.yaml, as far as one process needs it: `work_pool` is for workers."""

    model_config = ConfigDict(extra="forbid")

    name: str
    entrypoint: str
    description: str
    tags: list[str]
    parameters: dict[str, Any] = Field(default_factory=dict)
    concurrency_limit: ConcurrencyLimitConfig | None = None
    schedules: list[dict[str, Any]] = Field(default_factory=list)
    work_pool: dict[str, Any] = Field(default_factory=dict)

    @property
    def flow(self) -> Flow[..., Any]:
        """The flow of the entrypoint."""
        return FLOWS[self.entrypoint.rpartition(":")[2]]


def read_rows(file: Path, settings: DeploymentSettings) -> list[DeploymentRow]:
    """The deployments of prefect.yaml, with what `prefect deploy` would fill in.

    Raises:
        ConfigError: the file cannot be read, or says something that one process cannot do.
    """
    operator = {"schedules": settings.CHANNEL_APP_SCHEDULES, "timezone": settings.CHANNEL_APP_TIMEZONE}
    # A `$NAME` is read from the environment, where settings that stand in .env are not.
    os.environ["OMNITRON_CHANNEL_ID"] = str(settings.OMNITRON_CHANNEL_ID)
    try:
        rows = yaml.safe_load(file.read_text(encoding="utf-8"))["deployments"]
        return [DeploymentRow.model_validate(apply_values(row, {"operator": operator})) for row in rows]
    except OSError as error:
        raise ConfigError(
            f"{file} cannot be read ({error.strerror}). Name yours: channel-app serve --file FILE"
        ) from error
    except (yaml.YAMLError, ValidationError, KeyError, TypeError) as error:
        raise ConfigError(f"{file} cannot be served: {error}") from error


async def deployment_of(row: DeploymentRow) -> RunnerDeployment:
    """The deployment under the names of prefect.yaml, with its flow found by import: from any folder."""
    return await row.flow.ato_deployment(
        row.name,
        description=row.description,
        tags=row.tags,
        parameters=row.parameters,
        concurrency_limit=row.concurrency_limit,
        schedules=[schedule_of(given) for given in row.schedules],
        # It is paused when this process stops.
        paused=False,
        entrypoint_type=EntrypointType.MODULE_PATH,
    )


def schedule_of(given: Mapping[str, Any]) -> DeploymentScheduleCreate:
    """A schedule of prefect.yaml: `slug` and `active`, and the rest says when (`cron`, or `interval` in seconds)."""
    when = {name: value for name, value in given.items() if name not in ("slug", "active")}
    schedule = TypeAdapter(SCHEDULE_TYPES).validate_python(when)
    return DeploymentScheduleCreate(schedule=schedule, slug=given["slug"], active=given["active"])


def serve(settings: DeploymentSettings, file: Path = PREFECT_YAML) -> None:
    """Serves all deployments until SIGINT or SIGTERM: runs that are due, by schedule or by hand, start here.

    Without an address of Prefect's API, its server is started too, and stopped again.

    Raises:
        ConfigError: prefect.yaml or the server stands in the way.
    """
    rows = read_rows(file, settings)
    asyncio.run(_until_stopped(rows, settings))


async def _until_stopped(rows: list[DeploymentRow], settings: DeploymentSettings) -> None:
    stop = asyncio.Event()
    _stop_on_signals(stop)
    async with _prefect_server(stop) as is_own:
        if stop.is_set():
            return
        await _refuse_pools(rows)
        await keep_automations()
        if is_own:
            await _end_runs_of_before(rows)
        runner = Runner(name=f"channel-app-{settings.OMNITRON_CHANNEL_ID}")
        for row in rows:
            await runner.aadd_deployment(await deployment_of(row))
        working = asyncio.create_task(runner.start())
        # The runner takes SIGTERM for itself in its first step, and would leave by `sys.exit`.
        await asyncio.sleep(0)
        _stop_on_signals(stop)
        _announce(rows, settings)
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait({working, stopping}, return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        if not working.done():
            typer.echo("Stopping: schedules are paused, and runs under way are cancelled.")
            await runner.astop()
        await working


def _stop_on_signals(stop: asyncio.Event) -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)


def _announce(rows: list[DeploymentRow], settings: DeploymentSettings) -> None:
    ui = (PREFECT_API_URL.value() or "").removesuffix("/api")
    times = sum(bool(row.schedules) for row in rows)
    state = "on" if settings.CHANNEL_APP_SCHEDULES else "off (CHANNEL_APP_SCHEDULES=on or --schedules starts them)"
    typer.echo(f"Serving {len(rows)} deployments of channel {settings.OMNITRON_CHANNEL_ID}: {ui}")
    typer.echo(f"The schedules of {times} of them are {state}. Stop with Ctrl+C.")


async def _refuse_pools(rows: list[DeploymentRow]) -> None:
    """A deployment with a pool has workers: they and this process would both start its runs."""
    names = DeploymentFilterName(any_=[row.name for row in rows])
    async with get_client() as client:
        known = await client.read_deployments(deployment_filter=DeploymentFilter(name=names))
    if pooled := sorted(f"{row.name} ({row.work_pool_name})" for row in known if row.work_pool_name):
        raise ConfigError(
            f"{len(pooled)} deployments belong to the workers of a pool already, such as {pooled[0]}. Run a worker, or delete "
            "them (`prefect deployment delete --all` deletes every deployment of the server) and serve again."
        )


async def _end_runs_of_before(rows: list[DeploymentRow]) -> None:
    """Nobody but this process starts runs at a server of its own, and it has started none yet: what seems to be at work
    died with the machine. The automations may not know of it, for SQLite loses events when it is busy."""
    names = DeploymentFilterName(any_=[row.name for row in rows])
    at_work = FlowRunFilterStateType(any_=[StateType.PENDING, StateType.RUNNING, StateType.CANCELLING])
    async with get_client() as client:
        for run in await client.read_flow_runs(
            deployment_filter=DeploymentFilter(name=names),
            flow_run_filter=FlowRunFilter(state=FlowRunFilterState(type=at_work)),
        ):
            await client.set_flow_run_state(
                run.id, Crashed(message="Its process ended before the server was started anew.")
            )


@asynccontextmanager
async def _prefect_server(stop: asyncio.Event) -> AsyncIterator[bool]:
    """Prefect's API while the block runs: the one that is configured, or one of this process's own (true)."""
    if PREFECT_API_URL.value():
        yield False
        return
    api = get_current_settings().server.api
    url = f"http://{api.host}:{api.port}"
    with closing(socket.socket()) as probe:
        if probe.connect_ex((api.host, api.port)) == 0:
            raise ConfigError(
                f"Something listens on {url} already. If it is a Prefect server, name it: PREFECT_API_URL={url}/api. "
                "If not, choose another port for the one of this command: PREFECT_SERVER_API_PORT=4201"
            )
    typer.echo(f"PREFECT_API_URL is not set: starting a Prefect server on {url} ...")
    # In a session of its own: Ctrl+C reaches this process alone, which needs the server until its last run has ended.
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "prefect", "server", "start", stdout=asyncio.subprocess.DEVNULL, start_new_session=True
    )
    try:
        with temporary_settings({PREFECT_API_URL: f"{url}/api"}):
            await _answering(process, stop)
            yield True
    finally:
        if process.returncode is None:
            process.terminate()
        try:
            await asyncio.wait_for(process.wait(), _STOP_SECONDS)
        except TimeoutError:
            process.kill()
            await process.wait()


async def _answering(process: asyncio.subprocess.Process, stop: asyncio.Event) -> None:
    deadline = asyncio.get_running_loop().time() + SERVER_SECONDS
    async with get_client() as client:
        while not stop.is_set() and await client.api_healthcheck() is not None:
            if process.returncode is not None:
                raise ConfigError(f"The Prefect server did not start (exit status {process.returncode}): see above.")
            if asyncio.get_running_loop().time() > deadline:
                raise ConfigError(f"The Prefect server did not answer within {SERVER_SECONDS:.0f} s.")
            await asyncio.sleep(_POLL_SECONDS)
