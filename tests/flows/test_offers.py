"""Prices, stocks and images, end to end over both local systems."""

import logging
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from deployments.sandbox.base.faults import Fault
from dto.enums import ContentType
from dto.summary import RunOutcome
from flows.image import insert_and_update_images, insert_product_images, update_product_images
from flows.price import (
    insert_and_update_prices,
    insert_product_prices,
    insert_product_prices_from_extra_price_list,
    update_product_prices,
    update_product_prices_from_extra_price_list,
)
from flows.product import insert_products
from flows.recover import recover
from flows.run import RunFailedError
from flows.stock import (
    insert_and_update_stocks,
    insert_product_stocks,
    insert_product_stocks_from_extra_stock_list,
    update_product_stocks,
    update_product_stocks_from_extra_stock_list,
)
from flows.verify import verify_batch, verify_open_batches
from tasks.omnitron.catalogue.prices import GetInsertedPrices
from tasks.omnitron.catalogue.products import GetInsertedProducts, GetUpdatedProducts
from tests.flows.connectors import Offered
from tests.harness.offer_states import add_image
from tests.world.loopback import World
from tests.world.shop import (
    CHANNEL,
    Row,
    action,
    actions,
    batches,
    good,
    opened,
    requests_of,
    run,
    skus,
    use_connector,
    writes,
)

HERE = "tests.flows.connectors"


@dataclass(frozen=True)
class Family:
    """One kind of offer: its flows, and where its rows are."""

    kind: str
    insert: Any
    update: Any
    both: Any
    table: str
    resource: str
    list_field: str | None = None

    def __str__(self) -> str:
        return self.kind

    def rows(self, world: World) -> list[Row]:
        """Its rows, of the catalog's own list."""
        hub = world.shop
        own = self.list_field and hub.catalog[self.list_field]
        return [row for row in getattr(hub.goods, self.table) if not own or row[self.list_field] == own]

    def edit(self, world: World, product: int) -> Row:
        """Something new to send."""
        hub = world.shop
        if self.kind == "productprice":
            return hub.edit_price(product)
        if self.kind == "productstock":
            return hub.edit_stock(product)
        (row, *_) = hub.goods.images.find("product", product)
        return hub.edit(self.kind, row["pk"], image=f"{row['image']}?new")

    def on_channel(self, world: World, row: Row) -> Row | None:
        """What the channel holds for a row."""
        item = world.market.items.get(skus(world)[row["product"]], {})
        if self.kind == "productimage":
            return next((image for image in item.get("images", ()) if image["pk"] == row["pk"]), None)
        held: Row | None = item.get(self.kind.removeprefix("product"))
        return held


PRICES = Family(
    "productprice",
    insert_product_prices,
    update_product_prices,
    insert_and_update_prices,
    "prices",
    "product_prices",
    "price_list",
)
STOCKS = Family(
    "productstock",
    insert_product_stocks,
    update_product_stocks,
    insert_and_update_stocks,
    "stocks",
    "product_stocks",
    "stock_list",
)
IMAGES = Family(
    "productimage", insert_product_images, update_product_images, insert_and_update_images, "images", "product_images"
)
FAMILIES = [PRICES, STOCKS, IMAGES]
families = pytest.mark.parametrize("family", FAMILIES, ids=str)
both_ways = pytest.mark.parametrize("asynchronous", [False, True], ids=["sync", "async"])
EXTRA = [
    (insert_product_prices_from_extra_price_list, update_product_prices_from_extra_price_list, PRICES),
    (insert_product_stocks_from_extra_stock_list, update_product_stocks_from_extra_stock_list, STOCKS),
]
extras = pytest.mark.parametrize(("insert", "update", "family"), EXTRA, ids=["prices", "stocks"])


async def answered(world: World) -> None:
    """The channel finishes what it accepted."""
    for _ in range(3):
        await run(world, verify_open_batches)


async def products_alone(world: World) -> None:
    """The products are on the channel, and nothing of theirs."""
    await run(world, insert_products, add_stock=False, add_price=False)
    await answered(world)


async def everything(world: World, family: Family) -> None:
    """The products are on the channel, with this kind of offer."""
    await products_alone(world)
    await run(world, family.insert)
    await answered(world)


