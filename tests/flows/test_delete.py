"""Taking products off the channel."""

from collections.abc import Callable
from typing import Any

import pytest

from deployments.sandbox.base.faults import Fault
from dto.summary import RunOutcome
from flows.product import delete_products, insert_products
from flows.run import RunFailedError
from flows.verify import verify_batch, verify_open_batches
from tests.world.loopback import World
from tests.world.shop import (
    CHANNEL,
    action,
    actions,
    batches,
    reports,
    requests_of,
    run,
    skus,
    use_connector,
    writes,
)

KINDS = ("product", "productprice", "productstock")


async def world_with(
    make_world: Callable[..., World], asynchronous: bool, gone: tuple[int, ...] = (1002, 1004)
) -> World:
    """Six products on the channel, of which the merchant has dropped some."""
    world = make_world(failing=0, products=6, asynchronous=asynchronous)
    await run(world, insert_products)
    for _ in range(3):
        await run(world, verify_open_batches)
    for pk in gone:
        world.hub.delete_product(pk)
    return world


async def delete(world: World, **parameters: Any) -> Any:
    summary = await run(world, delete_products, **parameters)
    for _ in range(3):
        await run(world, verify_open_batches)
    return summary


@pytest.mark.parametrize("asynchronous", [False, True])
async def test_a_deleted_product_leaves_the_channel_and_all_its_actions(
    make_world: Callable[..., World], asynchronous: bool
) -> None:
    """The others keep theirs."""
    world = await world_with(make_world, asynchronous)
    summary = await delete(world)
    assert summary.counts == {"accepted" if asynchronous else "deleted": 2}
    assert set(world.market.items) == set(skus(world).values())
    assert {row["object_id"] for row in actions(world)} == set(skus(world))
    for kind in KINDS:
        assert len(actions(world, kind)) == 4
    assert actions(world, "integrationaction") == []
    assert world.hub.counts()["open_batches"] == {}
    assert [row["status"] for row in batches(world)] == ["done", "done"]


async def test_a_deletion_that_is_done_at_once_ends_with_the_others(make_world: Callable[..., World]) -> None:
    """Its actions are deleted when the batch is settled, as theirs are."""
    world = await world_with(make_world, asynchronous=True)
    use_connector(world, "tests.flows.connectors:DeletesOneAtOnce")
    assert (await run(world, delete_products)).counts == {"accepted": 2}
    assert [row["status"] for row in actions(world, "integrationaction")] == ["processing"] * 2
    for _ in range(3):
        await run(world, verify_open_batches)
    assert {row["object_id"] for row in actions(world)} == set(skus(world))
    assert actions(world, "integrationaction") == []


@pytest.mark.parametrize("asynchronous", [False, True])
async def test_dependants_go_first_and_the_products_own_action_last(
    make_world: Callable[..., World], asynchronous: bool
) -> None:
    """So that a second pass still finds it."""
    world = await world_with(make_world, asynchronous)
    kinds = {row["pk"]: row["content_type"]["model"] for kind in KINDS for row in actions(world, kind)}
    with requests_of(world) as seen:
        await delete(world)
    order = [kinds[int(r.url.path.split("/")[-2])] for r in seen if r.method == "DELETE"]
    assert sorted(order[:4]) == ["productprice", "productprice", "productstock", "productstock"]
    assert order[4:] == ["product", "product"]


async def test_an_action_that_is_gone_already_is_no_error(make_world: Callable[..., World]) -> None:
    """404 on DELETE is success."""
    world = await world_with(make_world, False)
    world.hub.faults.add(Fault("drop_after", method="DELETE", times=3))
    summary = await delete(world)
    assert summary.counts == {"deleted": 2}
    assert 404 in [status for method, _, status in world.hub.requests if method == "DELETE"]
    assert len(actions(world)) == 4


@pytest.mark.parametrize("asynchronous", [False, True])
async def test_a_product_that_the_channel_does_not_know_counts_as_deleted(
    make_world: Callable[..., World], asynchronous: bool
) -> None:
    world = await world_with(make_world, asynchronous)
    world.market.items.clear()
    world.market.forget_remote_ids()
    await delete(world)
    assert len(actions(world)) == 4
    assert world.hub.counts()["open_batches"] == {}


