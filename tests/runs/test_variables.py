"""Variables of a Prefect server, which an operator sees and deletes, and the holds in them."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from prefect import get_client
from prefect.flow_engine import run_flow_async
from prefect.settings import get_current_settings
from prefect.states import Pending

from clients import runtime as runtimes
from clients.flow_runs import PrefectUnavailableError
from clients.log_in_turns import LEASE, LogInTurn
from clients.prefect_variables import PrefectVariables
from deployments.resume import end_holds
from deployments.sandbox.base.faults import Fault
from dto.holds import Hold
from flows.holding import read_holds
from flows.product import insert_products
from tests.world.loopback import VirtualClock, World

pytestmark = pytest.mark.flow

PREFIX = "channel-app-hold-6-"
NAME = f"{PREFIX}omnitron"
MOMENT = datetime(2026, 1, 1, tzinfo=UTC)
HOLD = Hold(system="Omnitron", since=MOMENT, why="503", next_try=MOMENT)
VALUE = HOLD.as_value()
SETTINGS = {
    "OMNITRON_URL": "http://127.0.0.1:9",
    "OMNITRON_USERNAME": "u",
    "OMNITRON_PASSWORD": "p",
    "OMNITRON_CHANNEL_ID": "6",
    "CHANNEL_MODULE": "tasks.channel.sandbox",
}


@pytest.fixture
async def variables(prefect_server: None) -> AsyncIterator[PrefectVariables]:
    async with PrefectVariables.open(get_current_settings().api.url or "") as opened:
        yield opened
        for name in await opened.read("channel-app-hold-"):
            await opened.delete(name)


async def test_a_variable_is_there_until_it_is_deleted(variables: PrefectVariables) -> None:
    assert await variables.create(NAME, VALUE)
    later = {**VALUE, "tries": 2}
    assert await variables.update(NAME, later)
    assert await variables.read(PREFIX) == {NAME: later}
    await variables.delete(NAME)
    assert await variables.read(PREFIX) == {}


async def test_of_two_runs_one_creates_a_variable(variables: PrefectVariables) -> None:
    assert await variables.create(NAME, VALUE)
    assert not await variables.create(NAME, "another")
    assert await variables.read(PREFIX) == {NAME: VALUE}


async def test_a_variable_that_an_operator_deleted_stays_deleted(variables: PrefectVariables) -> None:
    await variables.create(NAME, VALUE)
    async with get_client() as client:
        await client.delete_variable_by_name(NAME)
    assert not await variables.update(NAME, VALUE)
    await variables.delete(NAME)
    assert await variables.read(PREFIX) == {}


async def test_a_variable_that_another_run_has_written_meanwhile_stays(variables: PrefectVariables) -> None:
    await variables.create(NAME, VALUE)
    await variables.delete_value(NAME, {**VALUE, "tries": 2})
    assert await variables.read(PREFIX) == {NAME: VALUE}
    await variables.delete_value(NAME, VALUE)
    await variables.delete_value(NAME, VALUE)
    assert await variables.read(PREFIX) == {}


async def test_variables_are_read_in_the_order_of_their_creation(variables: PrefectVariables) -> None:
    """So of several runs that begin to hold back, each knows which was the first."""
    names = [f"{PREFIX}{flow}" for flow in ("c", "a", "b")]
    for name in names:
        await variables.create(name, VALUE)
    await variables.update(names[0], {**VALUE, "tries": 2})
    assert list(await variables.read(PREFIX)) == names


class _Still(VirtualClock):
    """Whoever waits lets others work, and no time passes."""

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(0)


async def test_of_runs_that_log_in_at_once_each_has_its_turn_alone(variables: PrefectVariables) -> None:
    """The first of them finds the turn of a run that has died."""
    clock = _Still()
    await LogInTurn(6, clock).take(variables)
    clock.advance(LEASE + 1)
    inside, seen = 0, []

    async def log_in() -> None:
        nonlocal inside
        turn = LogInTurn(6, clock)
        await turn.take(variables)
        inside += 1
        await variables.read(PREFIX)
        seen.append(inside)
        inside -= 1
        await turn.give_back(variables)

    await asyncio.gather(*(log_in() for _ in range(6)))
    assert seen == [1] * 6
    assert await variables.read("channel-app-log-in-6") == {}


async def test_holds_of_other_channels_and_odd_values_are_none_of_ours(variables: PrefectVariables) -> None:
    await variables.create("channel-app-hold-60-omnitron", VALUE)
    await variables.create(f"{PREFIX}insert-products", "yes")
    await variables.create(NAME, VALUE)
    assert await read_holds(variables, 6) == {NAME: HOLD}


async def test_resuming_ends_the_holds_of_the_channel_and_says_why_each_was(
    variables: PrefectVariables, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another channel's stand."""
    other = "channel-app-hold-60-omnitron"
    for name in (NAME, other):
        await variables.create(name, VALUE)
    for name, value in SETTINGS.items():
        monkeypatch.setenv(name, value)
    (sentence,) = await end_holds()
    assert sentence == f"{NAME} is ended. Since 2026-01-01 00:00 UTC, because of Omnitron: 503"
    assert list(await variables.read("channel-app-hold-")) == [other]
    assert await end_holds() == []


async def test_a_server_that_is_away_is_said_in_one_sentence() -> None:
    async with PrefectVariables.open("http://127.0.0.1:9/api") as variables:
        with pytest.raises(PrefectUnavailableError, match="Prefect's API did not show its variables"):
            await variables.read(PREFIX)


async def test_a_run_of_a_deployment_writes_a_hold_and_the_next_one_reads_it(
    variables: PrefectVariables, make_world: Callable[..., World]
) -> None:
    """Nothing is sent to Omnitron by the second."""
    world = make_world(failing=0, products=2)
    world.hub.faults.add(Fault("status", path="/", times=None))
    async with get_client() as client:
        flow_id = await client.create_flow_from_name(insert_products.name)
        deployment_id = await client.create_deployment(flow_id, "holds-6")
        ends = []
        for _ in range(2):
            flow_run = await client.create_flow_run_from_deployment(deployment_id)
            await client.set_flow_run_state(flow_run.id, Pending())
            sent = world.sent
            with runtimes.using(world.runtime()):
                state: Any = await run_flow_async(
                    insert_products, flow_run=await client.read_flow_run(flow_run.id), return_type="state"
                )
            ends.append((state.is_completed(), world.sent > sent))
        await client.delete_deployment(deployment_id)
    assert ends == [(False, True), (True, False)]
    assert list(await variables.read(PREFIX)) == [NAME]