def converged(world: World, family: Family, rows: list[Row] | None = None) -> None:
    """Every row is integrated at its version, under its product's remote id, and nothing is open."""
    assert world.hub.counts()["open_batches"] == {}
    for row in family.rows(world) if rows is None else rows:
        bound, product, held = action(world, row["pk"], family.kind), action(world, row["product"]), None
        held = family.on_channel(world, row) if rows is None else held
        assert bound and product
        assert (bound["status"], bound["version_date"]) == ("success", row["modified_date"])
        assert bound["remote_id"] == product["remote_id"]
        assert rows is not None or (held and held["version"] == row["modified_date"])


# -- new and changed ----------------------------------------------------------------------------------------------


@families
@both_ways
async def test_new_offers_are_integrated_under_their_products_name(
    make_world: Callable[..., World], family: Family, asynchronous: bool
) -> None:
    """At the version that was sent; a second run makes one request."""
    world = make_world(failing=0, asynchronous=asynchronous)
    await products_alone(world)
    summary = await run(world, family.insert)
    assert summary.counts == {"accepted" if asynchronous else "integrated": 12}
    await answered(world)
    converged(world, family)
    summary = await run(world, family.insert)
    assert (summary.requests, summary.batches) == (1, 0)


@families
@both_ways
async def test_changed_offers_are_sent_and_nothing_else(
    make_world: Callable[..., World], family: Family, asynchronous: bool
) -> None:
    world = make_world(failing=0, asynchronous=asynchronous)
    await everything(world, family)
    edited = [family.edit(world, product) for product in (1002, 1005)]
    summary = await run(world, family.update)
    assert summary.counts == {"accepted" if asynchronous else "integrated": 2}
    await answered(world)
    converged(world, family)
    assert {row["pk"] for row in edited} == {
        row["object_id"]
        for row in actions(world, family.kind)
        if row["local_batch_id"] == batches(world)[-1]["local_batch_id"]
    }


@families
async def test_insert_and_update_does_both_in_a_batch_each(make_world: Callable[..., World], family: Family) -> None:
    world = make_world(failing=0)
    await everything(world, family)
    family.edit(world, 1001)
    world.hub.add_product()
    await products_alone(world)
    summary = await run(world, family.both)
    assert (summary.counts, summary.batches) == ({"integrated": 2}, 2)
    converged(world, family)


@families
@both_ways
async def test_an_edit_between_send_and_done_is_offered_again(
    make_world: Callable[..., World], family: Family, asynchronous: bool
) -> None:
    """The version that was sent is recorded, not the newer one."""
    world = make_world(failing=0, asynchronous=asynchronous)
    await everything(world, family)
    sent = family.edit(world, 1002)["modified_date"]

    def edit(number: int, request: Any, moment: str) -> None:
        if request.method == "PUT" and moment == "after":
            family.edit(world, 1002)

    world.hook = edit
    await run(world, family.update)
    world.hook = lambda number, request, moment: None
    await answered(world)
    (row,) = [row for row in family.rows(world) if row["product"] == 1002]
    bound = action(world, row["pk"], family.kind)
    assert bound and (bound["status"], bound["version_date"]) == ("success", sent)
    await run(world, family.update)
    await answered(world)
    converged(world, family)


@families
async def test_omnitron_knows_a_new_offers_name_before_it_is_sent(
    make_world: Callable[..., World], family: Family
) -> None:
    """So that any process can settle the batch; the first commit was there already."""
    world = make_world(failing=0, products=2)
    await products_alone(world)
    seen: list[list[Any]] = []

    def look(number: int, request: Any, moment: str) -> None:
        if request.method == "PUT" and moment == "before":
            seen.append([(row["status"], row["remote_id"]) for row in actions(world, family.kind)])

    world.hook = look
    await run(world, family.insert)
    assert seen == [[("processing", row["remote_id"]) for row in actions(world)]]


# -- what cannot be sent ------------------------------------------------------------------------------------------


