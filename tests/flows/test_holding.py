"""After a failure that would meet every run, runs hold back, and try with as little as possible."""

from collections.abc import Callable
from typing import Any

import pytest

from clients.errors import ChannelUnavailableError
from clients.flow_runs import PrefectUnavailableError
from clients.variables import MemoryVariables
from deployments.sandbox.base.faults import Fault
from dto.summary import RunOutcome
from flows.holding import AFTER_A_REFUSAL, FIRST_PAUSE, LONGEST_PAUSE
from flows.image import insert_and_update_images
from flows.order import fetch_and_create_order
from flows.product import insert_products, update_products
from flows.run import RunFailedError
from flows.stock import insert_and_update_stocks
from tests.world.loopback import World
from tests.world.shop import action, assert_converged, attempt, batches, kept, log_ins, run

SCHEDULED = (
    insert_products,
    update_products,
    insert_and_update_stocks,
    insert_and_update_images,
    fetch_and_create_order,
)
HUB_HOLD = "channel-app-hold-6-omnitron"
INSERT_HOLD = "channel-app-hold-6-insert-products"


@pytest.fixture
def world(make_world: Callable[..., World]) -> World:
    """Three good products, and a place for holds."""
    world = make_world(failing=0, products=3)
    world.variables = MemoryVariables()
    return world


def stop_sends(world: World) -> None:
    """The health call of the marketplace still answers."""
    world.market.faults.add(Fault("status", path="^/products$", times=None))


@pytest.mark.parametrize("edited", [False, True])
async def test_seven_hours_without_sends_cost_no_attempt_and_are_over_in_two_cycles(world: World, edited: bool) -> None:
    """With a run each five minutes; new products as well as changed ones, but for the first batch of changed ones."""
    flow: Any = insert_products
    if edited:
        await run(world, insert_products)
        for pk in [row["pk"] for row in world.products]:
            world.hub.edit_product(pk)
        flow = update_products
    stop_sends(world)
    ends = []
    for _ in range(7 * 12):
        ends.append((await attempt(world, flow)).outcome)
        world.clock.advance(300)
    assert ends.count(RunOutcome.failed) == 1
    assert set(ends[1:]) <= ({RunOutcome.skipped, RunOutcome.completed} if edited else {RunOutcome.skipped})
    assert {attempts.count for attempts in world.attempts.values()} <= ({1} if edited else set())
    world.market.faults.clear()
    for _ in range(2):
        world.clock.advance(300)
        await run(world, flow)
    assert_converged(world)
    assert kept(world) == {}


async def test_a_trial_commits_one_object_of_many(make_world: Callable[..., World]) -> None:
    world = make_world(failing=0, products=9)
    world.variables = MemoryVariables()
    stop_sends(world)
    await attempt(world, insert_products)
    world.clock.advance(FIRST_PAUSE)
    seen = len(world.hub.requests)
    assert (await attempt(world, insert_products)).outcome is RunOutcome.skipped
    deleted = [path for method, path, _ in list(world.hub.requests)[seen:] if method == "DELETE"]
    assert len(deleted) == 3  # a product, its price and its stock
    world.market.faults.clear()
    world.clock.advance(2 * FIRST_PAUSE)
    summary = await run(world, insert_products)
    assert (summary.counts, summary.batches) == ({"integrated": 9}, 4)


async def test_a_changed_product_stands_as_before_after_a_trial_that_failed(world: World) -> None:
    await run(world, insert_products)
    known = action(world, 1001)
    assert known
    stands = {name: known[name] for name in ("status", "remote_id", "version_date", "local_batch_id")}
    world.hub.edit_product(1001)
    stop_sends(world)
    await attempt(world, update_products)
    world.clock.advance(3_601)
    tried = {key.pk: attempts.count for key, attempts in world.attempts.items()}
    assert (await attempt(world, update_products)).outcome is RunOutcome.skipped
    assert batches(world)[-1]["status"] == "fail"
    found = action(world, 1001)
    assert found
    assert {name: found[name] for name in stands} == stands
    assert {key.pk: attempts.count for key, attempts in world.attempts.items()}.items() <= tried.items()


async def test_of_an_outage_of_omnitron_one_run_fails_and_the_others_are_skipped(world: World) -> None:
    """Five minutes, each flow once a minute."""
    world.hub.faults.add(Fault("status", path="/", times=None))
    ends = []
    for _ in range(5):
        ends += [await attempt(world, flow) for flow in SCHEDULED]
        world.clock.advance(60)
    assert [summary.outcome for summary in ends].count(RunOutcome.failed) == 1
    skipped = ends[-1]
    assert skipped.outcome is RunOutcome.skipped
    assert "Runs hold back since 2026-01-01" in (skipped.reason or "")
    assert HUB_HOLD in (skipped.reason or "")
    world.hub.faults.clear()
    world.clock.advance(LONGEST_PAUSE)
    await run(world, insert_products)
    assert kept(world) == {}
    assert_converged(world)


async def test_a_wrong_password_is_tried_three_times_an_hour(world: World) -> None:
    world.hub.faults.add(Fault("status", status=400, path="auth/login", times=None))
    for _ in range(2 * 60):
        for flow in SCHEDULED:
            await attempt(world, flow)
        world.clock.advance(60)
    assert log_ins(world) <= 2 * 3
    assert AFTER_A_REFUSAL > 3_600 / 3


async def test_a_channel_whose_sends_fail_does_not_hold_back_orders(world: World) -> None:
    stop_sends(world)
    await attempt(world, insert_products)
    assert list(kept(world)) == [INSERT_HOLD]
    assert (await run(world, fetch_and_create_order)).outcome is RunOutcome.completed


async def test_an_operator_ends_a_hold(world: World) -> None:
    stop_sends(world)
    await attempt(world, insert_products)
    world.market.faults.clear()
    assert (await run(world, insert_products)).outcome is RunOutcome.skipped
    kept(world).clear()
    await run(world, insert_products)
    assert_converged(world)


async def test_a_run_for_which_nothing_is_due_does_not_end_a_hold_on_the_channel(world: World) -> None:
    """It has not asked the channel."""
    stop_sends(world)
    await attempt(world, insert_products)
    for pk in [row["pk"] for row in world.products]:
        world.use_up_attempts("product", pk)
    world.clock.advance(FIRST_PAUSE)
    assert (await run(world, insert_products)).outcome is RunOutcome.completed
    assert list(kept(world)) == [INSERT_HOLD]


class _Away:
    """A Prefect server that is away."""

    async def read(self, prefix: str) -> Any:
        raise PrefectUnavailableError(f"Prefect's API did not show its variables `{prefix}...` (ConnectError).")

    async def create(self, name: str, value: Any) -> bool:
        raise AssertionError(name, value)

    async def update(self, name: str, value: Any) -> bool:
        raise AssertionError(name, value)

    async def delete(self, name: str) -> None:
        raise AssertionError(name)

    async def delete_value(self, name: str, value: Any) -> None:
        raise AssertionError(name, value)


async def test_a_prefect_server_that_is_away_breaks_no_run(world: World) -> None:
    world.variables = _Away()
    await run(world, insert_products)
    assert_converged(world)


async def test_without_a_server_nothing_holds_back(world: World) -> None:
    """Each run is a person's."""
    world.variables = None
    stop_sends(world)
    for _ in range(2):
        with pytest.raises(RunFailedError, match="503") as caught:
            await run(world, insert_products)
        assert not isinstance(caught.value, ChannelUnavailableError)
    world.market.faults.clear()
    await run(world, insert_products)
    assert_converged(world)
