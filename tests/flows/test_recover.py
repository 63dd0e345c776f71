"""Ending what nobody owns."""

from collections.abc import Callable
from typing import Any

import pytest

from deployments.sandbox.base.faults import Fault
from dto.enums import ContentType
from dto.summary import RunOutcome
from flows.price import insert_product_prices
from flows.product import insert_products, update_products
from flows.recover import recover
from flows.run import RunFailedError
from tasks.omnitron.catalogue.products import GetInsertedProducts, GetUpdatedProducts
from tests.world.driving import die_at
from tests.world.loopback import NOT_HANDLED, SPOILT, Killed, Strike, World
from tests.world.shop import BATCHES, actions, asked, assert_converged, batches, opened, reports, run, writes


@pytest.fixture
def world(make_world: Callable[..., World]) -> World:
    return make_world(failing=0, products=6)


async def committed(world: World, limit: int = 6) -> None:
    """A batch whose run ended without a word."""
    async with opened(world, ContentType.product) as hub:
        await hub.do_action(GetInsertedProducts, limit=limit)


async def initialized(world: World) -> None:
    """A batch that was made and never used."""
    async with opened(world, ContentType.product) as hub:
        assert hub.batch_request
        await hub.batch_request.create()


@pytest.mark.parametrize("make", [committed, initialized])
async def test_a_batch_without_a_run_is_failed_and_its_objects_are_offered_again(world: World, make: Any) -> None:
    """With one report."""
    await make(world)
    world.clock.advance(901)
    summary = await run(world, recover)
    assert (summary.outcome, summary.counts, summary.batches) == (RunOutcome.completed, {"released": 1}, 1)
    assert [row["status"] for row in batches(world)] == ["fail"]
    assert actions(world) == []
    assert [row["error_code"].endswith("-recovered") for row in reports(world)] == [True]
    await run(world, insert_products)
    assert_converged(world)


@pytest.mark.parametrize("kind", [kind for kind in NOT_HANDLED + SPOILT if kind != "404 html"])
async def test_a_lost_answer_to_the_creation_of_a_batch_costs_the_run_nothing(world: World, kind: str) -> None:
    """All of it is sent, in one batch. If the hub had made the first one all the same, it is empty, and ended here."""
    world.fault = Strike(kind, 0, target=("POST", BATCHES))
    summary = await run(world, insert_products)
    assert (world.fault.struck, summary.outcome, summary.counts) == (1, RunOutcome.completed, {"integrated": 6})
    assert [attempt for attempt in world.attempts.values() if attempt.count] == []
    used = {row["local_batch_id"] for row in actions(world)}
    assert len(used) == 1
    left = [row for row in batches(world) if row["local_batch_id"] not in used]
    assert [row["status"] for row in left] == ["initialized"] * (kind in SPOILT)
    world.clock.advance(901)
    await run(world, recover)
    assert_converged(world)


@pytest.mark.parametrize(("age", "older_than", "expected"), [(890, 900, "commit"), (902, 900, "fail"), (5, 3, "fail")])
async def test_only_what_has_stood_untouched_long_enough_is_ended(
    world: World, age: float, older_than: int, expected: str
) -> None:
    await committed(world)
    world.clock.advance(age)
    summary = await run(world, recover, older_than=older_than)
    assert [row["status"] for row in batches(world)] == [expected]
    assert summary.counts == ({"released": 1} if expected == "fail" else {"still in work": 1})


@pytest.mark.parametrize(("age", "expected"), [(110, "commit"), (130, "fail")])
async def test_runs_and_recovery_go_by_the_same_setting(world: World, age: float, expected: str) -> None:
    """A batch is nobody's when its run would have stopped sending: one number says so for both."""
    world.settings = world.settings.model_copy(update={"CHANNEL_APP_OLDER_THAN": 120})
    await committed(world)
    world.clock.advance(age)
    await run(world, recover)
    assert [row["status"] for row in batches(world)] == [expected]


async def test_age_is_measured_by_the_hubs_clock(world: World) -> None:
    """A worker whose own clock is fast ends nothing early."""
    await committed(world)
    world.clock.advance(2_000)
    world.hub.clock.advance(-1_500)
    assert (await run(world, recover)).counts == {"still in work": 1}
    world.hub.clock.advance(1_500)
    assert (await run(world, recover)).counts == {"released": 1}


async def test_nothing_is_too_young_for_a_recovery_that_waits_for_nothing(world: World) -> None:
    """The hub's clock tells whole seconds: by it, a batch may have been touched in the future."""
    world.clock.advance(0.7)
    await committed(world)
    assert (await run(world, recover, older_than=0)).counts == {"released": 1}


async def test_a_batch_in_the_channels_hands_is_left_to_the_verify_flow(make_world: Callable[..., World]) -> None:
    """However old it is."""
    world = make_world(failing=0, asynchronous=True)
    await run(world, insert_products)
    world.clock.advance(10 * 24 * 3600)
    summary = await run(world, recover)
    assert (summary.counts, summary.requests) == ({}, 1)
    assert [row["status"] for row in batches(world)] == ["sent_to_remote"]