@families
@both_ways
async def test_bad_offers_delay_no_other(make_world: Callable[..., World], family: Family, asynchronous: bool) -> None:
    """P6: those of products that are not on the channel, and one that the channel refuses; the rest in one run."""
    world = make_world(failing=0.5, asynchronous=asynchronous)
    await products_alone(world)
    refused = min(good(world))
    world.market.refuse[skus(world)[refused]] = "yasak"
    summary = await run(world, family.insert)
    await answered(world)
    offered = family.rows(world)
    listed = {row["object_id"] for row in actions(world) if row["status"] == "success"}
    unsent = [row for row in offered if row["product"] not in listed]
    assert summary.counts["waiting"] == len(unsent) > 0
    for row in offered:
        bound = action(world, row["pk"], family.kind)
        if row in unsent:
            assert bound is None
        else:
            assert bound and bound["status"] == ("error" if row["product"] == refused else "success")
    assert world.hub.counts()["open_batches"] == {}


@families
async def test_a_batch_in_which_nothing_is_left_to_send_ends_as_done(
    make_world: Callable[..., World], family: Family
) -> None:
    """Every product is gone from Omnitron: each offer is named with its reason, and the channel hears nothing of it."""
    world = make_world(failing=0)
    await products_alone(world)
    for product in skus(world):
        world.products.remove(product)
    summary = await run(world, family.insert)
    assert (summary.counts, summary.failures) == ({"failed": 12}, {"ProductGone": 12})
    assert batches(world)[-1]["status"] == "done"
    assert world.market.requests[-1][0] == "GET"


@families
async def test_a_new_offer_of_a_product_whose_last_send_failed_waits(
    make_world: Callable[..., World], family: Family
) -> None:
    """The product is not known to be there."""
    world = make_world(failing=0, products=2)
    await products_alone(world)
    held = action(world, 1001)
    assert held and held["remote_id"]
    world.actions.change(held["pk"], status="error")
    summary = await run(world, family.insert)
    assert (summary.counts, summary.failures) == ({"integrated": 1, "waiting": 1}, {})


@families
async def test_offers_behind_many_that_wait_are_sent_and_those_follow_their_products(
    make_world: Callable[..., World], family: Family
) -> None:
    """Of 250 products, those of the first pages of the list are not on the channel yet."""
    world = make_world(failing=0, products=250)
    await run(world, insert_products, add_stock=False, add_price=False)
    late = {product for product in skus(world) if product <= 1_230}
    for product in late:
        held = action(world, product)
        assert held is not None
        world.actions.change(held["pk"], status="error")
    for _ in range(3):
        summary = await run(world, family.insert, batch_size=15)
        assert (summary.counts["waiting"], world.attempts) == (230, {})
    assert {row["object_id"] for row in actions(world, family.kind)} == {
        row["pk"] for row in family.rows(world) if row["product"] not in late
    }
    for product in late:
        held = action(world, product)
        assert held is not None
        world.actions.change(held["pk"], status="success")
    assert (await run(world, family.insert)).counts == {"integrated": 230}


async def test_a_batch_behind_offers_that_wait_reads_no_more_than_it_needs(make_world: Callable[..., World]) -> None:
    """Four of five pages, and the actions of their products once."""
    world = make_world(failing=0, products=450)
    await run(world, insert_products, add_stock=False, add_price=False)
    for product in skus(world):
        held = action(world, product)
        if product <= 1_230 and held is not None:
            world.actions.change(held["pk"], status="error")
    with requests_of(world) as seen:
        summary = await run(world, insert_product_prices, batch_size=150, max_batches=1)
    paths = [request.url.path for request in seen]
    assert sum(path.endswith("/product_prices/inserts/") for path in paths) == 4
    looked_up = [request for request in seen if request.url.params.get("content_type_name") == "product"]
    assert len(looked_up) == 4
    assert summary.counts["integrated"] == 150


@pytest.mark.parametrize("share", [0.1, 0.5, 0.95])
async def test_no_offer_is_passed_over_among_those_that_wait(make_world: Callable[..., World], share: float) -> None:
    """Wherever they stand in the list, all offers of products that are there are sent in one run."""
    world = make_world(failing=0, products=700)
    await run(world, insert_products, add_stock=False, add_price=False)
    rng = random.Random(share)
    late = {row["pk"] for row in actions(world) if rng.random() < share}
    for pk in late:
        world.actions.change(pk, status="error")
    summary = await run(world, insert_product_prices, batch_size=45)
    assert summary.counts == {"integrated": 700 - len(late), "waiting": len(late)}


