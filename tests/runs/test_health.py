"""The report on how the channel stands, as Prefect shows it."""

from collections.abc import Callable

import pytest

from flows.health import report_health
from flows.product import insert_products
from tests.runs.records import artifact_of, run
from tests.world.loopback import World

pytestmark = pytest.mark.flow


async def test_the_report_is_an_artifact_of_its_run(make_world: Callable[..., World]) -> None:
    """With what to do, what is due, and why things failed."""
    world = make_world()
    await run(world, insert_products)
    recorded = await run(world, report_health)
    assert recorded.state.is_completed()
    assert [task.name.split("-")[0] for task in await recorded.task_runs(1)] == ["read health"]
    text = (await artifact_of(recorded, "report-health-channel-6")).replace("\\", "")
    assert text.startswith("# Report health: completed")
    assert "| Nothing stands still. |" in text
    assert "| products | 0 | 0 |  |  | 0 | 6 |" in text
    assert "| 1 | product | mapping | MappingFailed: 1KBATC" in text
