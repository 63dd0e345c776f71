"""What an outage looks like and costs, with every schedule of prefect.yaml on and runs that start in the same second."""

import asyncio
import os
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

import pytest
from prefect.server.schemas.schedules import SCHEDULE_TYPES
from pydantic import TypeAdapter

from clients.log_in_turns import LEASE, LogInTurn
from clients.settings import DeploymentSettings
from clients.variables import MemoryVariables
from deployments.sandbox.base.faults import Fault
from deployments.serve import PREFECT_YAML, DeploymentRow, read_rows, schedule_of
from dto.summary import RunOutcome, RunSummary
from flows.holding import LONGEST_PAUSE
from tests.world.loopback import VirtualClock, World
from tests.world.shop import assert_converged, attempt, kept, log_ins

HOURS = 7.0 if os.environ.get("HARNESS") == "all" else 1.5
"""Length of an outage of the sends: longer than RETRY_INTERVAL, for which changed objects wait once."""
CYCLE = 900.0
"""Seconds between two runs of the product flow, as prefect.yaml has it."""
HUB_HOLD = "channel-app-hold-6-omnitron"
LOG_IN = "channel-app-log-in-6"


class Interleaved(MemoryVariables):
    """Another run has its turn at each request, as with a server."""

    async def read(self, prefix: str) -> Mapping[str, Any]:
        found = dict(await super().read(prefix))
        await asyncio.sleep(0)
        return found

    async def create(self, name: str, value: Any) -> bool:
        await asyncio.sleep(0)
        return await super().create(name, value)

    async def update(self, name: str, value: Any) -> bool:
        await asyncio.sleep(0)
        return await super().update(name, value)

    async def delete_value(self, name: str, value: Any) -> None:
        await asyncio.sleep(0)
        await super().delete_value(name, value)


@pytest.fixture
def world(make_world: Callable[..., World]) -> Iterator[World]:
    """Three good products, and a place for holds."""
    world = make_world(failing=0, products=3, sends_offers=True)
    world.variables = Interleaved()
    yield world
    assert LOG_IN not in kept(world)  # every turn was given back


