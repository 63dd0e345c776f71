"""How the channel stands, as Omnitron and the channel really stand."""

import re
from collections.abc import Callable
from typing import Any

import pytest

from clients.redaction import Redactor
from clients.variables import MemoryVariables
from deployments.sandbox.base.faults import Fault
from deployments.sandbox.hub.ledger import CONTENT_TYPE_IDS
from dto.enums import BatchRequestStatus, ContentType
from dto.health import ChannelHealth
from dto.holds import Hold
from dto.summary import RunOutcome
from flows import run as runs
from flows.artifact import document
from flows.health import read_health, report_health, tables, with_holds
from flows.price import insert_product_prices
from flows.product import delete_products, insert_products
from flows.run import RunFailedError
from flows.verify import verify_open_batches
from tasks.omnitron.catalogue.products import GetInsertedProducts
from tests.world.loopback import World
from tests.world.shop import action, opened, requests_of, run, skus, writes

ORDER = CONTENT_TYPE_IDS[ContentType.order]


async def health_of(world: World) -> ChannelHealth:
    """How it stands; nothing was written for that."""
    async with opened(world, create_batch=False, read_channel=False) as hub:
        with requests_of(world) as seen:
            health = await read_health(hub)
    assert {request.method for request in seen} == {"GET"}
    return health


async def cost_of_health(world: World) -> int:
    with requests_of(world) as seen:
        await health_of(world)
    return len(seen)


def waiting_of(world: World, content_type: ContentType) -> int:
    """Offers whose products are under way."""
    held = {row["object_id"] for row in world.actions if row["status"] == "processing"}
    return sum(row["product"] in held for row in world.offered[content_type])


def counts(health: ChannelHealth) -> dict[str, tuple[Any, ...]]:
    """Per type: new, changed, to delete, processing, failed."""
    return {row.name: (row.inserts, row.updates, row.deletions, row.processing, row.failed) for row in health.contents}


async def test_a_shop_that_was_never_sent_is_all_due(make_world: Callable[..., World]) -> None:
    """Prices and stocks of the extra lists among it; nothing stands still."""
    health = await health_of(make_world(failing=0, products=8, extra_lists=True))
    assert counts(health) == {
        "products": (8, 0, None, 0, 0),
        "prices": (10, 0, None, 0, 0),
        "stocks": (10, 0, None, 0, 0),
        "images": (8, 0, None, 0, 0),
        "orders": (None, 0, None, 0, 0),
        "cancellation requests": (None, 0, None, 0, 0),
        "deletions": (None, None, 0, 0, 0),
    }
    assert (health.channel, health.name, health.is_active) == (6, "Sandbox", True)
    assert (health.advice, health.failures, health.batches) == ((), (), ())
    (remark,) = health.remarks
    assert remark.startswith("At least 10 prices, 10 stocks, 8 images wait until their products have been sent")


async def test_what_was_edited_and_deleted_is_due(make_world: Callable[..., World]) -> None:
    world = make_world(failing=0, products=6)
    await run(world, insert_products)
    world.hub.edit_product(1001)
    world.hub.edit_price(1002)
    world.hub.delete_product(1003)
    stand = counts(await health_of(world))
    assert (stand["products"], stand["prices"], stand["deletions"]) == (
        (0, 1, None, 0, 0),
        (0, 1, None, 0, 0),
        (None, None, 1, 0, 0),
    )


async def test_failures_are_counted_by_who_could_not(make_world: Callable[..., World]) -> None:
    """With the newest line of the log of the largest groups."""
    world = make_world()
    await run(world, insert_products)
    health = await health_of(world)
    assert [(row.content_type, row.reason, row.count) for row in health.failures] == [
        ("product", "channel_app", 5),
        ("product", "mapping", 1),
    ]
    assert [(row.newest or "").partition(":")[0] for row in health.failures] == [
        "ProductCategoryNotFound",
        "MappingFailed",
    ]
    assert (health.failures_read, health.failures_total, health.abandoned) == (6, 6, ())
    assert counts(health)["products"] == (0, 0, None, 0, 6)


