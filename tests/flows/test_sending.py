"""Inserting and updating products, end to end over both local systems."""

import threading
from collections.abc import Callable
from typing import Any, ClassVar

import pytest

from deployments.sandbox.base.faults import Fault
from dto.omnitron import Product
from dto.summary import RunOutcome
from flows.product import insert_and_update_products, insert_products, update_products
from flows.recover import recover
from flows.run import RunFailedError
from flows.stock import insert_product_stocks, update_product_stocks
from flows.verify import verify_batch, verify_open_batches
from tasks.channel import commands_of
from tasks.channel.sandbox import ChannelIntegration as Sandbox
from tasks.channel.sandbox.products import SendInsertedProducts
from tests.flows.connectors import Listed, _MissionSync
from tests.world.driving import die_at
from tests.world.loopback import World
from tests.world.shop import (
    BATCHES,
    CHANNEL,
    action,
    actions,
    asked,
    assert_converged,
    batches,
    good,
    product_reports,
    reports,
    requests_of,
    run,
    skus,
    use_connector,
    writes,
)

HERE = "tests.flows.connectors"


async def drain(world: World, flow: Any = insert_products, **parameters: Any) -> Any:
    """A run, and the channel's later answers if it gives any."""
    summary = await run(world, flow, **parameters)
    for _ in range(3):
        await run(world, verify_open_batches)
    return summary


def asked_for_stock(requests: list[Any]) -> list[int]:
    """The products that a run tried: the stock of each is asked for first, whatever becomes of it."""
    asked = (r.url.params.get("product__pk__in") for r in requests if r.url.path.endswith("/product_stocks/"))
    return sorted(int(pk) for keys in asked if keys for pk in keys.split(","))


@pytest.mark.parametrize("asynchronous", [False, True])
async def test_every_product_ends_integrated_or_failed_with_its_reason(
    make_world: Callable[..., World], asynchronous: bool
) -> None:
    """Half of the shop is defective, each kind of defect once."""
    world = make_world(asynchronous=asynchronous)
    summary = await drain(world)
    assert_converged(world)
    well = "accepted" if asynchronous else "integrated"
    assert summary.outcome is RunOutcome.completed
    assert summary.counts == {well: 6, "failed": 6}
    assert summary.failures == {
        "MappingFailed": 1,
        "AttributeNotMapped": 2,
        "PriceNotFound": 1,
        "StockNotFound": 1,
        "ProductCategoryNotFound": 1,
    }
    assert summary.batches == 1
    assert sorted(row["action_object_id"] for row in product_reports(world)) == sorted(world.hub.defects)


@pytest.mark.parametrize("asynchronous", [False, True])
async def test_prices_and_stocks_are_integrated_with_their_product(
    make_world: Callable[..., World], asynchronous: bool
) -> None:
    """At their versions, under the product's remote id."""
    world = make_world(asynchronous=asynchronous, products=3, failing=0)
    await drain(world)
    goods = world.goods
    for kind, table in (("productprice", goods.prices), ("productstock", goods.stocks)):
        for row in table:
            bound, product = action(world, row["pk"], kind), action(world, row["product"])
            assert bound and product
            assert (bound["status"], bound["version_date"]) == ("success", row["modified_date"])
            assert bound["remote_id"] == product["remote_id"]


@pytest.mark.parametrize("asynchronous", [False, True])
@pytest.mark.parametrize("flow", [insert_products, insert_and_update_products])
async def test_a_second_run_asks_and_writes_nothing(
    make_world: Callable[..., World], asynchronous: bool, flow: Any
) -> None:
    """One request for each list, and no batch."""
    world = make_world(asynchronous=asynchronous)
    await drain(world)
    before, written = len(asked(world)), len(writes(world))
    summary = await run(world, flow)
    lists = 1 if flow is insert_products else 2
    assert (summary.requests, summary.log_ins, summary.batches) == (lists, 1, 0)
    assert len(asked(world)) - before == lists
    assert len(writes(world)) == written


@pytest.mark.slow
async def test_a_batch_costs_the_same_however_many_are_open(make_world: Callable[..., World]) -> None:
    """A channel that answers later keeps all of them open."""

    async def look_ups(products: int) -> int:
        world = make_world(asynchronous=True, failing=0, products=products)
        with requests_of(world) as seen:
            summary = await run(world, insert_products, batch_size=20)
        assert summary.batches == products / 20
        return sum(request.url.path.endswith("/integration_actions/") for request in seen)

    first, second, third = [await look_ups(products) for products in (120, 180, 240)]
    assert third - second == second - first


