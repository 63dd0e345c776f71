"""Asking an asynchronous channel what became of its batches."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from deployments.sandbox.base.faults import Fault
from dto.summary import RunOutcome
from flows.product import insert_products
from flows.run import RunFailedError
from flows.verify import GRACE, verify_batch, verify_open_batches
from tasks.channel.checking import CheckCommand
from tests.world.loopback import World
from tests.world.shop import (
    BATCHES,
    action,
    actions,
    asked,
    assert_converged,
    batches,
    product_reports,
    reports,
    run,
    skus,
    use_connector,
    writes,
)

HERE = "tests.flows.connectors"


@pytest.fixture
def world(make_world: Callable[..., World]) -> World:
    """Six good products, and a channel that answers later."""
    return make_world(failing=0, products=6, asynchronous=True)


async def accepted(world: World, batch_size: int = 500) -> list[str]:
    """Batches in the channel's hands; their remote ids."""
    return list((await run(world, insert_products, batch_size=batch_size)).remote_batches)


async def test_a_batch_is_asked_for_until_it_is_finished(world: World) -> None:
    """Two times it is under way, the third time it is settled."""
    (remote,) = await accepted(world)
    for _ in range(2):
        summary = await run(world, verify_batch, remote_batch_id=remote)
        assert (summary.outcome, summary.counts) == (RunOutcome.completed, {"ongoing": 1})
        assert batches(world)[0]["status"] == "ongoing"
    assert (await run(world, verify_batch, remote_batch_id=remote)).counts == {"integrated": 6}
    assert_converged(world)


async def test_a_run_for_one_of_our_batches_leaves_another_of_the_same_name_alone(world: World) -> None:
    """A channel may give its ids anew."""
    (remote,) = await accepted(world)
    other = "00000000-0000-0000-0000-000000000000"
    summary = await run(world, verify_batch, remote_batch_id=remote, local_batch_id=other)
    assert summary.counts == {"not open": 1}
    local = batches(world)[0]["local_batch_id"]
    assert (await run(world, verify_batch, remote_batch_id=remote, local_batch_id=local)).counts == {"ongoing": 1}


async def test_a_batch_that_another_run_ends_meanwhile_is_left_to_it(world: World) -> None:
    """Its objects are offered again."""
    (remote,) = await accepted(world)
    for _ in range(2):
        await run(world, verify_batch, remote_batch_id=remote)
    (batch,) = batches(world)

    def ended_elsewhere(_number: int, request: httpx.Request, when: str) -> None:
        if when == "before" and request.method == "PATCH" and f"batch_requests/{batch['pk']}/" in request.url.path:
            world.batches.table[batch["pk"]]["status"] = "fail"

    world.hook = ended_elsewhere
    summary = await run(world, verify_batch, remote_batch_id=remote)
    assert (summary.outcome, summary.counts) == (RunOutcome.completed, {})


async def test_each_question_is_a_line_of_the_log(world: World) -> None:
    """Once the channel has answered."""
    (remote,) = await accepted(world)
    before = len(reports(world))
    await run(world, verify_batch, remote_batch_id=remote, wait=60)
    assert [row["error_desc"] for row in reports(world)[before:]] == ["CheckProducts"]


async def test_waiting_asks_again_in_the_same_run(world: World) -> None:
    (remote,) = await accepted(world)
    assert (await run(world, verify_batch, remote_batch_id=remote, wait=60)).counts == {"integrated": 6}


async def test_waiting_ends_with_its_seconds(world: World) -> None:
    """Still open is no error."""
    world.market.reset(polls_until_ready=10_000)
    (remote,) = await accepted(world)
    started = world.clock.monotonic()
    assert (await run(world, verify_batch, remote_batch_id=remote, wait=60)).counts == {"ongoing": 1}
    assert 60 <= world.clock.monotonic() - started < 75


async def test_a_batch_that_is_settled_already_is_no_error(world: World) -> None:
    """One request, no write."""
    (remote,) = await accepted(world)
    await run(world, verify_batch, remote_batch_id=remote, wait=60)
    written, before = len(writes(world)), len(asked(world))
    assert (await run(world, verify_batch, remote_batch_id=remote)).counts == {"not open": 1}
    assert (len(asked(world)) - before, len(writes(world))) == (1, written)


async def test_a_sweep_with_nothing_open_makes_one_request(world: World) -> None:
    summary = await run(world, verify_open_batches)
    assert (summary.requests, summary.counts) == (1, {})


async def test_a_sweep_settles_all_open_batches(world: World) -> None:
    """Each with its own answer."""
    await accepted(world, batch_size=1)
    for _ in range(3):
        await run(world, verify_open_batches)
    assert [row["status"] for row in batches(world)] == ["done"] * 6
    assert_converged(world)


