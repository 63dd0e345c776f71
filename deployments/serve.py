"""`channel-app serve`: all deployments of prefect.yaml in one process, without a work pool or a worker."""

import asyncio
import os
import signal
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

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
from prefect.settings import PREFECT_API_URL, get_current_settings
from prefect.states import Crashed
from prefect.types.entrypoint import EntrypointType
from prefect.utilities.templating import apply_values
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from clients.errors import ConfigError
from clients.settings import DeploymentSettings
from deployments.automations import keep_automations
from deployments.console import say
from deployments.local_server import local_server, refuse_strangers
from deployments.reach_prefect import in_one_sentence, reach_prefect
from flows.registry import FLOWS

_INSTALLED = Path(__file__).with_name("prefect.yaml")
PREFECT_YAML = _INSTALLED if _INSTALLED.exists() else Path(__file__).parents[1] / "prefect.yaml"
"""A wheel carries it beside this file. In a checkout it stands at the top, where `prefect deploy` reads it."""


class DeploymentRow(BaseModel):
    """One deployment of prefect.yaml. One process ignores `work_pool`, which is for workers."""

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
    """The deployments of prefect.yaml, with the values that `prefect deploy` would fill in.

    Raises:
        ConfigError: the file cannot be read, or holds a setting that one process cannot serve.
    """
    operator = {"schedules": settings.CHANNEL_APP_SCHEDULES, "timezone": settings.CHANNEL_APP_TIMEZONE}
    # `$NAME` is read from the environment, which does not hold the settings of .env.
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
    """The deployment with the names of prefect.yaml. Its flow is found by import, so any folder will do."""
    return await row.flow.ato_deployment(
        row.name,
        description=row.description,
        tags=row.tags,
        parameters=row.parameters,
        concurrency_limit=row.concurrency_limit,
        schedules=[schedule_of(given) for given in row.schedules],
        # Versions before this one paused it when they stopped.
        paused=False,
        entrypoint_type=EntrypointType.MODULE_PATH,
    )


def schedule_of(given: Mapping[str, Any]) -> DeploymentScheduleCreate:
    """A schedule of prefect.yaml: `slug`, `active`, and its times (`cron`, or `interval` in seconds)."""
    when = {name: value for name, value in given.items() if name not in ("slug", "active")}
    schedule = TypeAdapter(SCHEDULE_TYPES).validate_python(when)
    return DeploymentScheduleCreate(schedule=schedule, slug=given["slug"], active=given["active"])


def serve(settings: DeploymentSettings, file: Path = PREFECT_YAML) -> None:
    """Serves all deployments until SIGINT or SIGTERM: scheduled runs and runs started by hand run here.

    If the address of Prefect's API is not set, a server starts here too, and stops with this process.

    Raises:
        ConfigError: prefect.yaml or the server does not allow it.
    """
    rows = read_rows(file, settings)
    asyncio.run(_until_stopped(rows, settings))


async def _until_stopped(rows: list[DeploymentRow], settings: DeploymentSettings) -> None:
    stop = asyncio.Event()
    _stop_on_signals(stop)
    async with _prefect_server(stop) as is_local:
        if stop.is_set():
            return
        # Its schedules are the shop's, not this process's: another one may serve them already.
        runner = Runner(name=f"channel-app-{settings.OMNITRON_CHANNEL_ID}", pause_on_shutdown=False)
        with in_one_sentence():
            await _refuse_pools(rows)
            await keep_automations()
            if is_local:
                await _end_runs_of_before(rows)
            for row in rows:
                await runner.aadd_deployment(await deployment_of(row))
        working = asyncio.create_task(runner.start())
        # The runner handles SIGTERM itself from its first step on, and would exit with `sys.exit`.
        await asyncio.sleep(0)
        _stop_on_signals(stop)
        _announce(rows, settings)
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait({working, stopping}, return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        if not working.done():
            say("Stopping: runs under way are cancelled. Schedules stay as they are.")
            if not runner.started:  # it would refuse to be stopped, and has no runs yet
                working.cancel()
                return
            await runner.astop()
        await working


def _stop_on_signals(stop: asyncio.Event) -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)


def _announce(rows: list[DeploymentRow], settings: DeploymentSettings) -> None:
    ui = (PREFECT_API_URL.value() or "").removesuffix("/api")
    scheduled = len([row for row in rows if row.schedules])
    state = "on" if settings.CHANNEL_APP_SCHEDULES else "off (CHANNEL_APP_SCHEDULES=on or --schedules starts them)"
    say(f"Serving {len(rows)} deployments of channel {settings.OMNITRON_CHANNEL_ID}: {ui}")
    say(f"The schedules of {scheduled} of them are {state}. Stop with Ctrl+C.")


async def _refuse_pools(rows: list[DeploymentRow]) -> None:
    """Refuses deployments with a pool: both its workers and this process would start their runs."""
    names = DeploymentFilterName(any_=[row.name for row in rows])
    async with get_client() as client:
        known = await client.read_deployments(deployment_filter=DeploymentFilter(name=names))
    if pooled := sorted(f"{row.name} ({row.work_pool_name})" for row in known if row.work_pool_name):
        raise ConfigError(
            f"{len(pooled)} deployments belong to the workers of a pool already, such as {pooled[0]}. Run a worker, or delete "
            "them (`prefect deployment delete --all` deletes every deployment of the server) and serve again."
        )


async def _end_runs_of_before(rows: list[DeploymentRow]) -> None:
    """Ends the runs of an earlier local server. Only this process starts runs there, and it has not started any yet: runs
    that seem to be at work died with the machine. The automations may miss them, because a busy SQLite loses events."""
    names = DeploymentFilterName(any_=[row.name for row in rows])
    at_work = FlowRunFilterStateType(any_=[StateType.PENDING, StateType.RUNNING, StateType.CANCELLING])
    async with get_client() as client:
        for run in await client.read_flow_runs(
            deployment_filter=DeploymentFilter(name=names),
            flow_run_filter=FlowRunFilter(state=FlowRunFilterState(type=at_work)),
        ):
            await client.set_flow_run_state(run.id, Crashed(message="Its process ended before this server started."))


@asynccontextmanager
async def _prefect_server(stop: asyncio.Event) -> AsyncIterator[bool]:
    """Prefect's API while the block runs. Yields True if it belongs to a server that this process started."""
    if PREFECT_API_URL.value():
        await reach_prefect()
        yield False
        return
    api = get_current_settings().server.api
    url = f"http://{api.host}:{api.port}"
    refuse_strangers(api.host)
    with closing(socket.socket()) as probe:
        if probe.connect_ex((api.host, api.port)) == 0:
            raise ConfigError(
                f"Another program listens on {url}. If it is a Prefect server, name it: PREFECT_API_URL={url}/api. "
                "If not, choose another port for the server of this command: PREFECT_SERVER_API_PORT=4201"
            )
    say(f"PREFECT_API_URL is not set: starting a Prefect server on {url} ...")
    async with local_server(api.host, api.port, stop):
        yield True