@pytest.mark.parametrize("asynchronous", [False, True])
async def test_after_the_interval_the_failed_ones_are_tried_and_nothing_else(
    make_world: Callable[..., World], asynchronous: bool
) -> None:
    """A repaired one is integrated then; before, nobody touches it."""
    world = make_world(asynchronous=asynchronous)
    await drain(world)
    failed = set(world.hub.defects)
    repaired = min(failed)
    world.hub.repair(repaired)
    world.clock.advance(3599)
    assert (await run(world, insert_products)).requests == 1
    world.clock.advance(2)
    with requests_of(world) as seen:
        summary = await drain(world)
    assert asked_for_stock(seen) == sorted(failed)
    assert summary.counts["failed"] == 5
    assert_converged(world)


async def test_an_edit_during_a_synchronous_send_is_offered_again_as_an_update(
    make_world: Callable[..., World],
) -> None:
    """The version that was sent is recorded, not the one that is newer."""
    world = make_world(failing=0, products=4)
    sent = {pk: row["modified_date"] for pk, row in world.products.rows.items()}

    def edit(number: int, request: Any, moment: str) -> None:
        if request.url.path == "/products" and moment == "after":
            world.hub.edit_product(1002)

    world.hook = edit
    await run(world, insert_products)
    bound = action(world, 1002)
    assert bound and bound["version_date"] == sent[1002]
    world.hook = lambda number, request, moment: None
    summary = await run(world, update_products)
    assert summary.counts == {"integrated": 1}
    assert_converged(world)


async def test_an_edit_between_send_and_verify_is_offered_again_as_an_update(make_world: Callable[..., World]) -> None:
    """The version comes from the action, never from the object that is read again."""
    world = make_world(failing=0, products=4, asynchronous=True)
    sent = {pk: row["modified_date"] for pk, row in world.products.rows.items()}
    await run(world, insert_products)
    world.hub.edit_product(1002)
    for _ in range(3):
        await run(world, verify_open_batches)
    bound = action(world, 1002)
    assert bound and (bound["status"], bound["version_date"]) == ("success", sent[1002])
    summary = await drain(world, update_products)
    assert summary.counts == {"accepted": 1}
    assert_converged(world)


async def test_updates_carry_the_remote_id_and_leave_the_rest_alone(make_world: Callable[..., World]) -> None:
    """Only what changed is sent."""
    world = make_world(failing=0)
    await run(world, insert_products)
    before = action(world, 1003)
    known = before and before["remote_id"]
    world.hub.edit_product(1003)
    with requests_of(world) as seen:
        summary = await run(world, update_products)
    assert summary.counts == {"integrated": 1}
    assert [r.url.path for r in seen if "mapped" in r.url.path] == [f"{CHANNEL}mapped_products/1003/"]
    after = action(world, 1003)
    assert after and after["remote_id"] == known
    assert_converged(world)


async def test_insert_and_update_does_both(make_world: Callable[..., World]) -> None:
    """New ones first, then changed ones, in a batch each."""
    world = make_world(failing=0)
    await run(world, insert_products)
    world.hub.edit_product(1001)
    pk = world.hub.add_product()
    summary = await run(world, insert_and_update_products)
    assert (summary.counts, summary.batches) == ({"integrated": 2}, 2)
    assert world.market.items[skus(world)[pk]]
    assert_converged(world)


@pytest.mark.parametrize("flow", [insert_products, update_products, insert_and_update_products])
async def test_an_inactive_channel_is_skipped_with_the_reason(make_world: Callable[..., World], flow: Any) -> None:
    """Nothing is changed anywhere."""
    world = make_world(failing=0)
    await run(world, insert_products)
    world.hub.add_product()
    world.hub.edit_product(1001)
    world.hub.set_channel(is_active=False)
    written, taken = len(writes(world)), len(world.market.requests)
    summary = await run(world, flow)
    assert summary.outcome is RunOutcome.skipped
    assert "switched off" in (summary.reason or "")
    assert (len(writes(world)), len(world.market.requests)) == (written, taken)


