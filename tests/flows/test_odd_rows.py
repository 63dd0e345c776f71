"""One row of Omnitron's that does not fit is that object's failure, or is left out and named; the others go on."""

from collections.abc import Callable
from typing import Any

import pytest

from clients.errors import UnreadableRowError
from clients.variables import MemoryVariables
from flows import run as runs
from flows.health import report_health
from flows.order import fetch_and_create_order
from flows.product import delete_products, insert_products, update_products
from flows.recover import recover
from flows.run import RunFailedError
from flows.setup import create_or_update_category_tree_and_nodes
from flows.stock import insert_product_stocks, update_product_stocks
from flows.verify import verify_open_batches
from tasks.omnitron.overview.explanation import ExplainProduct
from tests.harness.setup_scenarios import bound, small_world
from tests.world.driving import RECOVERY_PERIOD, RETRY_INTERVAL, heal, until_killed, with_kill
from tests.world.driving import run as run_flow_by_name
from tests.world.loopback import Misprint, World
from tests.world.sales import list_products, place
from tests.world.shop import Row, action, assert_clean, batches, opened, reports, run, skus, use_connector


@pytest.fixture
def world() -> World:
    """A shop of four sound products."""
    return World(failing=0, products=4)


def misprinted(world: World, path: str, field: str, value: Any, is_it: Callable[[Row], bool]) -> Misprint:
    """From now on, Omnitron says something odd in one field of a row."""
    misprint = Misprint(path, is_it, lambda row: row.update({field: value}))
    world.misprints.append(misprint)
    return misprint


def of_first_product(world: World) -> Callable[[Row], bool]:
    """Recognises the rows of the first product's price and stock."""
    first = min(skus(world))
    return lambda row: row.get("product") == first


def texts(world: World) -> list[str]:
    """What the merchant was told of failures."""
    return [row["error_desc"] for row in reports(world) if not row["is_ok"]]


async def test_a_product_without_a_name_fails_alone_and_is_tried_again(world: World) -> None:
    first = min(skus(world))
    misprint = misprinted(world, "/products/", "name", None, lambda row: row.get("pk") == first)
    summary = await run(world, insert_products)
    assert (summary.counts, summary.failures) == ({"integrated": 3, "failed": 1}, {"UnreadableRow": 1})
    assert len(world.market.items) == 3
    (told,) = texts(world)
    assert told.startswith(
        f"UnreadableRow: Omnitron's row products/{first} ({skus(world)[first]}) cannot be read: name: "
    )
    record = action(world, first)
    assert record is not None
    assert (record["status"], record["state"]["failed_reason_type"]) == ("error", "channel_app")
    assert [batch["status"] for batch in batches(world)] == ["done"]

    assert (await run(world, insert_products)).counts == {}, "it waits as other failed objects do"
    world.misprints.remove(misprint)
    world.clock.advance(RETRY_INTERVAL + 1)
    assert (await run(world, insert_products)).counts == {"integrated": 1}
    assert_clean(world)


async def test_a_stock_of_two_and_a_half_fails_alone(world: World) -> None:
    await run(world, insert_products)
    world.clock.advance(60)
    names = skus(world)
    for pk in names:
        world.hub.edit_stock(pk, 7)
    misprinted(world, "/product_stocks/", "stock", "2.500", of_first_product(world))
    summary = await run(world, update_product_stocks)
    assert (summary.counts, summary.failures) == ({"integrated": 3, "failed": 1}, {"UnreadableRow": 1})
    first, *others = names.values()
    assert [world.market.items[sku]["stock"]["stock"] for sku in others] == [7, 7, 7]
    (told,) = texts(world)
    assert f"({first}) cannot be read: stock: Input should be a valid integer" in told
    assert_clean(world)


async def test_a_run_with_nothing_but_an_odd_row_ends_its_batch(world: World) -> None:
    await run(world, insert_products)
    world.clock.advance(60)
    world.hub.edit_stock(min(skus(world)), 7)
    misprinted(world, "/product_stocks/", "stock", [], of_first_product(world))
    summary = await run(world, update_product_stocks)
    assert summary.counts == {"failed": 1}
    assert [batch["status"] for batch in batches(world)] == ["done", "done"]