@pytest.mark.parametrize("flow", ["batch", "sweep"])
async def test_an_inactive_channel_is_skipped(world: World, flow: str) -> None:
    (remote,) = await accepted(world)
    world.hub.set_channel(is_active=False)
    written, taken = len(writes(world)), len(world.market.requests)
    verify: Any = verify_batch if flow == "batch" else verify_open_batches
    summary = await run(world, verify, **({"remote_batch_id": remote} if flow == "batch" else {}))
    assert summary.outcome is RunOutcome.skipped
    assert (len(writes(world)), len(world.market.requests)) == (written, taken)


async def test_refusals_and_missing_answers_fail_their_objects_alone(world: World) -> None:
    """With price and stock, one report each."""
    world.market.refuse[skus(world)[1002]] = "yasak"
    (remote,) = await accepted(world)
    assert (await run(world, verify_batch, remote_batch_id=remote, wait=60)).counts == {"integrated": 5, "failed": 1}
    for kind in ("product", "productprice", "productstock"):
        assert sorted(row["status"] for row in actions(world, kind)) == ["error", *["success"] * 5]
    (report,) = product_reports(world)
    assert (report["action_object_id"], "yasak" in report["error_desc"]) == (1002, True)


async def test_an_object_that_is_gone_is_named_with_a_reason(world: World) -> None:
    """The batch ends all the same; prices and stocks went with their product."""
    (remote,) = await accepted(world)
    world.hub.delete_product(1003)
    await run(world, verify_batch, remote_batch_id=remote, wait=60)
    assert world.hub.counts()["open_batches"] == {}
    assert [row["status"] for row in actions(world)] == ["success", "success", "error", "success", "success", "success"]
    assert not [row for row in actions(world, "productprice") if row["status"] == "processing"]


async def test_a_price_whose_product_alone_is_gone_does_not_keep_the_batch_open(world: World) -> None:
    """The product's row has left the list while price and stock still stand."""
    (remote,) = await accepted(world)
    world.products.remove(1003)
    await run(world, verify_batch, remote_batch_id=remote, wait=60)
    assert world.hub.counts()["open_batches"] == {}
    assert {row["status"] for kind in ("product", "productprice", "productstock") for row in actions(world, kind)} == {
        "success",
        "error",
    }


async def test_a_price_that_alone_is_gone_fails_alone(world: World) -> None:
    (remote,) = await accepted(world)
    price = world.prices.find("product", 1003)[0]
    world.prices.remove(price["pk"])
    await run(world, verify_batch, remote_batch_id=remote, wait=60)
    gone, product = action(world, price["pk"], "productprice"), action(world, 1003)
    assert gone and product and (gone["status"], product["status"]) == ("error", "success")
    assert world.hub.counts()["open_batches"] == {}


async def test_a_forgotten_batch_has_a_grace(world: World) -> None:
    """It may still turn up; then every object fails with that reason, and is offered again."""
    (remote,) = await accepted(world)
    world.market.forget_batches()
    world.clock.advance(GRACE - 60)
    assert (await run(world, verify_open_batches)).counts == {"ongoing": 1}
    assert {row["status"] for row in actions(world)} == {"processing"}
    world.clock.advance(61)
    summary = await run(world, verify_open_batches)
    assert (summary.counts, summary.failures) == ({"failed": 6}, {"BatchForgotten": 6})
    assert {row["status"] for row in actions(world)} == {"error"}
    assert len(product_reports(world)) == 6
    assert all("unknown" in row["error_desc"] for row in product_reports(world))
    assert world.hub.counts()["open_batches"] == {}
    world.clock.advance(3601)
    for remote in await accepted(world):
        await run(world, verify_batch, remote_batch_id=remote, wait=60)
    assert_converged(world)


async def test_a_batch_that_never_finishes_is_given_up_after_a_day(world: World) -> None:
    """By the hub's clock, not before."""
    world.market.reset(polls_until_ready=10_000)
    await accepted(world)
    world.clock.advance(CheckCommand.give_up_after - 60)
    assert (await run(world, verify_open_batches)).counts == {"ongoing": 1}
    world.clock.advance(61)
    summary = await run(world, verify_open_batches)
    assert (summary.counts, summary.failures) == ({"failed": 6}, {"NeverFinished": 6})
    assert {row["status"] for kind in ("product", "productprice", "productstock") for row in actions(world, kind)} == {
        "error"
    }
    assert len(product_reports(world)) == 6