@pytest.mark.parametrize(
    ("connector", "flow", "words", "asynchronous"),
    [
        ("InsertsOnly", update_products, "`inserts only` has no send_updated_products. It has: ", False),
        ("SendsOnly", insert_products, "`sends only` has no check_products, .* say `is_sync = True`", True),
    ],
)
async def test_a_capability_that_is_lacking_is_said_before_any_write(
    make_world: Callable[..., World], connector: str, flow: Any, words: str, asynchronous: bool
) -> None:
    world = make_world(failing=0, asynchronous=False)
    if flow is update_products:
        await run(world, insert_products)
        world.hub.edit_product(1001)
    world.hub.set_channel(conf={"asynchronous": asynchronous})
    use_connector(world, f"{HERE}:{connector}")
    written = len(writes(world))
    with pytest.raises(RunFailedError, match=words):
        await run(world, flow)
    assert len(writes(world)) == written


async def test_a_synchronous_channel_needs_no_check(make_world: Callable[..., World]) -> None:
    world = make_world(failing=0)
    use_connector(world, f"{HERE}:SendsOnly")
    assert (await run(world, insert_products)).counts == {"integrated": 12}


@pytest.mark.parametrize("asynchronous", [False, True])
async def test_a_wrong_is_sync_is_an_error_before_any_write(
    make_world: Callable[..., World], asynchronous: bool
) -> None:
    """The connector declares how it answers."""
    world = make_world(failing=0, asynchronous=asynchronous)
    with pytest.raises(RunFailedError, match="leave is_sync out, or turn it around"):
        await run(world, insert_products, is_sync=asynchronous)
    assert writes(world) == []
    assert world.market.items == {}


@pytest.mark.parametrize("asynchronous", [False, True])
async def test_the_right_is_sync_changes_nothing(make_world: Callable[..., World], asynchronous: bool) -> None:
    world = make_world(asynchronous=asynchronous)
    await drain(world, is_sync=not asynchronous)
    assert_converged(world)


async def test_a_mismatch_that_only_the_answer_shows_is_said_and_loses_nothing(
    make_world: Callable[..., World],
) -> None:
    """The batch is handled as the channel answered."""
    world = make_world(failing=0)
    use_connector(world, f"{HERE}:Undeclared")
    with pytest.raises(RunFailedError, match="the channel answered at once") as caught:
        await run(world, insert_products, is_sync=False)
    assert caught.value.summary.counts == {"integrated": 12}
    assert_converged(world)


@pytest.mark.parametrize("batch_size", [1, 5, 500])
async def test_without_a_retry_interval_each_object_is_tried_once_a_run(
    make_world: Callable[..., World], batch_size: int
) -> None:
    """A product that always fails does not keep the run going."""
    world = make_world()
    world.hub.set_channel(conf={"FAILED_INTEGRATION": {"DEFAULT": {"RETRY_INTERVAL": 0, "MAX_RETRY_COUNT": 5}}})
    world.market.refuse[skus(world)[min(good(world))]] = "never"
    with requests_of(world) as seen:
        summary = await run(world, insert_products, batch_size=batch_size)
    tried = asked_for_stock(seen)
    assert len(tried) == len(set(tried)) == 12
    assert summary.counts == {"integrated": 5, "failed": 7}
    assert all(attempts.count == 1 for attempts in world.attempts.values())


async def test_max_batches_stops_the_run(make_world: Callable[..., World]) -> None:
    """The rest is for the next run."""
    world = make_world(failing=0)
    summary = await run(world, insert_products, batch_size=3, max_batches=2)
    assert (summary.batches, summary.counts) == (2, {"integrated": 6})
    assert (await run(world, insert_products)).counts == {"integrated": 6}


@pytest.mark.slow
@pytest.mark.parametrize(("batch_size", "expected"), [(5, 50), (100, 3), (120, 3), (250, 1), (500, 1)])
async def test_batches_may_be_smaller_or_larger_than_a_page(
    make_world: Callable[..., World], batch_size: int, expected: int
) -> None:
    """A page of the hub holds a hundred."""
    world = make_world(failing=0, products=250)
    summary = await run(
        world, insert_products, batch_size=batch_size, add_mapped=False, add_categories=False, add_price=False
    )
    assert (summary.batches, summary.counts) == (expected, {"integrated": 250})
    assert_converged(world)