async def test_later_batches_begin_behind_what_waits(make_world: Callable[..., World]) -> None:
    """Ten batches behind 600 offers that wait cost little more than ten without these."""
    world = make_world(failing=0, products=800)
    await run(world, insert_products, add_stock=False, add_price=False)
    held = {row["object_id"]: row["pk"] for row in actions(world)}
    for product in range(1_001, 1_601):
        world.actions.change(held[product], status="error")
    with requests_of(world) as seen:
        summary = await run(world, insert_product_prices, batch_size=20)
    assert summary.counts == {"integrated": 200, "waiting": 600}
    pages = sum(request.url.path.endswith("/product_prices/inserts/") for request in seen)
    assert pages <= 8 + 10 * 3
    looked_up = sum(request.url.params.get("content_type_name") == "product" for request in seen)
    assert looked_up <= 8 + 10


async def test_an_offer_command_that_runs_alone_fails_offers_of_products_that_were_never_sent(
    make_world: Callable[..., World],
) -> None:
    world = make_world(failing=0, products=2)
    async with opened(world, ContentType.product_price) as hub:
        assert await hub.do_action(GetInsertedPrices) == []
        assert hub.batch_request is not None
        failures = [member.failure for member in hub.batch_request.of_type()]
    for pk, failure in zip(sorted(skus(world)), failures, strict=True):
        assert failure is not None
        assert (failure.code, skus(world)[pk] in failure.message) == ("ProductNotSent", True)


@families
async def test_an_offer_whose_product_is_gone_fails_with_a_reason(
    make_world: Callable[..., World], family: Family
) -> None:
    world = make_world(failing=0, products=3)
    await products_alone(world)
    world.products.remove(1002)
    summary = await run(world, family.insert)
    assert (summary.counts, summary.failures) == ({"integrated": 2, "failed": 1}, {"ProductGone": 1})


async def test_an_offer_without_a_name_on_the_channel_is_matched_by_remote_id(
    make_world: Callable[..., World],
) -> None:
    """The product has lost the field that names it; the channel answers with the name that it knows."""
    world = make_world(failing=0, products=3)
    await products_alone(world)
    world.hub.set_channel(conf={"remote_id_attribute": "attributes__barkod"})
    assert (await run(world, insert_product_prices)).counts == {"integrated": 3}
    converged(world, PRICES)


async def test_prices_of_two_products_of_one_name_are_not_both_sent(make_world: Callable[..., World]) -> None:
    """An answer could not say which it speaks of."""
    world = make_world(failing=0, products=3)
    await products_alone(world)
    world.hub.edit_product(1003, sku=skus(world)[1001])
    summary = await run(world, insert_product_prices)
    assert (summary.counts, summary.failures) == ({"integrated": 2, "failed": 1}, {"DuplicatedKey": 1})


async def test_whatever_the_channel_answers_an_offer_goes_by_its_products_name(
    make_world: Callable[..., World],
) -> None:
    """A channel may have ids of its own for prices."""
    world = make_world(failing=0, products=3)
    await products_alone(world)
    use_connector(world, f"{HERE}:OwnPriceIds")
    assert (await run(world, insert_product_prices)).counts == {"integrated": 3}
    converged(world, PRICES)


# -- several images of one product --------------------------------------------------------------------------------


@both_ways
@pytest.mark.parametrize("refused", [False, True])
async def test_an_answer_by_sku_settles_all_images_of_its_product(
    make_world: Callable[..., World], asynchronous: bool, refused: bool
) -> None:
    world = make_world(failing=0, products=3, asynchronous=asynchronous)
    await products_alone(world)
    second = add_image(world, 1002)
    if refused:
        world.market.refuse[skus(world)[1002]] = "küçük"
    await run(world, insert_product_images)
    await answered(world)
    standing = {row["object_id"]: row["status"] for row in actions(world, "productimage")}
    of_product = {row["pk"] for row in IMAGES.rows(world) if row["product"] == 1002}
    assert second["pk"] in of_product
    assert {standing[pk] for pk in of_product} == {"error" if refused else "success"}
    assert {standing[pk] for pk in standing if pk not in of_product} == {"success"}
    if not refused:
        converged(world, IMAGES)


