"""Goods on marketplaces with the habits of real ones: the right result reaches the right object, and nothing is sent twice."""

import json
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import httpx
import pytest

from flows.image import insert_product_images
from flows.price import insert_product_prices
from flows.product import delete_products, insert_products, update_products
from flows.stock import insert_product_stocks
from flows.verify import GRACE, verify_open_batches
from tests.habits.cases import BY_HABIT, CASES, Case
from tests.world.driving import RECOVERY_PERIOD, RETRY_INTERVAL, settle
from tests.world.loopback import World
from tests.world.shop import action, actions, assert_clean, batches, reports, requests_of, run, use_connector

REFUSED = 1003
WHY = "Barkod hatalı"
MODES = [
    pytest.param(case, later, id=f"{case}-{'async' if later else 'sync'}")
    for case in CASES
    if case.products
    for later in ((False, True) if case.later is None else (case.later,))
]


def sku(world: World, pk: int) -> str:
    return str(world.products[pk]["sku"])


def statuses(world: World, path: str = "") -> Counter[int]:
    """How the marketplace answered."""
    return Counter(status for _, asked, status in world.market.requests if asked.startswith(path or "/"))


@pytest.mark.parametrize(("case", "later"), MODES)
async def test_each_product_has_its_own_result(case: Case, later: bool) -> None:
    """One is refused; it alone fails, with the channel's words, and the others are on sale under the channel's ids."""
    world = case.world(products=6, failing=0, asynchronous=later)
    world.market.refuse[sku(world, REFUSED)] = WHY
    await run(world, insert_products)
    await settle(world)
    for pk in range(1001, 1007):
        held = action(world, pk)
        assert held
        if pk == REFUSED:
            assert held["status"] == "error"
        else:
            item = world.market.items[sku(world, pk)]
            assert (held["status"], held["remote_id"]) == ("success", item["remote_id"])
            assert held["version_date"] == item["version"]
    told = [row for row in reports(world) if not row["is_ok"]]
    assert [(row["action_object_id"], WHY in row["error_desc"]) for row in told] == [(REFUSED, True)]
    assert Counter(name for kind, name, _ in world.market.acknowledged if kind == "product") == Counter(
        sku(world, pk) for pk in range(1001, 1007) if pk != REFUSED
    )
    assert (await run(world, insert_products)).counts == {}
    assert world.hub.counts()["open_batches"] == {}
    assert_clean(world)


@pytest.mark.parametrize("habit", ["failures-only", "line-numbers"])
async def test_an_unnamed_deletion_was_done(habit: str) -> None:
    world = BY_HABIT[habit].world(products=3, failing=0, asynchronous=True)
    await run(world, insert_products)
    await settle(world)
    gone = sku(world, 1002)
    world.hub.delete_product(1002)
    await run(world, delete_products)
    await settle(world)
    assert gone not in world.market.items
    assert action(world, 1002) is None
    assert action(world, 1001)
    assert_clean(world)


async def test_a_remark_reaches_the_merchant() -> None:
    world = BY_HABIT["warnings"].world(products=6, failing=0)
    await run(world, insert_products)
    remarked = {row["sku"] for row in world.products if f"`{row['sku']}`" in str(lines_with(world, "kısaltıldı"))}
    assert 0 < len(remarked) < 6
    assert {row["status"] for row in actions(world)} == {"success"}


def lines_with(world: World, words: str) -> list[str]:
    """The merchant's lines that say this."""
    return [row["error_desc"] for row in reports(world) if words in row["error_desc"]]


async def test_early_approvals_are_on_sale_early() -> None:
    """Half of the time has passed: half of the products are on sale, and nothing is sent again."""
    world = BY_HABIT["moderation"].world(products=6, failing=0, asynchronous=True)
    await run(world, insert_products)
    on_sale = []
    for _ in range(4):
        world.clock.advance(24 * 3_600.0)
        await run(world, verify_open_batches)
        await run(world, insert_products)
        on_sale.append(sum(row["status"] == "success" for row in actions(world)))
    assert on_sale == [2, 4, 6, 6]
    assert len(batches(world)) == 1


async def test_a_moderation_of_five_days_ends_with_everything_on_sale() -> None:
    """Each product is sent once; one that is refused is offered again after that, and is not sent while it is looked at. Prices,
    stocks and images wait for the approval, at no cost, and are sent then."""
    days = 24 * 3_600.0
    case = replace(BY_HABIT["moderation"], market={"ready_after_seconds": 5 * days})
    world = case.world(products=20, failing=0, asynchronous=True, sends_offers=True)
    world.market.refuse[sku(world, REFUSED)] = WHY
    flows = (insert_products, insert_product_prices, insert_product_stocks, insert_product_images)
    separate: dict[Any, dict[str, bool]] = {insert_products: {"add_price": False, "add_stock": False}}
    with requests_of(world) as seen:
        for _ in range(12 * 2):  # the offers are looked at as well
            for flow in flows:
                await run(world, flow, **separate.get(flow, {}))
            world.clock.advance(days / 2)
            await run(world, verify_open_batches)
        sent = [sku for request in seen if request.url.path == "/products" for sku in skus_in(request)]
    others = {row["sku"] for row in world.products} - {sku(world, REFUSED)}
    assert {name: times for name, times in Counter(sent).items() if name in others} == dict.fromkeys(others, 1)
    assert len(sent) <= len(others) + 3
    standing = {row["object_id"]: row["status"] for row in actions(world)}
    assert {pk for pk, status in standing.items() if status != "success"} == {REFUSED}
    for kind, table in world.offered.items():
        if kind in ("productprice", "productstock", "productimage"):
            on_channel = {row["pk"] for row in table if standing[row["product"]] == "success"}
            assert {row["object_id"] for row in actions(world, kind) if row["status"] == "success"} == on_channel
    assert {key.content_type for key in world.attempts} == {"product"}