async def test_draining_reads_each_page_about_once(make_world: Callable[..., World]) -> None:
    """What was handled is offered no more: it is no reason to read further ahead with every batch."""
    world = make_world(failing=0, products=900)
    with requests_of(world) as seen:
        summary = await run(
            world,
            insert_products,
            batch_size=150,
            add_mapped=False,
            add_categories=False,
            add_price=False,
            add_stock=False,
        )
    assert summary.batches == 6
    assert len([r for r in seen if r.url.path.endswith("/inserts/")]) <= 2 * 6 + 1


async def test_what_an_asynchronous_channel_refuses_at_once_fails_at_once(make_world: Callable[..., World]) -> None:
    """With its reason, before the batch is sent to remote; the rest is accepted and settled later."""
    world = make_world(failing=0, asynchronous=True)
    world.market.reset(reject_at_once_share=0.5)
    summary = await run(world, insert_products)
    refused = {row["object_id"] for row in actions(world) if row["status"] == "error"}
    assert 0 < len(refused) < 12
    assert summary.counts == {"accepted": 12 - len(refused), "failed": len(refused)}
    assert summary.failures == {"Rejected": len(refused)}
    assert {row["action_object_id"] for row in product_reports(world)} == refused
    for _ in range(3):
        await run(world, verify_open_batches)
    assert {row["object_id"] for row in actions(world) if row["status"] == "success"} == set(skus(world)) - refused
    for kind in ("productprice", "productstock"):
        assert {row["status"] for row in actions(world, kind)} == {"success", "error"}
    assert world.hub.counts()["open_batches"] == {}


async def test_a_line_about_nobody_in_an_asynchronous_answer_is_reported(make_world: Callable[..., World]) -> None:
    """Every irregular line is counted and reported."""
    world = make_world(failing=0, asynchronous=True)
    use_connector(world, f"{HERE}:RefusesUnknown")
    summary = await run(world, insert_products)
    assert summary.irregularities == {"unknown": 1}
    assert [row for row in reports(world) if "NOBODY" in row["error_desc"]]


async def test_a_careless_answer_is_told_of_and_harms_no_other(make_world: Callable[..., World]) -> None:
    """Unknown, duplicated and missing lines: counted and reported once."""
    world = make_world(failing=0)
    use_connector(world, f"{HERE}:Tangled")
    summary = await run(world, insert_products)
    assert summary.irregularities == {"unknown": 1, "missing": 1, "duplicated": 1}
    assert (summary.counts, summary.failures) == ({"integrated": 11, "failed": 1}, {"NotAnswered": 1})
    assert len([row for row in reports(world) if row["error_code"].endswith("irregular-answer")]) == 1


async def test_a_refused_product_takes_price_and_stock_along(make_world: Callable[..., World]) -> None:
    """All three end as errors, with one report."""
    world = make_world(failing=0, products=3)
    world.market.refuse[skus(world)[1001]] = "yasak"
    summary = await run(world, insert_products)
    assert summary.failures == {"Rejected": 1}
    for kind in ("product", "productprice", "productstock"):
        assert sorted(row["status"] for row in actions(world, kind)) == ["error", "success", "success"]
    (report,) = product_reports(world)
    assert "yasak" in report["error_desc"]
    assert world.hub.counts()["open_batches"] == {}


async def test_a_channel_that_is_down_before_the_first_commit_costs_no_attempt(
    make_world: Callable[..., World],
) -> None:
    """Nothing is changed; when it is back, all are integrated."""
    world = make_world(failing=0)
    world.market.faults.add(Fault("status", path="/health", times=None))
    with pytest.raises(RunFailedError, match="503") as caught:
        await run(world, insert_products)
    assert caught.value.summary.outcome is RunOutcome.failed
    assert (batches(world), actions(world), world.attempts) == ([], [], {})
    assert [method for method, _ in asked(world) if method != "GET"] == []
    world.market.faults.clear()
    await run(world, insert_products)
    assert_converged(world)