@pytest.mark.parametrize(("which", "field"), [("stock", "stock"), ("price", "price")])
async def test_a_new_product_whose_stock_or_price_is_odd_fails_with_that_field(
    world: World, which: str, field: str
) -> None:
    """It is there: to say that there is none would send the merchant looking in vain."""
    misprinted(world, f"/product_{which}s/", field, "a lot", of_first_product(world))
    summary = await run(world, insert_products)
    assert (summary.counts, summary.failures) == ({"integrated": 3, "failed": 2}, {"UnreadableRow": 2})
    named = f"({skus(world)[min(skus(world))]}) cannot be read: {field}: "
    assert any(f"Omnitron's row product_{which}s/" in told and named in told for told in texts(world))


async def test_an_offer_whose_product_is_odd_fails_with_that_and_is_not_called_gone(world: World) -> None:
    await run(world, insert_products)
    world.clock.advance(60)
    for pk in skus(world):
        world.hub.edit_stock(pk, 7)
    first = min(skus(world))
    misprinted(world, "/products/", "attributes", 5, lambda row: row.get("pk") == first)
    summary = await run(world, update_product_stocks)
    assert summary.counts["integrated"] == 3
    assert set(summary.failures) == {"UnreadableRow"}


async def test_a_row_that_is_left_out_is_told_to_the_operator_in_each_run_and_once_in_a_run(world: World) -> None:
    """Without a version it cannot be named in a batch."""
    first = min(skus(world))
    misprinted(world, "/products/", "modified_date", "yesterday", lambda row: row.get("pk") == first)
    summary = await run(world, insert_products, batch_size=1)
    assert (summary.counts, summary.failures) == ({"integrated": 3, "failed": 1}, {"UnreadableRow": 1})
    assert [f"products/{first} cannot be read: modified_date" in told for told in texts(world)] == [True]
    assert (await run(world, insert_products)).counts == {"failed": 1}
    assert action(world, first) is None


async def test_a_row_without_a_key_stops_the_list_and_says_so(world: World) -> None:
    """It could not be named, so it would never be missed."""
    first = min(skus(world))
    misprinted(world, "/products/", "pk", None, lambda row: row.get("pk") == first)
    with pytest.raises(RunFailedError, match="row 1 of 4 does not fit"):
        await run(world, insert_products)
    assert batches(world) == []


async def test_half_an_emoji_in_a_product_is_that_products_failure(world: World) -> None:
    """No connector can write it."""
    await run(world, insert_products)
    world.clock.advance(60)
    for pk in skus(world):
        world.hub.edit_product(pk, name="new")
    first = min(skus(world))
    misprinted(world, "/products/", "attributes", {"colour": "\ud83d"}, lambda row: row.get("pk") == first)
    summary = await run(world, update_products)
    assert (summary.counts, summary.failures) == ({"integrated": 3, "failed": 1}, {"UnreadableRow": 1})
    assert "attributes: it holds half of a character" in texts(world)[0]


async def test_an_odd_mapping_is_its_products_failure(world: World) -> None:
    first = min(skus(world))
    misprinted(world, f"/mapped_products/{first}/", "mapped_attributes", "red", lambda row: True)
    summary = await run(world, insert_products)
    assert (summary.counts, summary.failures) == ({"integrated": 3, "failed": 1}, {"UnreadableRow": 1})


async def test_an_odd_record_of_a_product_holds_up_no_other_offer(world: World) -> None:
    await run(world, insert_products, add_stock=False)
    first = min(skus(world))
    misprinted(world, "/integration_actions/", "version_date", "never", lambda row: row.get("object_id") == first)
    summary = await run(world, insert_product_stocks)
    assert summary.counts["integrated"] == 3