@pytest.mark.parametrize("status", [404, 405])
async def test_without_a_state_or_readable_reports_a_reason_is_unknown(
    make_world: Callable[..., World], status: int
) -> None:
    world = make_world()
    await run(world, insert_products)
    for row in list(world.actions):
        world.actions.change(row["pk"], state={})
    world.hub.faults.add(Fault("status", "GET", "error_reports", status=status, times=None))
    assert [(row.reason, row.count, row.newest) for row in (await health_of(world)).failures] == [("unknown", 6, None)]


async def test_objects_in_a_batch_are_processing_and_their_batch_is_open(world: World) -> None:
    """A run is at work: nothing is to be done about it."""
    async with opened(world, ContentType.product) as hub:
        await hub.do_action(GetInsertedProducts, limit=5)
        assert hub.batch_request
        local_id = hub.batch_request.local_batch_id
    world.clock.advance(60)
    health = await health_of(world)
    assert counts(health)["products"] == (7, 0, None, 5, 0)
    (group,) = health.batches
    assert (group.status, group.content_type, group.count, group.oldest) == ("commit", "product", 1, local_id)
    assert 59 <= group.oldest_age <= 61
    assert health.advice == ()


@pytest.mark.parametrize(("age", "is_said"), [(899, False), (902, True)])
async def test_a_batch_whose_run_has_died_is_to_be_recovered(world: World, age: float, is_said: bool) -> None:
    """The oldest is named, of those that were used and those that were not."""
    async with opened(world, ContentType.product) as hub:
        await hub.do_action(GetInsertedProducts, limit=5)
        await hub.client.batches.create()
    world.clock.advance(age)
    health = await health_of(world)
    assert [(row.status, row.content_type) for row in health.batches] == [("commit", "product"), ("initialized", None)]
    assert [("(and 1 more)" in line, "channel-app recover --older-than 900" in line) for line in health.advice] == [
        (True, True)
    ] * is_said


@pytest.mark.parametrize(("hours", "is_said"), [(23, False), (25, True)])
async def test_a_batch_that_the_channel_never_finishes_is_to_be_verified(
    make_world: Callable[..., World], hours: float, is_said: bool
) -> None:
    world = make_world(failing=0, products=6, asynchronous=True)
    await run(world, insert_products)
    world.clock.advance(hours * 3600)
    health = await health_of(world)
    (group,) = health.batches
    assert (group.status, group.oldest_remote_id) == (
        "sent_to_remote",
        world.batches.table[1]["remote_batch_id"],
    )
    assert ["longer than the channel has (24 h). Run `channel-app verify`" in line for line in health.advice] == [
        True
    ] * is_said


async def test_offers_that_wait_for_their_products_are_counted_and_said(make_world: Callable[..., World]) -> None:
    """With the oldest batch that they wait for; afterwards they are due like others."""
    world = make_world(failing=0, products=4, asynchronous=True, extra_lists=True)
    await run(world, insert_products, add_price=False, add_stock=False)
    world.clock.advance(60)
    health = await health_of(world)
    assert {row.name: row.waiting for row in health.contents if row.waiting is not None} == {
        "prices": waiting_of(world, ContentType.product_price),
        "stocks": waiting_of(world, ContentType.product_stock),
        "images": 4,
    }
    assert waiting_of(world, ContentType.product_price) > 4  # those of the extra list are among them
    (line,) = health.remarks
    batch = world.batches.table[1]["local_batch_id"]
    assert re.fullmatch(
        r"At least \d+ prices, \d+ stocks, 4 images wait until their products have been sent, .* The oldest batch of products is "
        rf"{batch}, which the channel has had for 60 s\.",
        line,
    ), line
    assert health.advice == ()
    assert "| images | 4 | 0 |  | 4 | 0 | 0 |" in document("", "", tables(health), Redactor())
    for _ in range(3):
        await run(world, verify_open_batches)
    health = await health_of(world)
    assert {row.waiting for row in health.contents} == {None, 0}
    assert health.remarks == ()