@pytest.mark.parametrize("kind", ["status", "drop_before", "drop_after", "html", "truncated", "rate_limited"])
async def test_a_channel_that_dies_during_the_send_fails_the_batch_and_the_run(
    make_world: Callable[..., World], kind: str
) -> None:
    """With a report; the objects are offered again after the interval, and no further batch is begun."""
    world = make_world(failing=0)
    world.market.faults.add(Fault(kind, path="^/products$", times=None))  # type: ignore[arg-type]
    with pytest.raises(RunFailedError) as caught:
        await run(world, insert_products, batch_size=4)
    assert caught.value.summary.outcome is RunOutcome.failed
    assert caught.value.summary.requests > 0
    assert [row["status"] for row in batches(world)] == ["fail"]
    assert [row["status"] for row in actions(world)] == []
    assert len([row for row in reports(world) if row["error_code"].endswith("-stopped")]) == 1
    world.market.faults.clear()
    world.clock.advance(3601)
    await run(world, insert_products)
    assert_converged(world)


@pytest.mark.parametrize(
    ("fault", "again"),
    [
        (
            Fault("status", path="^/products$", times=None),
            "offered again at once if they had never been sent, otherwise after the RETRY_INTERVAL of the channel's conf",
        ),
        (
            Fault("rate_limited", path="^/products$", times=None, seconds=40),
            "offered again after the RETRY_INTERVAL of the channel's conf (3600 s). Runs before that do not see them.",
        ),
    ],
    ids=["the channel is at fault", "the send is too slow"],
)
async def test_a_batch_that_was_stopped_says_when_its_objects_are_due_again(
    make_world: Callable[..., World], fault: Fault, again: str
) -> None:
    """The next run, which finds nothing due, cannot."""
    world = make_world(failing=0)
    world.settings = world.settings.model_copy(update={"CHANNEL_APP_OLDER_THAN": 180})
    world.market.faults.add(fault)
    with pytest.raises(RunFailedError):
        await run(world, insert_products)
    (stopped,) = [row for row in reports(world) if row["error_code"].endswith("-stopped")]
    assert again in stopped["error_desc"]


async def test_a_short_trouble_during_the_send_is_survived(make_world: Callable[..., World]) -> None:
    """One lost answer: the upsert is repeated."""
    world = make_world(failing=0)
    world.market.faults.add(Fault("drop_after", path="^/products$"))
    summary = await run(world, insert_products)
    assert summary.retries == 1
    assert_converged(world)


async def test_a_send_ends_after_a_third_of_older_than(make_world: Callable[..., World]) -> None:
    """By then another run may own the batch."""
    world = make_world(failing=0)
    world.settings = world.settings.model_copy(update={"CHANNEL_APP_OLDER_THAN": 180})
    world.market.faults.add(Fault("rate_limited", path="^/products$", times=None, seconds=40))
    started = world.clock.monotonic()
    with pytest.raises(RunFailedError):
        await run(world, insert_products)
    assert world.clock.monotonic() - started <= 60 + 40
    sent = [status for _, path, status in world.market.requests if path == "/products"]
    assert len(sent) == 2
    assert [row["status"] for row in batches(world)] == ["fail"]


async def test_a_programming_error_of_the_connector_fails_the_batch_too(make_world: Callable[..., World]) -> None:
    """Nothing stays locked, and the summary says that it was not foreseen."""
    world = make_world(failing=0)
    use_connector(world, f"{HERE}:SendBreaks")
    with pytest.raises(RunFailedError, match=r"unforeseen.*KeyError"):
        await run(world, insert_products)
    assert [row["status"] for row in batches(world)] == ["fail"]
    assert actions(world) == []


async def test_a_time_out_of_the_connector_is_not_taken_for_the_end_of_the_batchs_time(
    make_world: Callable[..., World],
) -> None:
    """That comes after minutes, and this one at once."""
    world = make_world(failing=0)
    use_connector(world, f"{HERE}:SendTimesOut")
    with pytest.raises(RunFailedError, match="TimeoutError: the SDK waited long enough") as caught:
        await run(world, insert_products)
    assert "did not take the batch within" not in caught.value.message
    assert [row["status"] for row in batches(world)] == ["fail"]


async def test_a_held_lock_skips_the_run_and_names_the_holder(make_world: Callable[..., World]) -> None:
    """Nothing of the other batch is touched."""
    world = make_world(failing=0)
    ledger = world.batches
    other = ledger.create({"channel": 6})
    row = world.products[1001]
    named = {"pk": 1001, "content_type": "product", "version_date": row["modified_date"]}
    ledger.move(other["pk"], {"channel": 6, "status": "commit", "content_type": "product", "objects": [named]})
    summary = await run(world, insert_products)
    assert summary.outcome is RunOutcome.skipped
    assert other["local_batch_id"] in (summary.reason or "")
    assert [row["status"] for row in batches(world)] == ["commit", "fail"]
    assert world.market.items == {}