async def test_a_row_that_is_left_out_is_told_to_the_merchant_once(world: World) -> None:
    """As what waits: in later runs only the operator hears of it, until the reason changes."""
    world.variables = MemoryVariables()
    first = min(skus(world))
    misprint = misprinted(world, "/products/", "modified_date", "yesterday", lambda row: row.get("pk") == first)
    for _ in range(3):
        assert (await run(world, insert_products)).counts["failed"] == 1
    assert len(texts(world)) == 1
    misprint.spoil = lambda row: row.update({"modified_date": None, "name": None})
    await run(world, insert_products)
    assert len(texts(world)) == 2


async def test_of_many_rows_that_are_left_out_the_first_are_named_and_all_are_counted(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runs, "LEFT_OUT_NAMED", 2)
    misprinted(world, "/products/", "modified_date", None, lambda row: "sku" in row)
    assert (await run(world, insert_products)).counts == {"failed": 4}
    assert len(texts(world)) == 2


async def test_an_odd_action_of_a_batch_is_named_when_another_process_ends_it() -> None:
    """Left out, its product would stay locked for ever."""
    world = World(failing=0, products=3, asynchronous=True)
    await run(world, insert_products, add_price=False, add_stock=False)
    first = min(skus(world))
    misprinted(world, "/integration_actions/", "version_date", "never", lambda row: row.get("object_id") == first)
    for _ in range(3):
        await run(world, verify_open_batches)
    records = [action(world, pk) for pk in skus(world)]
    assert [record and record["status"] for record in records] == ["error", "success", "success"]
    assert [batch["status"] for batch in batches(world)] == ["done"]
    assert any("UnreadableRow: Omnitron's row integration_actions/" in told for told in texts(world))


@pytest.mark.parametrize(
    ("field", "value"),
    [("content_type", {"id": 12, "model": "hat"}), ("content_type", None), ("object_id", "no number")],
)
async def test_an_action_that_does_not_say_whose_it_is_delays_no_other_and_is_not_in_work_for_ever(
    field: str, value: Any
) -> None:
    """The end of its batch cannot name its object."""
    world = World(failing=0, products=3, asynchronous=True)
    await run(world, insert_products, add_price=False, add_stock=False)
    first = action(world, min(skus(world)))
    assert first
    misprinted(world, "/integration_actions/", field, value, lambda row: row.get("pk") == first["pk"])
    for _ in range(3):
        await run(world, verify_open_batches)
    records = [action(world, pk) for pk in skus(world)]
    assert [record and record["status"] for record in records] == ["error", "success", "success"]
    assert f"integration_actions/{first['pk']} cannot be read: {field}" in texts(world)[-1]


async def test_an_odd_action_of_a_deletion_delays_no_other() -> None:
    """Its product is offered again."""
    world = World(failing=0, products=3, asynchronous=True)
    await run(world, insert_products, add_price=False, add_stock=False)
    for _ in range(3):
        await run(world, verify_open_batches)
    gone = sorted(skus(world))[:2]
    for pk in gone:
        world.hub.delete_product(pk)
    await run(world, delete_products)
    misprint = misprinted(world, "/integration_actions/", "status", 5, lambda row: row.get("object_id") == gone[0])
    for _ in range(3):
        await run(world, verify_open_batches)
    world.misprints.remove(misprint)
    assert [bool(action(world, pk)) for pk in gone] == [True, False]
    assert [batch["status"] for batch in batches(world)] == ["done", "done"]


async def test_what_is_taken_at_once_but_cannot_be_recorded_is_not_counted(world: World) -> None:
    """Its action says something odd; the channel's later answer settles it."""
    use_connector(world, "tests.flows.connectors:MixedAsync")
    first = min(skus(world))
    misprinted(world, "/integration_actions/", "version_date", "never", lambda row: row.get("object_id") == first)
    summary = await run(world, insert_products)
    assert "integrated" not in summary.counts


async def test_an_odd_row_that_is_due_is_counted_in_the_report(world: World) -> None:
    sound = (await run(world, report_health)).counts
    first = min(skus(world))
    misprinted(world, "/products/", "name", None, lambda row: row.get("pk") == first)
    assert (await run(world, report_health)).counts == sound