async def test_a_forgotten_batch_delays_no_other(world: World) -> None:
    """It is the oldest, and stays open; the others are settled."""
    remotes = await accepted(world, batch_size=2)
    world.market.forget_batch(remotes[0])
    for _ in range(3):
        await run(world, verify_open_batches)
    assert [row["status"] for row in batches(world)] == ["ongoing", "done", "done"]


@pytest.mark.parametrize("status", [400, 500])
async def test_a_batch_that_the_channel_cannot_answer_for_delays_no_other(world: World, status: int) -> None:
    remotes = await accepted(world, batch_size=2)
    world.market.faults.add(Fault("status", path=remotes[0], status=status, times=None))
    for _ in range(3):
        assert (await run(world, verify_open_batches)).counts["not verified"] == 1
    assert [row["status"] for row in batches(world)] == ["sent_to_remote", "done", "done"]
    world.market.faults.clear()
    for _ in range(3):
        await run(world, verify_open_batches)
    assert_converged(world)


@pytest.mark.parametrize("status", [401, 403])
async def test_a_channel_that_refuses_the_credentials_fails_the_run(world: World, status: int) -> None:
    """No batch of it can be asked about, so somebody has to see it; the batches stay as they were."""
    await accepted(world, batch_size=2)
    world.market.faults.add(Fault("status", path="batch", status=status, times=None))
    with pytest.raises(RunFailedError, match=f"{status}.*Check the user name"):
        await run(world, verify_open_batches)
    assert [row["status"] for row in batches(world)] == ["sent_to_remote"] * 3
    world.market.faults.clear()
    for _ in range(3):
        await run(world, verify_open_batches)
    assert_converged(world)


@pytest.mark.parametrize("status", [400, 500])
async def test_a_batch_that_the_hub_refuses_to_move_delays_no_other(world: World, status: int) -> None:
    await accepted(world, batch_size=2)
    world.hub.faults.add(Fault("status", method="PATCH", path=f"{BATCHES}1/", status=status, times=None))
    for _ in range(3):
        await run(world, verify_open_batches)
    assert [row["status"] for row in batches(world)] == ["sent_to_remote", "done", "done"]


async def test_a_programming_error_that_one_batch_meets_delays_no_other(world: World) -> None:
    """A connector's KeyError is that batch's trouble."""
    await accepted(world, batch_size=2)
    use_connector(world, f"{HERE}:CheckBreaks")
    for _ in range(3):
        try:
            await run(world, verify_open_batches)
        except RunFailedError:
            continue
    assert [row["status"] for row in batches(world)] == ["sent_to_remote", "done", "done"]


async def test_a_check_that_the_connector_lacks_is_said(world: World) -> None:
    (remote,) = await accepted(world)
    use_connector(world, f"{HERE}:SendsOnly")
    written = len(writes(world))
    with pytest.raises(RunFailedError, match="`sends only` has no check_products"):
        await run(world, verify_batch, remote_batch_id=remote)
    assert len(writes(world)) == written


async def test_two_verifications_at_once_settle_once(world: World) -> None:
    """The slower one finds the batch done, which is where it should be."""
    (remote,) = await accepted(world)
    for _ in range(2):
        await run(world, verify_batch, remote_batch_id=remote)

    asked_at: list[Any] = []

    def settle_first(number: int, request: Any, moment: str) -> None:
        if request.method == "PATCH" and moment == "before" and not asked_at:
            asked_at.append(request)
            rows = [row for kind in ("product", "productprice", "productstock") for row in actions(world, kind)]
            objects = [
                {
                    "pk": row["object_id"],
                    "content_type": row["content_type"]["model"],
                    "version_date": row["version_date"],
                    "remote_id": f"X{row['object_id']}",
                }
                for row in rows
            ]
            world.batches.move(1, {"channel": 6, "status": "done", "objects": objects})

    world.hook = settle_first
    summary = await run(world, verify_batch, remote_batch_id=remote)
    assert summary.outcome is RunOutcome.completed
    assert batches(world)[0]["status"] == "done"
    assert {row["status"] for row in actions(world)} == {"success"}


async def test_an_object_that_a_check_finds_wrong_fails_with_its_reason(world: World) -> None:
    """The other five are integrated; the channel's word does not count for the sixth."""
    (remote,) = await accepted(world)
    use_connector(world, f"{HERE}:CheckFailsOne")
    summary = await run(world, verify_batch, remote_batch_id=remote, wait=60)
    assert summary.counts == {"integrated": 5, "failed": 1}
    assert summary.failures == {"PictureTooSmall": 1}
    assert [row["status"] for row in batches(world)] == ["done"]
    assert not [row for row in world.actions if row["status"] == "processing"]