@pytest.mark.parametrize("asynchronous", [False, True])
async def test_success_lines_can_be_left_out_of_the_log(make_world: Callable[..., World], asynchronous: bool) -> None:
    """Failures are always told."""
    world = make_world(asynchronous=asynchronous)
    await run(world, insert_products, is_success_log=False)
    for _ in range(3):
        await run(world, verify_open_batches, is_success_log=False)
    assert [row["is_ok"] for row in reports(world)] == [False] * 6
    assert [row["level"] for row in world.events] == ["error"] * 6


async def test_success_lines_are_written_otherwise(make_world: Callable[..., World]) -> None:
    """One per call to the channel."""
    world = make_world(failing=0)
    await run(world, insert_products, batch_size=6)
    assert [row["is_ok"] for row in reports(world)] == [True, True]


@pytest.mark.parametrize("status", [400, 404, 500])
async def test_a_log_that_cannot_be_written_stops_nothing(make_world: Callable[..., World], status: int) -> None:
    """Neither reports nor events."""
    world = make_world()
    world.hub.faults.add(Fault("status", path="error_reports|operational_events", status=status, times=None))
    await run(world, insert_products)
    assert_converged(world)
    assert reports(world) == []


async def test_out_of_stock_products_can_be_left_out(make_world: Callable[..., World]) -> None:
    world = make_world(failing=0, products=3)
    world.hub.edit_stock(1002, 0)
    summary = await run(world, insert_products, filter_out_of_stock_products=True)
    assert (summary.counts, summary.failures) == ({"integrated": 2, "failed": 1}, {"OutOfStockOnInsert": 1})


async def test_add_ons_can_be_left_out(make_world: Callable[..., World]) -> None:
    """No request for them; nothing of them in the batch."""
    world = make_world()
    with requests_of(world) as seen:
        summary = await run(
            world, insert_products, add_mapped=False, add_stock=False, add_price=False, add_categories=False
        )
    assert summary.counts == {"integrated": 12}
    assert not [r for r in seen if any(w in r.url.path for w in ("mapped", "stocks", "prices", "categor", "configs"))]
    assert actions(world, "productprice") == []


async def test_a_batch_in_which_nothing_is_left_to_send_ends_as_done(make_world: Callable[..., World]) -> None:
    """With every object named, and no request to the channel but the sign of life."""
    world = make_world(failing=1.0, products=6)
    summary = await run(world, insert_products)
    assert summary.counts == {"failed": 6}
    assert [row["status"] for row in batches(world)] == ["done"]
    assert [path for _, path, _ in world.market.requests] == ["/health"]
    assert_converged(world)


async def test_the_language_reaches_names_and_mappings(make_world: Callable[..., World]) -> None:
    world = make_world(failing=0, products=2)
    with requests_of(world) as seen:
        await run(world, insert_products, language="en")
    asked_in = {r.headers.get("accept-language") for r in seen if "inserts" in r.url.path or "mapped" in r.url.path}
    assert asked_in == {"en"}


async def test_a_documented_connector_works_synchronously(make_world: Callable[..., World]) -> None:
    """A blocking `send` and `return response_data, report, data`."""
    world = make_world()
    use_connector(world, f"{HERE}:MissionSync")
    _MissionSync.threads.clear()
    summary = await run(world, insert_products, is_sync=True)
    assert summary.counts == {"integrated": 6, "failed": 6}
    assert threading.get_ident() not in _MissionSync.threads
    assert {row["remote_id"] for row in actions(world) if row["status"] == "success"} == {
        f"M-{skus(world)[pk]}" for pk in good(world)
    }