async def test_counting_what_waits_costs_a_bounded_number_of_requests(make_world: Callable[..., World]) -> None:
    world = make_world(failing=0, products=400, asynchronous=True)
    before = await cost_of_health(world)
    await run(world, insert_products, add_price=False, add_stock=False)
    assert await cost_of_health(world) <= before + 3 + 3 * 2 + 8


async def test_holds_are_among_the_next_steps_after_what_is_out_of_attempts(make_world: Callable[..., World]) -> None:
    world = make_world(failing=0, products=6)
    world.use_up_attempts(ContentType.product, 1001)
    hold = Hold(system="the channel", since=world.clock.now(), why="503.", tries=2, next_try=world.clock.now())
    health = with_holds(await health_of(world), {"channel-app-hold-6-insert-products": hold}, "A note.")
    first, second = health.advice
    assert first.startswith("At least 1 products are neither due nor known")
    assert second == (
        "Runs of insert-products hold back since 2026-01-01 00:00:00 UTC, after 2 tries, because of the channel: 503. The next "
        "try is at 00:00:00 UTC. To have the next run try at once, run `channel-app resume`, or delete the Prefect variable "
        "`channel-app-hold-6-insert-products`."
    )
    assert health.remarks[-1] == "A note."


async def test_the_flow_says_that_runs_hold_back(
    make_world: Callable[..., World], caplog: pytest.LogCaptureFixture
) -> None:
    world = make_world(failing=0, products=2)
    world.variables = MemoryVariables()
    world.market.faults.add(Fault("status", path="^/products$", times=None))
    with pytest.raises(RunFailedError):
        await run(world, insert_products)
    caplog.clear()
    await run(world, report_health)
    assert "Runs of insert-products hold back since 2026-01-01" in caplog.text


async def test_objects_that_a_batch_left_behind_are_said(world: World) -> None:
    """No batch is open that could end them."""
    await run(world, insert_products)
    own = action(world, 1001)
    assert own
    world.actions.change(own["pk"], status="processing")
    (line,) = (await health_of(world)).advice
    assert line.startswith("1 objects are processing, but no batch is open")


async def test_a_channel_that_is_switched_off_is_said(world: World) -> None:
    """The flow does nothing then."""
    world.hub.set_channel(is_active=False)
    health = await health_of(world)
    assert not health.is_active
    assert "switched off" in health.advice[0]
    with requests_of(world) as seen:
        assert (await run(world, report_health)).outcome is RunOutcome.skipped
    assert len(seen) <= 2


async def test_what_is_not_offered_any_more_is_listed_with_its_product(make_world: Callable[..., World]) -> None:
    """And only that: not what waits for its next attempt, nor what has just become due again."""
    world = make_world(failing=0, products=6)
    names = skus(world)
    await run(world, insert_products, add_price=False)
    world.market.refuse.update({names[1001]: "hayır", names[1002]: "hayır"})
    for _ in range(8):
        await run(world, insert_product_prices)
        world.clock.advance(3601)
    world.hub.edit_product(1002)
    health = await health_of(world)
    assert [(row.content_type, row.name, row.last_try.hour) for row in health.abandoned] == [
        (ContentType.product_price, names[1002], 5),
        (ContentType.product_price, names[1001], 5),
    ]
    assert health.abandoned_total == 2
    assert any("2 failed objects are out of attempts" in line for line in health.advice)
    assert any("RETRY_INTERVAL (3600 s)" in line for line in health.remarks)
    world.hub.edit_price(1001)
    assert [row.name for row in (await health_of(world)).abandoned] == [names[1002]]


async def test_what_waits_for_its_next_attempt_is_not_out_of_attempts(make_world: Callable[..., World]) -> None:
    """Before its time it is on no list, and afterwards on one."""
    world = make_world()
    await run(world, insert_products)
    for _ in range(3):
        assert (await health_of(world)).abandoned == ()
        world.clock.advance(1801)
    assert counts(await health_of(world))["products"] == (6, 0, None, 0, 6)


