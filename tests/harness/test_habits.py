"""Marketplaces with the habits of real ones meet crashes and faults, each with a connector that an author would write."""

import os
import random
from itertools import product

import pytest

from tests.habits.cases import CASES, Case
from tests.harness.scenarios import Scenario, clean_requests, scenarios_with
from tests.harness.trials import points_of, unrecovered_crashes, unrecovered_faults
from tests.world.loopback import NOT_HANDLED, SPOILT

pytestmark = pytest.mark.harness

EVERYTHING = os.environ.get("HARNESS") == "all"
FLOWS, SAMPLED = 1, 2
"""Of each habit in the sample: flows, and crash points or faults of each."""


def flows_of(case: Case, rng: random.Random) -> list[Scenario]:
    """All flows of a habit, or a seeded choice of them."""
    scenarios = scenarios_with(case)
    return scenarios if EVERYTHING else rng.sample(scenarios, min(FLOWS, len(scenarios)))


@pytest.mark.parametrize("case", CASES, ids=str)
async def test_every_crash_point_recovers_with_every_habit(case: Case) -> None:
    rng, tried = random.Random(f"crashes with {case}"), 0
    unrecovered = []
    for scenario in flows_of(case, rng):
        points = await points_of(scenario)
        chosen = points if EVERYTHING else rng.sample(points, min(SAMPLED, len(points)))
        tried += len(chosen)
        unrecovered += await unrecovered_crashes(scenario, chosen)
    print(f"\n{case}: {tried} crash points, {len(unrecovered)} unrecovered")
    assert not unrecovered


@pytest.mark.parametrize("case", CASES, ids=str)
async def test_every_fault_recovers_with_every_habit(case: Case) -> None:
    rng, tried = random.Random(f"faults with {case}"), 0
    unrecovered, storms = [], []
    for scenario in flows_of(case, rng):
        clean = await clean_requests(scenario)
        faults = list(product(range(1, clean + 1), NOT_HANDLED + SPOILT, (1,) if EVERYTHING else (1, 3, None)))
        chosen = faults if EVERYTHING else rng.sample(faults, SAMPLED)
        tried += len(chosen)
        bad, stormy = await unrecovered_faults(scenario, chosen, clean)
        unrecovered += bad
        storms += stormy
    print(f"\n{case}: {tried} faults, {len(unrecovered)} unrecovered, {len(storms)} storms")
    assert not unrecovered
    assert not storms