async def test_a_documented_connector_works_asynchronously(make_world: Callable[..., World]) -> None:
    """`self.batch_request.remote_batch_id = ...; return "", report, data`, one object refused at once."""
    world = make_world(failing=0, products=4)
    use_connector(world, f"{HERE}:MissionAsync")
    summary = await run(world, insert_products, is_sync=False)
    assert (summary.counts, summary.remote_batches) == ({"accepted": 3, "failed": 1}, ("r-4711",))
    (report,) = product_reports(world)
    assert "Product has not been sent" in report["error_desc"]
    Listed.products = list(skus(world).values())[1:]
    assert (await run(world, verify_batch, remote_batch_id="r-4711")).counts == {"integrated": 3}
    assert [row["status"] for row in actions(world)] == ["error", "success", "success", "success"]


async def test_what_is_taken_at_once_is_recorded_at_once(make_world: Callable[..., World]) -> None:
    """With its price and stock, at the versions that were sent. The later answer is about the others."""
    world = make_world(failing=0, products=4)
    use_connector(world, f"{HERE}:MixedAsync")
    sent = {pk: row["modified_date"] for pk, row in world.products.rows.items()}
    summary = await run(world, insert_products)
    assert (summary.counts, summary.irregularities) == ({"integrated": 1, "failed": 1, "accepted": 2}, {})
    first, _, *others = skus(world).values()
    bound = [(row["status"], row["remote_id"]) for row in actions(world)]
    assert bound == [("success", f"M-{first}"), ("error", None), ("processing", None), ("processing", None)]
    assert actions(world)[0]["version_date"] == sent[1001]
    for kind in ("productprice", "productstock"):
        assert [row["status"] for row in actions(world, kind)] == ["success", "error", "processing", "processing"]
        assert actions(world, kind)[0]["remote_id"] == f"M-{first}"
    world.hub.edit_product(1001)
    Listed.products = others
    settled = await run(world, verify_open_batches)
    assert (settled.counts, settled.irregularities) == ({"integrated": 2}, {})
    assert [row["status"] for row in actions(world)] == ["success", "error", "success", "success"]
    assert actions(world)[0]["version_date"] == sent[1001]


async def test_what_is_taken_at_once_stays_taken_when_the_run_dies(make_world: Callable[..., World]) -> None:
    """Right after it was recorded: the others are offered again, and this one is not."""
    world = make_world(failing=0, products=4)
    use_connector(world, f"{HERE}:MixedAsync")
    await die_at(world, "insert_products", "PATCH", "/integration_actions/", 3)
    await run(world, recover)
    first, *_ = skus(world).values()
    assert [(row["status"], row["remote_id"]) for row in actions(world) if row["status"] != "error"] == [
        ("success", f"M-{first}")
    ]


async def test_a_number_as_remote_batch_id_is_taken(make_world: Callable[..., World]) -> None:
    """The run ends with its summary, and the batch can be verified by the number as text."""
    world = make_world(failing=0, products=4)
    use_connector(world, f"{HERE}:NumberedAsync")
    summary = await run(world, insert_products)
    assert summary.remote_batches == ("4711",)
    Listed.products = list(skus(world).values())[1:]
    assert (await run(world, verify_batch, remote_batch_id="4711")).counts == {"integrated": 3}


async def test_a_product_waits_for_the_batch_that_holds_its_price(make_world: Callable[..., World]) -> None:
    """To commit the price here would take it away from there, and to send it unlocked could overwrite a newer one."""
    world = make_world(failing=0, products=2)
    ledger, price = world.batches, next(iter(world.prices))
    other = ledger.create({"channel": 6})
    named = {"pk": price["pk"], "content_type": "productprice", "version_date": price["modified_date"]}
    ledger.move(other["pk"], {"channel": 6, "status": "commit", "content_type": "productprice", "objects": [named]})
    assert (await run(world, insert_products)).counts == {"integrated": 1, "waiting": 1}
    held = action(world, price["pk"], "productprice")
    assert held and (held["status"], held["local_batch_id"]) == ("processing", other["local_batch_id"])
    assert world.attempts == {}
    world.batches.move(other["pk"], {"channel": 6, "status": "fail"})
    assert (await run(world, insert_products)).counts == {"integrated": 1}


class SendWithPrices(SendInsertedProducts):
    """A call that holds no stock."""

    carries = ("price",)

    def item(self, product: Product) -> dict[str, Any]:
        assert product.productstock is not None  # for reference
        return {name: value for name, value in super().item(product).items() if name != "stock"}


class WithPrices(Sandbox):
    """Stocks have a call of their own."""

    actions: ClassVar = {**Sandbox.actions, **commands_of(SendWithPrices)}


