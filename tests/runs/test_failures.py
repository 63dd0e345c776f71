"""What is tried again, by whom, and what a run that fails leaves behind."""

from collections.abc import Callable

import pytest

from flows.product import insert_products
from flows.run import RunFailedError
from tests.runs.connectors import Troubled, trouble
from tests.runs.records import artifact_of, run
from tests.world.loopback import World
from tests.world.shop import assert_converged, batches

pytestmark = [pytest.mark.flow, pytest.mark.usefixtures("_without_delay")]


@pytest.fixture
def world(make_world: Callable[..., World]) -> World:
    return make_world(failing=0, products=4, connector="Troubled")


async def test_a_task_repeats_its_command_after_an_error_that_may_pass(world: World) -> None:
    """As often as the command says, and no task run more; then the run goes on as if nothing had been."""
    calls = Troubled.expect(trouble("retryable"), trouble("retryable"))
    recorded = await run(world, insert_products)
    assert recorded.state.is_completed(), recorded.state.message
    assert calls == [4, 4, 4]
    assert_converged(world)
    sends = [row for row in await recorded.task_runs(10) if row.name.startswith("send")]
    assert [row.run_count for row in sends] == [3]


@pytest.mark.parametrize(("kind", "expected"), [("retryable", 3), ("spent", 1), ("fatal", 1), ("unforeseen", 1)])
async def test_a_run_fails_once_its_command_has_had_its_tries(world: World, kind: str, expected: int) -> None:
    """One that the transport has spent its tries on is not tried again: tries are never multiplied."""
    calls = Troubled.expect(*(trouble(kind) for _ in range(5)))
    recorded = await run(world, insert_products)
    assert recorded.state.is_failed()
    assert len(calls) == expected
    assert recorded.run.run_count == 1


async def test_a_failed_run_says_why_in_one_paragraph_and_ends_its_batch(world: World) -> None:
    Troubled.expect(trouble("fatal"))
    recorded = await run(world, insert_products)
    reason = str(trouble("fatal"))
    assert recorded.run.state_name == "Failed"
    message = recorded.run.state.message if recorded.run.state else None
    assert message is not None
    assert message.removeprefix("Flow run encountered an exception: RunFailedError: ") == reason
    assert [row["status"] for row in batches(world)] == ["fail"]
    text = await artifact_of(recorded, "insert-products-channel-6")
    assert text.replace("\\", "") == f"# Insert products: failed\n\n{reason}\n"
    with pytest.raises(RunFailedError) as caught:
        await recorded.state.aresult()
    assert caught.value.summary.reason == reason


async def test_a_run_after_a_failed_one_sends_everything(world: World) -> None:
    Troubled.expect(trouble("spent"))
    assert (await run(world, insert_products)).state.is_failed()
    Troubled.expect()
    world.clock.advance(3_601)
    assert (await run(world, insert_products)).state.is_completed()
    assert_converged(world)