async def test_a_channel_that_tells_images_apart_answers_for_each(make_world: Callable[..., World]) -> None:
    """One of two images of a product is refused, the other is integrated."""
    world = make_world(failing=0, products=3)
    await products_alone(world)
    second = add_image(world, 1002)
    Offered.refused = {second["pk"]}
    use_connector(world, f"{HERE}:ImageByImage")
    summary = await run(world, insert_product_images)
    assert (summary.counts, summary.failures) == ({"integrated": 3, "failed": 1}, {"Rejected": 1})
    assert [row["object_id"] for row in actions(world, "productimage") if row["status"] == "error"] == [second["pk"]]


# -- what is attached ---------------------------------------------------------------------------------------------


@families
async def test_the_whole_product_is_attached_where_it_is_asked_for(
    make_world: Callable[..., World], family: Family
) -> None:
    """And costs no further request."""
    world = make_world(failing=0, products=3)
    await products_alone(world)
    use_connector(world, f"{HERE}:Recording")
    with requests_of(world) as seen:
        await run(world, family.insert, add_product_objects=True)
    assert [row.product.sku for row in Offered.rows] == list(skus(world).values())
    assert [request.url.path for request in seen].count(f"{CHANNEL}products/") == 1
    for product in skus(world):
        family.edit(world, product)
    await run(world, family.update)
    assert [row.product for row in Offered.rows] == list(skus(world))