async def test_what_a_call_does_not_carry_is_not_recorded_as_sent(make_world: Callable[..., World]) -> None:
    """It is sent by its own command, after its product."""
    world = make_world(failing=0, products=3)
    use_connector(world, f"{__name__}:WithPrices")
    await run(world, insert_products)
    assert len(actions(world, "productprice")) == 3
    assert actions(world, "productstock") == []
    assert all("stock" not in item for item in world.market.items.values())
    assert (await run(world, insert_product_stocks)).counts == {"integrated": 3}
    assert all(item["stock"] for item in world.market.items.values())


async def test_products_out_of_stock_are_left_out_also_where_the_call_does_not_carry_stocks(
    make_world: Callable[..., World],
) -> None:
    """The stock is attached for reference."""
    world = make_world(failing=0, products=3)
    use_connector(world, f"{__name__}:WithPrices")
    world.shop.edit_stock(1002, 0)
    summary = await run(world, insert_products, filter_out_of_stock_products=True)
    assert (summary.counts["integrated"], summary.failures) == (2, {"OutOfStockOnInsert": 1})


async def test_a_changed_product_waits_for_the_batch_that_holds_its_stock(make_world: Callable[..., World]) -> None:
    """At no cost of attempts; afterwards it is sent with the stock of that moment."""
    world = make_world(failing=0, products=3, asynchronous=True)

    async def answered() -> None:
        for _ in range(3):
            await run(world, verify_open_batches)

    await run(world, insert_products)
    await answered()
    world.shop.edit_stock(1002, 5)
    await run(world, update_product_stocks)
    for pk in (1001, 1002):
        world.shop.edit_product(pk)
    with requests_of(world) as seen:
        assert (await run(world, update_products)).counts == {"accepted": 1, "waiting": 1}
    sent = [request.content.decode() for request in seen if request.url.path == "/products"]
    assert [skus(world)[1001] in body and skus(world)[1002] not in body for body in sent] == [True]
    await answered()
    assert world.attempts == {}
    assert (await run(world, update_products)).counts == {"accepted": 1}
    await answered()
    assert_converged(world)
    assert world.market.items[skus(world)[1002]]["stock"]["stock"] == 5


async def test_a_batch_that_recovery_took_is_dropped_and_the_run_goes_on(make_world: Callable[..., World]) -> None:
    """Its objects are counted, and offered again later."""
    world = make_world(failing=0)

    def take(number: int, request: Any, moment: str) -> None:
        if request.url.path == "/products" and moment == "before" and batches(world)[0]["status"] == "commit":
            world.batches.move(1, {"channel": 6, "status": "fail"})

    world.hook = take
    summary = await run(world, insert_products, batch_size=6)
    assert summary.counts == {"taken over": 6, "integrated": 6}
    assert [row["status"] for row in batches(world)] == ["fail", "done"]
    world.clock.advance(3601)
    await run(world, insert_products)
    assert_converged(world)


async def test_every_write_goes_to_the_batch_or_the_log(make_world: Callable[..., World]) -> None:
    """A run changes nothing else in the hub; one batch, three moves."""
    world = make_world()
    await run(world, insert_products)
    moves = [request for request in writes(world) if request[1].startswith(BATCHES)]
    assert moves == [("POST", BATCHES), *[("PATCH", f"{BATCHES}1/")] * 3]
    rest = {path for _, path in writes(world)} - {BATCHES, f"{BATCHES}1/"}
    assert rest == {f"{CHANNEL}error_reports/", f"{CHANNEL}operational_events/"}


@pytest.mark.slow
async def test_a_thousand_products_converge_within_their_requests(make_world: Callable[..., World]) -> None:
    """Each integrated or failed with its reason; a second run makes one request, a later one tries the failed ones only."""
    world = make_world(products=1_000, failing=0.04)
    summary = await run(world, insert_products)
    assert summary.counts == {"integrated": 960, "failed": 40}
    assert sum(summary.failures.values()) == 40
    assert summary.requests <= 2 * 1_000 + 2 * 40 + 60
    assert_converged(world)
    assert (await run(world, insert_products)).requests == 1
    world.clock.advance(3_601)
    with requests_of(world) as seen:
        assert (await run(world, insert_products)).counts == {"failed": 40}
    assert asked_for_stock(seen) == sorted(world.hub.defects)
