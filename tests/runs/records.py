"""Flow runs in Prefect, and what its server recorded about them."""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

from prefect import get_client
from prefect.artifacts import Artifact
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterId
from prefect.client.schemas.objects import FlowRun, State, TaskRun
from prefect.logging.handlers import APILogHandler
from prefect.settings import (
    PREFECT_LOCAL_STORAGE_PATH,
    PREFECT_SERVER_DATABASE_CONNECTION_URL,
)

from clients import runtime as runtimes
from tests.world.loopback import World

Found = TypeVar("Found")

PATIENCE = 300.0
"""Seconds in which the server, a process of its own, must have recorded what it was told."""
PAUSE = 0.1


@dataclass(frozen=True)
class Recorded:
    """One flow run, as it ended."""

    state: State[Any]
    run: FlowRun

    async def task_runs(self, count: int) -> list[TaskRun]:
        """The run's task runs, oldest first, once at least so many have ended: the server learns of them by and by."""

        async def ended() -> list[TaskRun] | None:
            async with get_client() as client:
                rows = await client.read_task_runs(flow_run_filter=_only(self.run.id))
            over = [row for row in rows if row.state is not None and row.state.is_final()]
            return over if len(over) >= count and len(over) == len(rows) else None

        rows = await _eventually(ended, f"{count} task runs of {self.run.name}")
        return sorted(rows, key=lambda row: str(row.start_time))


async def run(world: World, flow: Any, **parameters: Any) -> Recorded:
    """Runs a flow in Prefect, against the world, whatever it ends as."""
    with runtimes.using(world.runtime()):
        state: State[Any] = await flow(**parameters, return_state=True)
    flow_run_id = state.state_details.flow_run_id
    assert flow_run_id is not None
    async with get_client() as client:
        return Recorded(state, await client.read_flow_run(flow_run_id))


async def artifact_of(recorded: Recorded, key: str) -> str:
    """The text of the run's artifact under a key."""
    artifact = await Artifact.aget(key)
    assert artifact is not None, f"there is no artifact `{key}`"
    assert artifact.flow_run_id == recorded.run.id
    assert artifact.type == "markdown"
    return str(artifact.data)


async def everything(last: Recorded, task_runs: int) -> list[Path]:
    """All places where Prefect keeps something (its database, and results), once they know the end of the last run
    and of its task runs.

    Events come in order: what is told of earlier runs is there as well.
    """
    await APILogHandler.aflush()
    await last.task_runs(task_runs)
    path = Path(PREFECT_SERVER_DATABASE_CONNECTION_URL.value().removeprefix("sqlite+aiosqlite:///"))

    async def ended() -> bool | None:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
            rows = database.execute("SELECT message FROM log WHERE flow_run_id = ?", (f"{last.run.id}",)).fetchall()
        return any("Finished in state" in message for (message,) in rows) or None

    await _eventually(ended, f"the log of {last.run.name}")
    results = PREFECT_LOCAL_STORAGE_PATH.value()
    return [path.parent, *([results] if results.exists() else [])]


async def _eventually(look: Callable[[], Awaitable[Found | None]], what: str) -> Found:
    try:
        async with asyncio.timeout(PATIENCE):
            while (found := await look()) is None:  # noqa: ASYNC110  # another process has to do it
                await asyncio.sleep(PAUSE)
            return found
    except TimeoutError:
        raise AssertionError(f"The server did not record {what} within {PATIENCE:.0f} s.") from None


def _only(flow_run_id: UUID) -> FlowRunFilter:
    return FlowRunFilter(id=FlowRunFilterId(any_=[flow_run_id]))