async def test_an_odd_batch_delays_no_other() -> None:
    world = World(failing=0, products=2, asynchronous=True)
    await run(world, insert_products, batch_size=1)
    odd = batches(world)[0]
    misprinted(world, "/batch_requests/", "created_date", {}, lambda row: row.get("pk") == odd["pk"])
    summaries = [await run(world, verify_open_batches) for _ in range(3)]
    assert [summary.failures for summary in summaries] == [{"UnreadableRow": 1}] * 3
    assert [batch["status"] for batch in batches(world)] == ["sent_to_remote", "done"]
    assert f"batch_requests/{odd['pk']} cannot be read: created_date" in texts(world)[0]


async def test_recover_frees_other_batches_than_an_odd_one(world: World) -> None:
    with_kill(world, at=8, moment="after")
    await until_killed(run_flow_by_name(world, "insert_products"))
    heal(world)
    world.clock.advance(RECOVERY_PERIOD)
    (left,) = batches(world)
    odd = {**left, "pk": 9_000, "local_batch_id": None}
    world.misprints.append(
        Misprint("/batch_requests/", lambda row: "results" in row, lambda row: row["results"].insert(0, odd))
    )
    summary = await run(world, recover)
    assert summary.counts == {"released": 1, "failed": 1}
    assert batches(world)[0]["status"] == "fail"


async def test_an_odd_cargo_company_holds_up_no_order_of_another(world: World) -> None:
    list_products(world)
    place(world, cargo="yurtici")
    misprinted(world, "/cargos/", "name", [], lambda row: row.get("erp_code") != "yurtici")
    summary = await run(world, fetch_and_create_order)
    assert summary.counts["created"] == 1
    assert set(summary.failures) == {"UnreadableRow"}


async def test_a_product_that_cannot_be_read_is_not_explained_as_gone(world: World) -> None:
    first = min(skus(world))
    misprinted(world, "/products/", "attributes", 5, lambda row: row.get("pk") == first)
    for named in ({"pk": first}, {"sku": skus(world)[first]}):
        async with opened(world, create_batch=False, read_channel=False) as hub:
            with pytest.raises(UnreadableRowError, match=f"products/{first}.* cannot be read: attributes"):
                await hub.do_action(ExplainProduct, **named)


async def test_a_category_that_makes_no_sense_is_named_and_what_is_below_it_too() -> None:
    """The others are brought in; nothing is dropped in silence."""
    world = small_world()
    top = next(row.id for row in world.market.assortment.categories.values() if not row.parent)
    other = world.market.assortment.add_category("Çanta")
    world.misprints.append(
        Misprint("/categories", lambda row: row.get("id") == top, lambda row: row.update({"name": None}))
    )
    summary = await run(world, create_or_update_category_tree_and_nodes)
    assert (summary.counts, summary.failures) == ({"created": 1, "failed": 3}, {"Unreadable": 3})
    assert set(bound(world, "categorynode")) == {other.id}
    assert sorted(told.split(":")[0] for told in texts(world)) == [
        f"Category Bot [{int(top) + 1}]",
        f"Category None [{top}]",
        f"Category Spor [{int(top) + 2}]",
    ]


async def test_half_a_character_in_a_categorys_parent_is_shown_and_keeps_no_other_out() -> None:
    """No file holds it, and no digest can be made of it."""
    world = small_world()
    other = world.market.assortment.add_category("Çanta")
    half = world.market.assortment.add_category("Yarım")
    world.misprints.append(
        Misprint("/categories", lambda row: row.get("id") == half.id, lambda row: row.update({"parent_id": "\ud800"}))
    )
    summary = await run(world, create_or_update_category_tree_and_nodes)
    assert summary.failures == {"Unreadable": 1}
    assert other.id in bound(world, "categorynode")
    (told,) = texts(world)
    assert r"its parent `\xd800` is not listed" in told
