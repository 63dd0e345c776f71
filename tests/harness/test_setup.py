"""The setup dies, or meets a fault, at every request; later it stands as the channel says, everything exactly once."""

import os
import random
import threading
from itertools import product

import pytest

from tests.harness.setup_scenarios import SETUP_SCENARIOS, THINGS, SetupScenario, broken_setup, quiet_setup
from tests.world.driving import heal, run, until_killed, with_kill
from tests.world.loopback import NOT_HANDLED, SPOILT, Strike

pytestmark = pytest.mark.harness

EVERYTHING = os.environ.get("HARNESS") == "all"
SAMPLED = 16
"""Crash points, and faults, of one flow in the sample."""
SLACK = 12
DOUBLE_CRASHES = 1_000 if EVERYTHING else 40


async def clean_requests(scenario: SetupScenario) -> int:
    """How many requests the flow makes when nothing goes wrong; the clean run is asserted first."""
    world = await scenario.begun()
    before = world.sent
    await run(world, scenario.flow)
    requests = world.sent - before
    await quiet_setup(world)
    assert broken_setup(world) == []
    return requests


def sampled(points: list[tuple[object, ...]], seed: str) -> list[tuple[object, ...]]:
    """All of them, or a seeded choice."""
    return points if EVERYTHING or len(points) <= SAMPLED else random.Random(seed).sample(points, SAMPLED)


async def test_the_order_of_requests_does_not_hang_on_threads() -> None:
    """What a connector does in a thread is done in this one, or a point at which a run dies would be another one each time."""
    before = threading.active_count()
    for scenario in SETUP_SCENARIOS:
        await run(await scenario.begun(), scenario.flow)
    assert threading.active_count() == before


@pytest.mark.parametrize("scenario", SETUP_SCENARIOS, ids=str)
async def test_every_crash_point_of_the_setup_recovers(scenario: SetupScenario) -> None:
    """Wherever a run dies."""
    points = sampled(list(product(range(1, await clean_requests(scenario) + 1), ("before", "after"))), str(scenario))
    unrecovered = []
    for at, moment in points:
        world = await scenario.begun()
        with_kill(world, int(str(at)), str(moment))
        assert await until_killed(run(world, scenario.flow)), f"the run ended before request {at}"
        await quiet_setup(world)
        if problems := broken_setup(world):
            unrecovered.append(f"{at} {moment}: {problems[:3]}")
    print(f"\n{scenario}: {len(points)} crash points, {len(unrecovered)} unrecovered")
    assert not unrecovered


async def test_a_second_crash_of_the_setup_recovers() -> None:
    """A run dies, and so does the one that would have gone on with its work."""
    rng = random.Random(5)
    lengths = {str(scenario): await clean_requests(scenario) for scenario in SETUP_SCENARIOS}
    unrecovered = []
    for _ in range(DOUBLE_CRASHES):
        scenario = rng.choice(SETUP_SCENARIOS)
        world = await scenario.begun()
        with_kill(world, rng.randint(1, lengths[str(scenario)]), rng.choice(["before", "after"]))
        await until_killed(run(world, scenario.flow))
        heal(world)
        with_kill(world, rng.randint(1, lengths[str(scenario)]), rng.choice(["before", "after"]))
        await until_killed(run(world, scenario.flow))
        await quiet_setup(world)
        if problems := broken_setup(world):
            unrecovered.append(f"{scenario}: {problems[:3]}")
    print(f"\n{DOUBLE_CRASHES} double crashes of the setup, {len(unrecovered)} unrecovered")
    assert not unrecovered


@pytest.mark.parametrize("durations", [(1,), (3, None)], ids=["once", "longer"])
@pytest.mark.parametrize("scenario", SETUP_SCENARIOS, ids=str)
async def test_every_fault_of_the_setup_recovers(scenario: SetupScenario, durations: tuple[int | None, ...]) -> None:
    """Whatever goes wrong; and no storm of requests is made."""
    clean = await clean_requests(scenario)
    faults = sampled(list(product(range(1, clean + 1), NOT_HANDLED + SPOILT, durations)), f"{scenario}{durations}")
    unrecovered, storms = [], []
    for at, kind, times in faults:
        world = await scenario.begun()
        before = world.sent
        world.fault = Strike(str(kind), before + int(str(at)), times if times is None else int(str(times)))
        await run(world, scenario.flow)
        if world.sent - before > 1.2 * clean + 3 * THINGS + SLACK:
            storms.append(f"{at} {kind} × {times}: {world.sent - before} requests, {clean} without the fault")
        await quiet_setup(world)
        if problems := broken_setup(world):
            unrecovered.append(f"{at} {kind} × {times}: {problems[:3]}")
    print(f"\n{scenario} {durations}: {len(faults)} faults, {len(unrecovered)} unrecovered, {len(storms)} storms")
    assert not unrecovered
    assert not storms