@pytest.mark.parametrize("family", [PRICES, STOCKS], ids=str)
async def test_stock_or_price_is_attached_for_reference_only(
    make_world: Callable[..., World], family: Family, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is no part of the batch. One that is missing fails its own object; an empty chunk of 50 ends nothing."""
    other = STOCKS if family is PRICES else PRICES
    world = make_world(failing=0, products=3)
    await products_alone(world)
    monkeypatch.setattr("clients.omnitron.catalogue.PRODUCTS_PER_FILTER", 1)
    (gone, *_) = other.rows(world)
    getattr(world.goods, other.table).remove(gone["pk"])
    use_connector(world, f"{HERE}:Recording")
    switch = {"add_stock" if family is PRICES else "add_price": True}
    summary = await run(world, family.insert, **switch)
    missing = "StockNotFound" if family is PRICES else "PriceNotFound"
    assert (summary.counts, summary.failures) == ({"integrated": 2, "failed": 1}, {missing: 1})
    attached = [getattr(row, other.kind).pk for row in Offered.rows]
    assert attached == [row["pk"] for row in other.rows(world)]
    assert actions(world, other.kind) == []


# -- extra lists --------------------------------------------------------------------------------------------------


def of_list(world: World, family: Family, number: int) -> list[Row]:
    """The rows of one extra list."""
    assert family.list_field
    return [row for row in getattr(world.goods, family.table) if row[family.list_field] == number]


def held_in(world: World, family: Family, code: str) -> dict[str, str]:
    """Sku → version, of what the channel holds for a list."""
    items = world.market.items.items()
    return {sku: item[family.table][code]["version"] for sku, item in items if code in item.get(family.table, {})}


async def test_first_extra_stock_list_empty_keeps_no_later_warehouse_waiting(make_world: Callable[..., World]) -> None:
    """The catalog names the empty list first."""
    world = make_world(failing=0, extra_lists=True)
    await products_alone(world)
    first, second = world.catalog["extra_stock_lists"]
    assert of_list(world, STOCKS, first) == []
    summary = await run(world, insert_product_stocks_from_extra_stock_list)
    assert summary.counts == {"integrated": len(of_list(world, STOCKS, second))}


@extras
@both_ways
async def test_extra_lists_are_sent_under_their_codes_new_and_changed(
    make_world: Callable[..., World], insert: Any, update: Any, family: Family, asynchronous: bool
) -> None:
    """The first extra stock list is empty: the later one is sent all the same. The catalog's own list is left alone."""
    world = make_world(failing=0, extra_lists=True, asynchronous=asynchronous)
    await products_alone(world)
    number, code = (23, "EUR") if family is PRICES else (13, "BER")
    rows = of_list(world, family, number)
    assert len(rows) == 3
    for flow, rounds in ((insert, rows), (update, rows[:1])):
        if flow is update:
            world.edit(family.kind, rows[0]["pk"], extra_field={})
        summary = await run(world, flow)
        assert (summary.outcome, summary.reason) == (RunOutcome.completed, None)
        assert summary.counts == {"accepted" if asynchronous else "integrated": len(rounds)}
        await answered(world)
        converged(world, family, rows)
        assert held_in(world, family, code) == {skus(world)[row["product"]]: row["modified_date"] for row in rows}
    assert {row["object_id"] for row in actions(world, family.kind)} == {row["pk"] for row in rows}


@extras
async def test_without_extra_lists_the_run_completes_and_says_so(
    make_world: Callable[..., World], insert: Any, update: Any, family: Family
) -> None:
    world = make_world(failing=0)
    for flow in (insert, update):
        summary = await run(world, flow)
        assert (summary.outcome, summary.counts) == (RunOutcome.completed, {})
        assert "There is no extra" in (summary.reason or "")
    assert writes(world) == []


@pytest.mark.parametrize(
    ("insert", "family", "own", "code"),
    [
        (insert_product_prices_from_extra_price_list, PRICES, 23, "EUR"),
        (insert_product_stocks_from_extra_stock_list, STOCKS, 13, "BER"),
    ],
    ids=["prices", "stocks"],
)
async def test_a_list_is_sent_only_where_catalog_and_conf_both_know_it(
    make_world: Callable[..., World], insert: Any, family: Family, own: int, code: str
) -> None:
    """In the catalog's order. An entry of the catalog may be the list itself; a code may be lacking, or too many."""
    world = make_world(failing=0, extra_lists=True)
    await products_alone(world)
    catalog_field, conf_field = (
        f"extra_{family.list_field}s",
        "WAREHOUSE_CODES" if family is STOCKS else "CURRENCY_MAPPINGS",
    )
    world.catalog[catalog_field] = [{"pk": own - 1}, {"pk": own, "name": "Berlin"}, own + 1]
    world.hub.set_channel(conf={conf_field: {str(own): code, str(own + 2): "ROM", "2": "IST"}})
    with requests_of(world) as seen:
        assert (await run(world, insert)).counts == {"integrated": 3}
    lists = [
        request.url.params[family.list_field] for request in seen if f"extra_{family.resource}" in request.url.path
    ]
    assert set(lists) == {str(own)}
    assert len(held_in(world, family, code)) == 3


async def test_a_list_that_omnitron_does_not_let_be_read_keeps_no_other_waiting(
    make_world: Callable[..., World],
) -> None:
    """The run says so in the end, and has sent the others."""
    world = make_world(failing=0, extra_lists=True)
    await products_alone(world)
    world.hub.faults.add(Fault("status", path="/extra_product_stocks/inserts/", status=404))
    with pytest.raises(RunFailedError) as error:
        await run(world, insert_product_stocks_from_extra_stock_list)
    assert error.value.summary.counts == {"integrated": 3}
    converged(world, STOCKS, of_list(world, STOCKS, 13))


async def test_what_is_attached_in_an_extra_list_is_of_the_list_with_the_same_code(
    make_world: Callable[..., World],
) -> None:
    """Where there is none, of the catalog's own."""
    world = make_world(failing=0, extra_lists=True)
    await products_alone(world)
    use_connector(world, f"{HERE}:Recording")
    await run(world, insert_product_prices_from_extra_price_list, add_stock=True)
    assert {(row.code, row.productstock.stock_list) for row in Offered.rows} == {("EUR", 2)}
    world.hub.set_channel(conf={"WAREHOUSE_CODES": {"13": "EUR"}})
    for row in of_list(world, PRICES, 23):
        world.edit("productprice", row["pk"], price="9.90")
    await run(world, update_product_prices_from_extra_price_list, add_stock=True)
    assert {(row.code, row.productstock.stock_list) for row in Offered.rows} == {("EUR", 13)}


# -- an asynchronous channel --------------------------------------------------------------------------------------


@families
async def test_an_offer_that_is_gone_when_the_channel_answers_is_named_with_a_reason(
    make_world: Callable[..., World], family: Family
) -> None:
    """The batch ends all the same."""
    world = make_world(failing=0, products=3, asynchronous=True)
    await products_alone(world)
    summary = await run(world, family.insert)
    row = next(row for row in family.rows(world) if row["product"] == 1002)
    getattr(world.goods, family.table).remove(row["pk"])
    (remote_batch_id,) = summary.remote_batches
    summary = await run(world, verify_batch, remote_batch_id=remote_batch_id, wait=60)
    assert (summary.counts, summary.failures) == ({"integrated": 2, "failed": 1}, {"ObjectGone": 1})
    assert world.hub.counts()["open_batches"] == {}


async def test_answers_of_another_process_are_matched_by_remote_id_where_the_product_has_no_name(
    make_world: Callable[..., World],
) -> None:
    """Omnitron was told the remote id before the send."""
    world = make_world(failing=0, products=3, asynchronous=True)
    await products_alone(world)
    await run(world, insert_product_stocks)
    world.hub.set_channel(conf={"remote_id_attribute": "attributes__barkod"})
    await answered(world)
    converged(world, STOCKS)


# -- cost and faults ----------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("family", [PRICES, STOCKS], ids=str)
async def test_a_thousand_updates_converge_within_their_requests(
    make_world: Callable[..., World], family: Family
) -> None:
    """At most 0.08 requests an item, with everything; not one request more with the products attached."""
    world = make_world(products=1_000, failing=0)
    await everything(world, family)
    for product in skus(world):
        family.edit(world, product)
    summary = await run(world, family.update, add_product_objects=True)
    assert (summary.counts, summary.batches) == ({"integrated": 1_000}, 1)
    assert summary.requests <= 80
    converged(world, family)


@pytest.mark.slow
async def test_a_thousand_images_converge_within_their_requests(make_world: Callable[..., World]) -> None:
    """At most 0.08 requests an image, two images a product."""
    world = make_world(products=500, failing=0)
    await products_alone(world)
    for product in skus(world):
        add_image(world, product)
    summary = await run(world, insert_product_images)
    assert summary.counts == {"integrated": 1_000}
    assert summary.requests <= 80
    converged(world, IMAGES)


@families
async def test_a_page_that_fails_once_is_asked_for_again(make_world: Callable[..., World], family: Family) -> None:
    """The second page of the due list, and of the batch's own actions: one path for every page."""
    world = make_world(products=150, failing=0)
    await everything(world, family)
    for product in skus(world):
        family.edit(world, product)
    world.hub.faults.add(Fault("status", path=f"/{family.resource}/updates/", skip=1, status=503))
    world.hub.faults.add(Fault("status", path="/integration_actions/", skip=1, status=503))
    summary = await run(world, family.update)
    assert (summary.counts, summary.retries) == ({"integrated": 150}, 2)
    converged(world, family)


@families
@pytest.mark.parametrize("is_new", [True, False], ids=["new", "changed"])
async def test_an_offer_waits_for_a_product_that_is_being_sent_and_costs_no_attempt(
    make_world: Callable[..., World], family: Family, is_new: bool, caplog: pytest.LogCaptureFixture
) -> None:
    """It stays due, and is sent once its product's batch has ended."""
    world = make_world(failing=0, products=3)
    if not is_new:
        await products_alone(world)
        for pk in skus(world):
            world.hub.edit_product(pk)
    async with opened(world, ContentType.product) as hub:
        await hub.do_action(GetInsertedProducts if is_new else GetUpdatedProducts)
    with caplog.at_level(logging.INFO, "channel_app"):
        summary = await run(world, family.insert)
    assert (summary.counts, summary.failures, world.attempts) == ({"waiting": len(family.rows(world))}, {}, {})
    assert "wait until their products have been sent" in caplog.text
    assert actions(world, family.kind) == []
    world.clock.advance(901)
    await run(world, recover)
    await products_alone(world)
    assert (await run(world, family.insert)).counts == {"integrated": len(family.rows(world))}
