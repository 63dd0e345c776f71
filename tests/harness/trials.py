"""Trials of a flow: it dies at a request, or one thing goes wrong there; then everything is mended, and judged."""

from collections.abc import Iterable

from tests.harness.scenarios import Scenario, begun, broken_when_quiet, clean_requests
from tests.world.driving import run, until_killed, with_kill
from tests.world.loopback import Strike

Point = tuple[int, str]
"""A request, and whether the process died before it was sent or after it was handled."""
Trouble = tuple[int, str, int | None]
"""A request, a kind of fault there, and how often it strikes; None: until it is mended."""
OBJECTS = 8
SLACK = 12
"""Requests that one batch's ending and its reports may add."""


async def points_of(scenario: Scenario) -> list[Point]:
    """All crash points of a flow."""
    return [(at, moment) for at in range(1, await clean_requests(scenario) + 1) for moment in ("before", "after")]


async def unrecovered_crashes(scenario: Scenario, points: Iterable[Point]) -> list[str]:
    """The crashes after which a promise does not hold."""
    unrecovered = []
    for at, moment in points:
        world, watch = await begun(scenario)
        with_kill(world, at, moment)
        died = await until_killed(run(world, scenario.flow))
        assert died, f"{scenario}: the run ended before request {at}"
        if problems := await broken_when_quiet(world, watch):
            unrecovered.append(f"{scenario} {at} {moment}: {problems}")
    return unrecovered


async def unrecovered_faults(scenario: Scenario, faults: Iterable[Trouble], clean: int) -> tuple[list[str], list[str]]:
    """The faults after which a promise does not hold, and those that made a storm of requests."""
    unrecovered, storms = [], []
    for at, kind, times in faults:
        world, watch = await begun(scenario)
        before = world.sent
        world.fault = Strike(kind, before + at, times)
        await run(world, scenario.flow)
        if world.sent - before > 1.2 * clean + 3 * OBJECTS + SLACK:
            storms.append(
                f"{scenario} {at} {kind} × {times}: {world.sent - before} requests, {clean} without the fault"
            )
        if problems := await broken_when_quiet(world, watch):
            unrecovered.append(f"{scenario} {at} {kind} × {times}: {problems}")
    return unrecovered, storms