@pytest.fixture(scope="module")
def rows() -> list[DeploymentRow]:
    """All deployments with a schedule."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OMNITRON_CHANNEL_ID", "6")  # `read_rows` sets it
        found = read_rows(PREFECT_YAML, DeploymentSettings(OMNITRON_CHANNEL_ID=6, CHANNEL_APP_SCHEDULES=True))
    return [row for row in found if row.schedules]


async def on_schedule(world: World, rows: list[DeploymentRow], seconds: float) -> list[RunSummary]:
    """The runs of all schedules for so long; those of one second at once."""
    begin, starts = world.clock.moment, defaultdict[datetime, list[DeploymentRow]](list)
    end = begin + timedelta(seconds=seconds)
    for row in rows:
        for given in row.schedules:
            times = schedule_of(given).schedule.model_dump()
            schedule = TypeAdapter[SCHEDULE_TYPES](SCHEDULE_TYPES).validate_python(times)
            for start in await schedule.get_dates(10_000, begin, end - timedelta(seconds=1)):
                starts[start].append(row)
    ends: list[RunSummary] = []
    for moment in sorted(starts):
        world.clock.moment = max(world.clock.moment, moment)
        ends += await asyncio.gather(*(attempt(world, row.flow, **row.parameters) for row in starts[moment]))
    world.clock.moment = max(world.clock.moment, end)
    return ends


def outcomes(ends: list[RunSummary]) -> list[RunOutcome]:
    return [summary.outcome for summary in ends]


down = pytest.mark.parametrize("path", ["/", "/api/v1/channel/"], ids=["all of it", "all but its log-in"])


@pytest.mark.slow
@down
async def test_of_five_minutes_without_omnitron_one_run_is_red(
    world: World, rows: list[DeploymentRow], path: str
) -> None:
    """Those five in which the most runs start together, at the full hour."""
    world.clock.advance(59 * 60)
    world.hub.faults.add(Fault("status", path=path, times=None))
    ends = outcomes(await on_schedule(world, rows, 300))
    assert len(ends) >= 10
    assert ends.count(RunOutcome.failed) == 1
    world.hub.faults.clear()
    ends = outcomes(await on_schedule(world, rows, LONGEST_PAUSE + CYCLE))
    assert ends.count(RunOutcome.failed) == 0
    assert kept(world) == {}
    assert_converged(world)


@pytest.mark.parametrize(
    ("system", "path"),
    [("hub", "/"), ("hub", "/api/v1/channel/"), ("market", "/")],
    ids=["hub", "log-in works", "market"],
)
async def test_of_all_flows_that_meet_an_outage_in_one_second_one_is_red(
    world: World, rows: list[DeploymentRow], system: str, path: str
) -> None:
    """And again a minute later."""
    getattr(world, system).faults.add(Fault("status", path=path, times=None))
    for red in (1, 0):
        ends = outcomes(await asyncio.gather(*(attempt(world, row.flow, **row.parameters) for row in rows)))
        assert ends.count(RunOutcome.failed) == red
        world.clock.advance(200)


@pytest.mark.slow
@pytest.mark.parametrize("edited", [False, True], ids=["new", "changed"])
async def test_after_hours_of_failing_sends_everything_is_on_sale_within_two_cycles(
    world: World, rows: list[DeploymentRow], edited: bool
) -> None:
    """The health call of the marketplace answers all the while. Images follow in their own cycle."""
    if edited:
        await on_schedule(world, rows, CYCLE)
        assert_converged(world)
        for row in list(world.products):
            world.hub.edit_product(row["pk"])
    world.market.faults.add(Fault("status", method="PUT", times=None))
    ends = await on_schedule(world, rows, HOURS * 3_600)
    red = [summary.flow for summary in ends if summary.outcome is RunOutcome.failed]
    assert len(red) == 1
    world.market.faults.clear()
    await on_schedule(world, rows, 2 * CYCLE)
    assert_converged(world)
    await on_schedule(world, rows, 3_600)  # the cycle of images
    assert {action["status"] for action in world.actions} == {"success"}
    assert kept(world) == {}


@pytest.mark.slow
async def test_of_a_wrong_password_three_log_ins_an_hour_are_tried(world: World, rows: list[DeploymentRow]) -> None:
    """By all flows together, in any hour, those of one second included."""
    world.hub.faults.add(Fault("status", status=400, path="auth/login", times=None))
    for _ in range(3):
        before = log_ins(world)
        await on_schedule(world, rows, 3_600)
        assert 1 <= log_ins(world) - before <= 3


async def test_twelve_runs_of_one_second_try_a_wrong_password_once(world: World, rows: list[DeploymentRow]) -> None:
    """Also when it is time for another try."""
    world.hub.faults.add(Fault("status", status=400, path="auth/login", times=None))
    for tries in (1, 2):
        ends = await asyncio.gather(*(attempt(world, row.flow, **row.parameters) for row in rows[:12]))
        assert log_ins(world) == tries
        assert outcomes(ends).count(RunOutcome.failed) == (tries == 1)
        assert kept(world)[HUB_HOLD]["tries"] == tries
        world.clock.advance(1_600)


async def test_twelve_runs_of_one_second_all_work(world: World, rows: list[DeploymentRow]) -> None:
    """They log in one after the other."""
    ends = await asyncio.gather(*(attempt(world, row.flow, **row.parameters) for row in rows[:12]))
    assert set(outcomes(ends)) == {RunOutcome.completed}
    assert log_ins(world) == 12


async def test_a_key_that_expires_with_the_password_costs_one_log_in(world: World, rows: list[DeploymentRow]) -> None:
    """Runs that are under way are refused at the same moment."""
    refusals = [
        Fault("status", status=401, path="/api/v1/channel", times=None),
        Fault("status", status=400, path="auth/login", times=None),
    ]
    before = 0

    def change(number: int, request: Any, moment: str) -> None:
        nonlocal before
        if refusals and log_ins(world) == 6 and moment == "after" and "auth/login" not in request.url.path:
            before = log_ins(world)
            while refusals:
                world.hub.faults.add(refusals.pop())

    world.hook = change
    ends = outcomes(await asyncio.gather(*(attempt(world, row.flow, **row.parameters) for row in rows[:6])))
    assert before == 6
    assert log_ins(world) == before + 1
    assert ends.count(RunOutcome.failed) == 1


async def test_a_turn_whose_run_has_died_is_free_after_its_time(world: World, rows: list[DeploymentRow]) -> None:
    """The next run waits for that."""
    variables = world.variables
    assert variables
    await LogInTurn(6, world.clock).take(variables)
    began = world.clock.moment
    assert (await attempt(world, rows[0].flow, **rows[0].parameters)).outcome is RunOutcome.completed
    assert LEASE < (world.clock.moment - began).total_seconds() < 2 * LEASE


async def test_a_run_that_never_gets_its_turn_is_skipped_and_says_why(world: World, rows: list[DeploymentRow]) -> None:
    """The clock of the machine that has it is an hour ahead."""
    kept(world)[LOG_IN] = {"run": "x", "until": (world.clock.now() + timedelta(hours=1)).isoformat()}
    summary = await attempt(world, rows[0].flow, **rows[0].parameters)
    assert (summary.outcome, summary.log_ins) == (RunOutcome.skipped, 0)
    assert f"delete the Prefect variable `{LOG_IN}`" in (summary.reason or "")
    del kept(world)[LOG_IN]
    assert (await attempt(world, rows[0].flow, **rows[0].parameters)).outcome is RunOutcome.completed


async def test_a_turn_that_was_taken_over_is_not_given_back_by_its_first_run() -> None:
    clock, variables = VirtualClock(), MemoryVariables()
    slow, quick = LogInTurn(6, clock), LogInTurn(6, clock)
    await slow.take(variables)
    clock.advance(LEASE + 1)
    await quick.take(variables)
    await slow.give_back(variables)
    assert list(variables.kept) == [LOG_IN]
    await quick.give_back(variables)
    assert variables.kept == {}


async def test_a_run_does_not_wait_for_the_turn_that_it_has_itself() -> None:
    """Its first log-in failed, and it tries again."""
    clock, variables = VirtualClock(), MemoryVariables()
    turn = LogInTurn(6, clock)
    began = clock.moment
    await turn.take(variables)
    await turn.take(variables)
    assert clock.moment == began


@pytest.mark.parametrize("value", ["mine", None, {"run": "x", "until": "soon"}])
async def test_a_value_that_somebody_else_wrote_is_no_turn(value: Any) -> None:
    variables = MemoryVariables()
    variables.kept[LOG_IN] = value
    await LogInTurn(6, VirtualClock()).take(variables)
    assert variables.kept[LOG_IN] != value
