"""What goes in and out of flows and tasks."""

from collections.abc import Callable
from typing import Any

import pytest
from prefect import tags
from prefect.exceptions import ParameterTypeError
from prefect.utilities.collections import visit_collection

from flows.product import insert_products
from tasks.prefect_tasks import Envelope
from tests.runs.connectors import Nested, Observed
from tests.runs.records import run
from tests.world.loopback import World

pytestmark = pytest.mark.flow


def walked(parameters: dict[str, Any]) -> list[object]:
    """All that Prefect comes by when it looks through the parameters of a task."""
    seen: list[object] = []
    visit_collection(parameters, visit_fn=seen.append, return_data=False)
    return seen


async def test_a_task_gets_an_envelope_that_prefect_does_not_look_into(make_world: Callable[..., World]) -> None:
    """However many objects are in it: walking a thousand products took a second."""
    found = {}
    for products in (1, 40):
        assert (
            await run(make_world(failing=0, products=products, connector="Observed"), insert_products)
        ).state.is_completed()
        (parameters,) = Observed.parameters()
        (envelope,) = parameters.values()
        assert isinstance(envelope, Envelope)
        assert len(envelope.content[2]["objects"]) == products
        found[products] = len(walked(parameters))
    assert found[1] == found[40]
    assert len(walked({"objects": list(range(40))})) > 40


async def test_a_command_inside_a_command_is_no_task_run_of_its_own(make_world: Callable[..., World]) -> None:
    recorded = await run(make_world(failing=0, products=2, connector="Nested"), insert_products)
    assert recorded.state.is_completed(), recorded.state.message
    rows = await recorded.task_runs(10)
    assert [str(row.id) for row in rows if row.name.startswith("send")] == Nested.task_runs()
    assert [row.name for row in rows if "look" in row.name] == []


@pytest.mark.parametrize(
    "wrong", [{"batch_size": 0}, {"max_batches": 0}, {"batch_size": "many"}, {"add_stock": "perhaps"}]
)
async def test_a_parameter_that_cannot_be_is_refused_before_anything_is_done(
    make_world: Callable[..., World], wrong: dict[str, Any]
) -> None:
    world = make_world()
    recorded = await run(world, insert_products, **wrong)
    assert recorded.state.is_failed()
    with pytest.raises(ParameterTypeError, match=next(iter(wrong))):
        await recorded.state.aresult()
    assert world.sent == 0


@pytest.mark.parametrize(("deployed_for", "does"), [("channel:6", True), ("channel:7", False), ("channel:66", False)])
async def test_a_run_of_another_channels_deployment_is_refused_before_anything_is_done(
    make_world: Callable[..., World], deployed_for: str, does: bool
) -> None:
    """A worker that was started for the pool of another channel must not send this one's products there."""
    world = make_world(failing=0, products=2)
    with tags("channel-app", deployed_for):
        recorded = await run(world, insert_products)
    assert recorded.state.is_completed() is does
    assert bool(world.sent) is does
    if not does:
        assert f"deployed for {deployed_for}, and its worker is set up for channel:6" in (recorded.state.message or "")
