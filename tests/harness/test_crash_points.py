"""The process dies at every request of every flow, before it is sent and after the server handled it."""

import os
import random

import pytest

from tests.harness.scenarios import SCENARIOS, Scenario, begun, broken_when_quiet, clean_requests
from tests.harness.trials import Point, points_of, unrecovered_crashes
from tests.world.driving import heal, quiet, run, until_killed, with_kill

pytestmark = pytest.mark.harness

EVERYTHING = os.environ.get("HARNESS") == "all"
SAMPLED = 8
"""Crash points of one flow in the sample."""
DOUBLE_CRASHES = 2_000 if EVERYTHING else 40


async def sample(scenario: Scenario) -> list[Point]:
    """All crash points of a flow, or every n-th of them from a seeded start."""
    points = await points_of(scenario)
    sampled = scenario.sampled(SAMPLED)
    if EVERYTHING or len(points) <= sampled:
        return points
    step = len(points) / sampled
    start = random.Random(str(scenario)).random()
    return [points[int((index + start) * step)] for index in range(sampled)]


@pytest.mark.parametrize("scenario", SCENARIOS, ids=str)
async def test_every_crash_point_recovers(scenario: Scenario) -> None:
    """Wherever a run dies, three cycles later every promise holds."""
    points = await sample(scenario)
    unrecovered = await unrecovered_crashes(scenario, points)
    print(f"\n{scenario}: {len(points)} crash points, {len(unrecovered)} unrecovered")
    assert not unrecovered


async def test_a_crash_during_recovery_recovers() -> None:
    """A run dies, then the recovery, verification or next run that would have mended it dies too."""
    rng = random.Random(11)
    lengths = {str(scenario): await clean_requests(scenario) for scenario in SCENARIOS}
    unrecovered = []
    for _ in range(DOUBLE_CRASHES):
        scenario = rng.choice(SCENARIOS)
        first = (rng.randint(1, lengths[str(scenario)]), rng.choice(["before", "after"]))
        second = (rng.randint(1, 40), rng.choice(["before", "after"]))
        world, watch = await begun(scenario)
        with_kill(world, *first)
        await until_killed(run(world, scenario.flow))
        heal(world)
        with_kill(world, *second)
        await until_killed(quiet(world))
        if problems := await broken_when_quiet(world, watch):
            unrecovered.append(f"{scenario} {first} {second}: {problems}")
    print(f"\n{DOUBLE_CRASHES} double crashes, {len(unrecovered)} unrecovered")
    assert not unrecovered