async def test_a_batch_that_is_touched_in_between_is_left(world: World) -> None:
    """Its run has come back to life after the list was read."""
    await committed(world)
    world.clock.advance(901)
    seen: list[str] = []

    def touch(number: int, request: Any, moment: str) -> None:
        if request.url.path == BATCHES and moment == "after" and not seen:
            seen.append("listed")
            world.batches.move(1, {"channel": 6, "status": "commit", "content_type": "product"})

    world.hook = touch
    assert (await run(world, recover)).counts == {"still in work": 1}
    assert seen == ["listed"]
    assert [row["status"] for row in batches(world)] == ["commit"]


async def test_a_batch_that_ends_in_between_is_left(world: World) -> None:
    await committed(world)
    world.clock.advance(901)

    def end(number: int, request: Any, moment: str) -> None:
        if request.url.path == BATCHES and moment == "after":
            world.batches.move(1, {"channel": 6, "status": "sent_to_remote", "remote_batch_id": "r1"})

    world.hook = end
    assert (await run(world, recover)).counts == {"still in work": 1}
    assert [row["status"] for row in batches(world)] == ["sent_to_remote"]


async def test_one_batch_that_cannot_be_ended_delays_no_other(world: World) -> None:
    """It is counted, and tried again by the next run."""
    await initialized(world)
    await committed(world)
    world.clock.advance(901)
    world.hub.faults.add(Fault("status", method="PATCH", path=f"{BATCHES}1/", status=400, times=None))
    assert (await run(world, recover)).counts == {"refused": 1, "released": 1}
    assert [row["status"] for row in batches(world)] == ["initialized", "fail"]


async def test_nothing_open_is_one_request(world: World) -> None:
    summary = await run(world, recover)
    assert (summary.requests, len(asked(world)), writes(world)) == (1, 1, [])


async def test_more_batches_than_a_page_are_all_ended(world: World) -> None:
    """Ending them shortens the list that is being read."""
    for _ in range(130):
        world.batches.create({"channel": 6})
    world.clock.advance(901)
    assert (await run(world, recover)).counts == {"released": 130}
    assert world.hub.counts()["open_batches"] == {}


async def test_an_inactive_channel_is_skipped(world: World) -> None:
    """No flow does anything on a channel that is switched off."""
    await committed(world)
    world.clock.advance(901)
    world.hub.set_channel(is_active=False)
    written = len(writes(world))
    summary = await run(world, recover)
    assert summary.outcome is RunOutcome.skipped
    assert len(writes(world)) == written


@pytest.mark.parametrize("moment", ["before", "after"])
async def test_a_run_that_was_killed_at_the_send_is_recovered(world: World, moment: str) -> None:
    """Nothing was recorded as sent; the next runs converge."""
    await die_at(world, "insert_products", "PUT", "/products", 1, moment)
    assert [row["status"] for row in batches(world)] == ["commit"]
    assert (await run(world, insert_products)).counts == {}
    assert (await run(world, recover)).counts == {"released": 1}
    assert world.attempts == {}
    await run(world, insert_products)
    assert_converged(world)


async def test_changed_products_of_a_dead_run_cost_an_attempt_and_wait(world: World) -> None:
    """What stood in their actions before is not known: nothing may be recorded as sent."""
    await run(world, insert_products)
    world.hub.edit_product(1001)
    async with opened(world, ContentType.product) as hub:
        await hub.do_action(GetUpdatedProducts)
    world.clock.advance(901)
    await run(world, recover)
    assert [attempts.count for attempts in world.attempts.values()] == [1]
    assert (await run(world, update_products)).counts == {}
    world.clock.advance(3601)
    await run(world, update_products)
    assert_converged(world)


async def test_new_prices_with_their_products_names_cost_an_attempt_and_wait(world: World) -> None:
    """An action with a name may be an older one: it is not deleted."""
    await run(world, insert_products, add_price=False)
    await die_at(world, "insert_product_prices", "PUT", "/prices", 1, "before")
    await run(world, recover)
    assert [attempts.count for attempts in world.attempts.values()] == [1] * 6
    assert (await run(world, insert_product_prices)).counts == {}
    world.clock.advance(3601)
    assert (await run(world, insert_product_prices)).counts == {"integrated": 6}


async def test_what_was_never_sent_is_offered_again_within_one_recovery_period(world: World) -> None:
    """`recover` runs each five minutes, as prefect.yaml has it."""
    await committed(world)
    began = world.clock.moment
    while (await run(world, recover)).counts != {"released": 1}:
        world.clock.advance(300)
    assert (world.clock.moment - began).total_seconds() <= 900 + 300
    assert (await run(world, insert_products)).counts == {"integrated": 6}
    assert world.attempts == {}


async def test_a_recovery_that_dies_while_it_gives_objects_back_is_continued(world: World) -> None:
    await committed(world)
    world.clock.advance(901)
    deleted = []

    def kill(number: int, request: Any, when: str) -> None:
        if request.method == "DELETE" and when == "after":
            deleted.append(request)
        if len(deleted) > 3:
            raise Killed

    world.hook = kill
    with pytest.raises((Killed, BaseExceptionGroup)):
        await run(world, recover)
    world.hook = lambda number, request, when: None
    world.clock.advance(901)
    await run(world, recover)
    assert (actions(world), world.attempts) == ([], {})
    await run(world, insert_products)
    assert_converged(world)


async def test_a_hub_that_is_down_ends_the_run_as_failed(world: World) -> None:
    world.hub.faults.add(Fault("status", path="batch_requests", times=None))
    with pytest.raises(RunFailedError, match="503"):
        await run(world, recover)