def skus_in(request: httpx.Request) -> list[str]:
    """The skus that a call sends."""
    return [item["sku"] for item in json.loads(request.content)["items"]]


async def test_a_connector_that_knows_the_rate_is_never_refused() -> None:
    world = BY_HABIT["rates"].world(products=12, failing=0)
    await run(world, insert_products)
    assert statuses(world)[429] == 0
    assert {row["status"] for row in actions(world)} == {"success"}


@pytest.mark.parametrize("habit", ["silent-rates", "bucket"])
async def test_refused_calls_get_through_later(habit: str) -> None:
    """Two products a call make more calls than the second allows; they cost no product an attempt."""
    case = BY_HABIT[habit]
    world = case.world(products=12, failing=0)
    await run(world, insert_products)
    assert {row["status"] for row in actions(world)} == {"success"}
    assert world.attempts == {}


@pytest.mark.parametrize("seed", range(10))
async def test_a_silent_limit_costs_no_check(seed: int) -> None:
    """Six batches wait for their results: each question is answered, however the pauses fall."""
    random.seed(seed)
    world = BY_HABIT["silent-rates"].world(products=12, failing=0, asynchronous=True)
    await run(world, insert_products)
    await settle(world)
    assert {row["status"] for row in actions(world)} == {"success"}
    assert world.attempts == {}


async def test_a_bucket_is_known_after_its_first_answer() -> None:
    world = BY_HABIT["bucket"].world(products=24, failing=0)
    await run(world, insert_products)
    assert statuses(world)[429] == 0
    assert statuses(world, "/products")[200] == 12


async def test_a_key_that_is_used_up_is_replaced_in_mid_run() -> None:
    world = BY_HABIT["form-log-in"].world(products=24, failing=0)
    await run(world, insert_products)
    assert {row["status"] for row in actions(world)} == {"success"}
    log_ins = statuses(world, "/token")[200]
    calls = statuses(world)[200] - log_ins
    assert log_ins == -(-calls // 3)


async def test_a_log_in_is_wanted_by_the_marketplace(make_world: Callable[..., World]) -> None:
    """A connector without one locks nothing."""
    world = make_world(failing=0, habits=("form-log-in",))
    with pytest.raises(Exception, match="401"):
        await run(world, insert_products)
    assert batches(world) == []


async def test_a_refusal_under_200_is_understood() -> None:
    """The marketplace has forgotten the batch, and says so under 200: what it took is found by the next run."""
    case = BY_HABIT["errors-under-200"]
    world = case.world(products=3, failing=0, asynchronous=True)
    await run(world, insert_products)
    world.market.forget_batches()
    world.clock.advance(GRACE + 1)
    summary = await run(world, verify_open_batches)
    assert (summary.counts, summary.failures) == ({"failed": 3}, {"BatchForgotten": 3})
    assert statuses(world).keys() == {200, 202}
    world.clock.advance(RECOVERY_PERIOD + RETRY_INTERVAL)
    await run(world, insert_products)
    await settle(world)
    assert {row["status"] for row in actions(world)} == {"success"}


async def test_a_call_holds_no_more_than_the_marketplace_takes() -> None:
    world = BY_HABIT["few-items"].world(products=5, failing=0)
    await run(world, insert_products)
    assert statuses(world, "/products") == {200: 3}


async def test_each_item_has_a_process_of_its_own() -> None:
    world = BY_HABIT["one-item"].world(products=3, failing=0, asynchronous=True)
    assert len((await run(world, insert_products)).remote_batches) == 3
    await settle(world)
    assert {row["status"] for row in actions(world)} == {"success"}


@pytest.mark.parametrize("habit", ["jsonl-file", "csv-file"])
async def test_a_file_is_read_once_for_each_batch(habit: str) -> None:
    world = BY_HABIT[habit].world(products=3, failing=0, asynchronous=True)
    await run(world, insert_products)
    await settle(world)
    assert statuses(world, "/files/") == {200: 1}


async def test_the_example_connector_is_refused_by_a_vendor_media_type(make_world: Callable[..., World]) -> None:
    world = make_world(failing=0, habits=("vendor-media-type",))
    with pytest.raises(Exception, match="406"):
        await run(world, insert_products)
    use_connector(world, BY_HABIT["vendor-media-type"].connector)
    await run(world, insert_products)
    assert {row["status"] for row in actions(world)} == {"success"}


async def test_a_changed_product_is_sent_again_and_no_other() -> None:
    world = BY_HABIT["line-numbers"].world(products=4, failing=0)
    await run(world, insert_products)
    world.hub.edit_product(1002)
    world.market.refuse[sku(world, 1002)] = WHY
    assert (await run(world, update_products)).failures == {"Rejected": 1}
    world.market.refuse.clear()
    world.clock.advance(RECOVERY_PERIOD + RETRY_INTERVAL)
    assert (await run(world, update_products)).counts == {"integrated": 1}
    assert_clean(world)
