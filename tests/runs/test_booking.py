"""Asks for a batch, booked on a Prefect server by the runs that need them."""

from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from uuid import UUID

import pytest
from prefect import get_client
from prefect.client.schemas.filters import DeploymentFilter, DeploymentFilterId
from prefect.client.schemas.objects import FlowRun
from prefect.client.schemas.sorting import FlowRunSort

from clients.prefect_api import PrefectFlowRuns
from dto.summary import RunSummary
from flows.booking import FIRST_PAUSE
from flows.product import insert_products
from flows.verify import verify_batch
from tests.runs.records import Recorded, run
from tests.world.loopback import World
from tests.world.shop import assert_converged, batches

pytestmark = pytest.mark.flow


class Deployment:
    """The deployment that asks for single batches, on the server of the tests."""

    def __init__(self, deployment_id: UUID) -> None:
        self._only = DeploymentFilter(id=DeploymentFilterId(any_=[deployment_id]))

    async def runs(self) -> list[FlowRun]:
        """What was booked of it, the earliest first."""
        async with get_client() as client:
            return await client.read_flow_runs(
                deployment_filter=self._only, sort=FlowRunSort.EXPECTED_START_TIME_ASC, limit=50
            )


@pytest.fixture
async def deployment(prefect_server: None) -> AsyncIterator[Deployment]:
    async with get_client() as client:
        flow_id = await client.create_flow_from_name("verify batch")
        deployment_id = await client.create_deployment(flow_id, "verify-batch-6")
        yield Deployment(deployment_id)
        await client.delete_deployment(deployment_id)


@pytest.fixture
def world(make_world: Callable[..., World]) -> World:
    """Six good products, and a channel that answers later."""
    return make_world(failing=0, products=6, asynchronous=True)


async def summary_of(recorded: Recorded) -> RunSummary:
    """The value that a completed run answers."""
    assert recorded.state.is_completed(), recorded.state.message
    summary = await recorded.state.aresult()
    assert isinstance(summary, RunSummary)
    return summary


async def test_a_send_books_one_run_and_each_ask_the_next_until_the_batch_is_settled(
    world: World, deployment: Deployment
) -> None:
    """No run is a child of another: each holds nothing while it waits."""
    (remote,) = (await summary_of(await run(world, insert_products))).remote_batches
    local = batches(world)[0]["local_batch_id"]
    (first,) = await deployment.runs()
    assert first.idempotency_key == f"verify:6:{local}:{remote}:1"
    assert first.name.startswith(f"verify batch {remote} · batch {local[:8]} · channel 6 · ")
    assert first.expected_start_time == world.clock.now() + timedelta(seconds=FIRST_PAUSE)
    assert f"batch:{local}" in first.tags
    counts = []
    for number in range(1, 4):
        booked = (await deployment.runs())[-1]
        assert booked.state and booked.state.is_scheduled()
        assert booked.parameters == {"remote_batch_id": remote, "local_batch_id": local, "attempt": number}
        assert booked.parent_task_run_id is None
        world.clock.advance(60)
        counts.append((await summary_of(await run(world, verify_batch, **booked.parameters))).counts)
    assert counts == [{"ongoing": 1}, {"ongoing": 1}, {"integrated": 6}]
    booked_at = [row.expected_start_time for row in await deployment.runs()]
    assert len(booked_at) == 3
    assert booked_at == sorted(booked_at, key=str)
    assert_converged(world)


async def test_the_same_ask_is_the_same_run(world: World, deployment: Deployment) -> None:
    world.market.reset(polls_until_ready=10_000)
    (remote,) = (await summary_of(await run(world, insert_products))).remote_batches
    for _ in range(2):
        await run(world, verify_batch, remote_batch_id=remote)
    assert [row.parameters["attempt"] for row in await deployment.runs()] == [1, 2]


async def test_what_is_not_deployed_is_left_to_the_sweep(world: World) -> None:
    summary = await summary_of(await run(world, insert_products))
    assert summary.counts == {"accepted": 6}
    assert [row["status"] for row in batches(world)] == ["sent_to_remote"]


async def test_an_api_that_is_away_is_left_to_the_sweep(world: World, deployment: Deployment) -> None:
    """Nobody listens at that address."""
    async with PrefectFlowRuns.open("http://127.0.0.1:9/api", seconds=0.5) as world.flow_runs:
        summary = await summary_of(await run(world, insert_products))
    assert summary.counts == {"accepted": 6}
    assert [row["status"] for row in batches(world)] == ["sent_to_remote"]
    assert await deployment.runs() == []