async def test_products_without_any_record_are_counted(make_world: Callable[..., World]) -> None:
    """Batches that held them were given up, too often."""
    world = make_world(failing=0, products=6)
    for pk in (1001, 1002):
        world.use_up_attempts(ContentType.product, pk)
    health = await health_of(world)
    assert health.unaccounted == 2
    assert health.remarks[-1].startswith("At least 2 products are neither due nor known to the channel")
    assert health.advice[0].startswith("At least 2 products are neither due nor known to the channel. If they")


async def test_a_failed_object_that_is_gone_is_said_to_be_gone(make_world: Callable[..., World]) -> None:
    world = make_world(failing=0, products=3)
    world.market.refuse[skus(world)[1001]] = "hayır"
    await run(world, insert_products)
    world.hub.delete_product(1001)
    await run(world, delete_products)
    world.clock.advance(3602)
    abandoned = (await health_of(world)).abandoned
    assert {(row.content_type, row.pk, row.name) for row in abandoned} == {
        (ContentType.product, 1001, None),
        (ContentType.product_price, 501, None),
        (ContentType.product_stock, 751, None),
    }


@pytest.mark.slow
async def test_a_large_shop_costs_no_more_than_forty_requests(make_world: Callable[..., World]) -> None:
    """Where most has failed, its turn has come, and much is due: what was not read is said."""
    world = make_world(failing=0, products=1_500)
    world.market.refuse.update({sku: "hayır" for pk, sku in skus(world).items() if pk % 2})
    await run(world, insert_products)
    async with opened(world) as hub:
        for _ in range(130):
            await hub.client.batches.create()
    world.clock.advance(3_700)
    with requests_of(world) as seen:
        health = await health_of(world)
    assert len(seen) <= 40
    assert counts(health)["products"] == (750, 0, None, 0, 750)
    assert (health.failures_read, health.failures_total) == (500, 2_250)
    assert sum(group.count for group in health.failures) == 500
    assert health.abandoned == ()
    assert "Reasons are those of the newest 500 of 2250 failed objects." in health.remarks
    assert [group.count for group in health.batches] == [130]
    assert any("more failed objects may still be due" in line for line in health.remarks)


async def test_no_customers_data_is_in_the_report(make_world: Callable[..., World]) -> None:
    """Reports about orders are not quoted, and others are masked: other programs write there too."""
    world = make_world(products=6)
    await run(world, insert_products)
    for row in list(world.reports):
        world.reports.change(row["pk"], error_desc="Ada Lovelace: ada@example.com, [red]+90 532 123 45 67")
    text = (await health_of(world)).model_dump_json()
    assert "[red]" in text
    assert "ada@" not in text
    assert "532" not in text
    for row in list(world.actions):
        world.actions.change(row["pk"], content_type={"id": ORDER, "model": "order"})
    for row in list(world.reports):
        world.reports.change(row["pk"], action_content_type=ORDER)
    assert "Ada" not in (await health_of(world)).model_dump_json()


async def test_the_flow_counts_and_shows_the_report(
    make_world: Callable[..., World], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its artifact holds the tables; nothing was written."""
    world = make_world()
    await run(world, insert_products)
    async with opened(world, ContentType.product) as hub:
        batch = await hub.client.batches.create()
    world.clock.advance(1_000)
    kept: list[Any] = []

    async def show(run: Any, summary: Any) -> None:
        kept.extend(run.tables)

    monkeypatch.setattr(runs, "_publish", show)
    before = len(writes(world))
    summary = await run(world, report_health)
    assert len(writes(world)) == before
    assert summary.outcome is RunOutcome.completed
    assert summary.counts == {"due": 22, "waiting for a product": 16, "failed": 6, "open batches": 1}
    assert summary.failures == {"channel_app": 5, "mapping": 1}
    text = document("", "", kept, Redactor()).replace("\\", "")
    assert f"Batch {batch.local_batch_id} has stood for 17 min in `initialized`: its run has died" in text
    assert "| products | 0 | 0 |  |  | 0 | 6 |" in text
    assert f"| 1 | - | {BatchRequestStatus.initialized} | {batch.local_batch_id} | 17 min |" in text
    assert "| 1 | product | mapping | MappingFailed: " in text