@pytest.mark.parametrize("asynchronous", [False, True])
async def test_what_the_channel_does_not_delete_stays_with_the_channels_own_reason(
    make_world: Callable[..., World], asynchronous: bool
) -> None:
    """Its actions are kept, one report says why, and it is offered again after the interval."""
    world = await world_with(make_world, asynchronous)
    (kept,) = [sku for sku in world.market.items if sku.endswith("00000002")]
    world.market.refuse[kept] = "has open orders"
    summary = await delete(world)
    if not asynchronous:
        assert summary.counts == {"deleted": 1, "failed": 1}
        assert summary.irregularities == {}
    for kind in KINDS:
        assert len(actions(world, kind)) == 5
    stays = action(world, 1002)
    deletion = stays and action(world, stays["pk"], "integrationaction")
    assert deletion and (deletion["status"], deletion["state"]) == ("error", {"failed_reason_type": "remote"})
    told = [row["error_desc"] for row in reports(world) if not row["is_ok"]]
    assert len(told) == 1
    assert "has open orders" in told[0]
    world.market.refuse.clear()
    assert (await run(world, delete_products)).counts == {}
    world.clock.advance(3601)
    await delete(world)
    assert len(actions(world)) == 4


async def test_nothing_to_delete_is_one_request_and_no_batch(make_world: Callable[..., World]) -> None:
    world = await world_with(make_world, False, gone=())
    written = len(writes(world))
    summary = await run(world, delete_products)
    assert (summary.requests, summary.batches, len(writes(world))) == (1, 0, written)


async def test_a_product_that_was_switched_off_is_deleted_too(make_world: Callable[..., World]) -> None:
    """It still exists in Omnitron."""
    world = await world_with(make_world, False, gone=())
    world.hub.edit_product(1003, is_active=False)
    assert (await delete(world)).counts == {"deleted": 1}
    assert action(world, 1003) is None


async def test_the_content_objects_are_read_only_where_they_are_wanted(make_world: Callable[..., World]) -> None:
    world = await world_with(make_world, False)
    with requests_of(world) as seen:
        await run(world, delete_products, is_content_object=False)
    assert f"{CHANNEL}products/" not in [r.url.path for r in seen]


async def test_an_inactive_channel_is_skipped(make_world: Callable[..., World]) -> None:
    world = await world_with(make_world, False)
    world.hub.set_channel(is_active=False)
    written = len(writes(world))
    summary = await run(world, delete_products)
    assert summary.outcome is RunOutcome.skipped
    assert len(writes(world)) == written
    assert len(world.market.items) == 6


async def test_a_connector_that_cannot_delete_says_so_before_any_write(make_world: Callable[..., World]) -> None:
    world = await world_with(make_world, False)
    use_connector(world, "tests.flows.connectors:InsertsOnly")
    written = len(writes(world))
    with pytest.raises(RunFailedError, match="has no send_deleted_products"):
        await run(world, delete_products)
    assert len(writes(world)) == written


async def test_a_channel_that_dies_during_a_deletion_fails_the_batch(make_world: Callable[..., World]) -> None:
    """The actions are as before; later the deletion is made."""
    world = await world_with(make_world, False)
    world.market.faults.add(Fault("status", path="/products/delete", times=None))
    with pytest.raises(RunFailedError):
        await run(world, delete_products)
    assert batches(world)[-1]["status"] == "fail"
    assert {row["status"] for row in actions(world)} == {"success"}
    world.market.faults.clear()
    world.clock.advance(3601)
    assert (await delete(world)).counts == {"deleted": 2}


async def test_a_forgotten_deletion_fails_and_is_offered_again(make_world: Callable[..., World]) -> None:
    """With a reason per object; the actions are kept."""
    world = await world_with(make_world, True)
    world.market.reset(polls_until_ready=10_000)
    (remote,) = (await run(world, delete_products)).remote_batches
    world.market.forget_batches()
    world.clock.advance(901)
    summary = await run(world, verify_batch, remote_batch_id=remote)
    assert (summary.counts, summary.failures) == ({"failed": 2}, {"BatchForgotten": 2})
    assert len(actions(world)) == 6
    world.market.reset(polls_until_ready=0)
    world.clock.advance(3601)
    await delete(world)
    assert len(actions(world)) == 4


async def test_batches_of_one_delete_everything(make_world: Callable[..., World]) -> None:
    """Each action at most once."""
    world = await world_with(make_world, False)
    summary = await run(world, delete_products, batch_size=1)
    assert (summary.counts, summary.batches) == ({"deleted": 2}, 2)


async def test_a_product_without_an_id_on_the_channel_fails_alone(make_world: Callable[..., World]) -> None:
    """A channel that refuses a request without one would keep the others on sale."""
    world = await world_with(make_world, asynchronous=False)
    record = action(world, 1002)
    assert record is not None
    world.ledger.actions.change(record["pk"], remote_id=" ")
    summary = await delete(world)
    assert (summary.counts, summary.failures) == ({"deleted": 1, "failed": 1}, {"NotBound": 1})
    assert action(world, 1004) is None
