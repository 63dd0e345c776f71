"""Objects that are to be sent again: whatever Omnitron knows of them, the next run sends them, and no change is lost."""

import re
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from deployments.sandbox.base.faults import Fault
from dto.enums import BatchRequestStatus, ContentType, IntegrationActionStatus
from dto.resending import ResendOutcome, Resent
from flows.image import insert_and_update_images
from flows.price import update_product_prices
from flows.product import insert_products, update_products
from flows.registry import FLOWS
from flows.stock import update_product_stocks
from tasks.omnitron.catalogue.products import GetUpdatedProducts
from tasks.omnitron.catalogue.resending import OfferAgain, flow_of
from tests.world.loopback import World
from tests.world.shop import action, opened, requests_of, run, skus, writes

FIRST = 1001
PRODUCT = [ContentType.product]


@pytest.fixture
def world(make_world: Callable[..., World]) -> World:
    """Six good products."""
    return make_world(failing=0, products=6)


async def resent(world: World, *pks: int, kinds: Sequence[ContentType] | None = PRODUCT) -> list[Resent]:
    async with opened(world, create_batch=False) as hub:
        return await hub.do_action(OfferAgain, objects=[skus(world)[pk] for pk in pks], kinds=kinds)


def outcomes(rows: Sequence[Resent]) -> list[ResendOutcome]:
    return [row.outcome for row in rows]


def due(world: World, content_type: str = "product") -> set[int]:
    return world.shop.due_lists.due(content_type, "inserts", "updates")


# -- known as sent -----------------------------------------------------------------------------------------------------


async def test_a_product_that_was_changed_on_the_channel_is_sent_again(world: World) -> None:
    """It alone; and the answer names the flow that does it."""
    await run(world, insert_products)
    sku, name = skus(world)[FIRST], world.products[FIRST]["name"]
    world.market.change_listing(sku, name="Kupa", state="delisted")
    (row,) = await resent(world, FIRST)
    assert (row.outcome, row.flow) == (ResendOutcome.offered, "update_products")
    assert row.sentence == f"{sku} is due again: the next run of update_products sends it."
    assert (await run(world, update_products)).counts == {"integrated": 1}
    assert (world.market.items[sku]["name"], world.market.items[sku]["state"]) == (name, "live")
    assert due(world) == set()


@pytest.mark.parametrize(
    ("kind", "flow", "changed"),
    [
        (ContentType.product_price, update_product_prices, {"price": "1.50"}),
        (ContentType.product_stock, update_product_stocks, {"stock": 7}),
    ],
)
async def test_an_offer_that_was_changed_on_the_channel_is_sent_again(
    world: World, kind: ContentType, flow: Any, changed: dict[str, Any]
) -> None:
    await run(world, insert_products)
    sku, (field,) = skus(world)[FIRST], changed
    before = world.market.items[sku][field][field]
    world.market.change_listing(sku, **changed)
    (row,) = await resent(world, FIRST, kinds=[kind])
    assert (row.outcome, row.flow) == (ResendOutcome.offered, flow.fn.__name__)
    assert due(world) == set(), "the product itself is left alone"
    await run(world, flow)
    assert world.market.items[sku][field][field] == before


async def test_an_image_that_was_lost_on_the_channel_is_sent_again(world: World) -> None:
    await run(world, insert_products)
    await run(world, insert_and_update_images)
    sku = skus(world)[FIRST]
    before = world.market.items[sku].pop("images")
    (row,) = await resent(world, FIRST, kinds=[ContentType.product_image])
    assert (row.outcome, row.flow) == (ResendOutcome.offered, "update_product_images")
    await run(world, insert_and_update_images)
    assert world.market.items[sku]["images"] == before


async def test_without_a_type_all_that_a_product_has_is_offered(make_world: Callable[..., World]) -> None:
    """Those of extra lists, too, each by its own flow."""
    world = make_world(failing=0, products=4, extra_lists=True)
    await run(world, insert_products)
    pk = next(row["product"] for row in world.prices if row["price_list"] != world.catalog["price_list"])
    rows = await resent(world, pk, kinds=None)
    assert {row.flow for row in rows} >= {
        "update_products",
        "update_product_prices",
        "update_product_stocks",
        "insert_product_prices_from_extra_price_list",
        "insert_product_stocks_from_extra_stock_list",
        "insert_product_images",
    }
    assert {row.flow for row in rows} <= set(FLOWS)


@pytest.mark.parametrize("kind", [ContentType.product_price, ContentType.product_stock])
@pytest.mark.parametrize("which", ["inserts", "updates"])
def test_every_flow_that_is_named_exists(kind: ContentType, which: str) -> None:
    assert {flow_of(kind, which, number) for number in (None, 3)} <= set(FLOWS)


async def test_repeating_it_changes_nothing_more(world: World) -> None:
    await run(world, insert_products)
    await resent(world, FIRST)
    before = len(writes(world))
    (row,) = await resent(world, FIRST)
    assert (row.outcome, row.flow) == (ResendOutcome.due, "update_products")
    assert len(writes(world)) == before


# -- failed ------------------------------------------------------------------------------------------------------------


async def fail_for_good(world: World, pk: int) -> None:
    world.market.refuse[skus(world)[pk]] = "Görsel çok küçük"
    for _ in range(8):
        await run(world, insert_products)
        world.clock.advance(3601)
    world.market.refuse.clear()


async def test_a_failed_product_that_is_out_of_attempts_gets_new_ones(world: World) -> None:
    await fail_for_good(world, FIRST)
    assert due(world) == set()
    (row,) = await resent(world, FIRST)
    assert (row.outcome, row.flow) == (ResendOutcome.offered, "insert_products")
    assert (await run(world, insert_products)).counts == {"integrated": 1}


async def test_a_failed_product_need_not_wait_for_its_next_attempt(world: World) -> None:
    world.market.refuse[skus(world)[FIRST]] = "Görsel çok küçük"
    await run(world, insert_products)
    assert due(world) == set()
    assert outcomes(await resent(world, FIRST)) == [ResendOutcome.offered]


async def test_a_hub_that_lets_no_object_be_touched_is_said_to_need_a_change_there(world: World) -> None:
    await fail_for_good(world, FIRST)
    world.hub.faults.add(Fault("status", "PATCH", "products", status=405, times=None))
    (row,) = await resent(world, FIRST)
    assert row.outcome is ResendOutcome.not_offered
    assert "(405): change it there" in row.sentence


# -- refused -----------------------------------------------------------------------------------------------------------


async def test_what_a_batch_holds_is_left_alone(world: World) -> None:
    await run(world, insert_products)
    world.hub.edit_product(FIRST)
    async with opened(world, ContentType.product) as hub:
        await hub.do_action(GetUpdatedProducts, limit=1)
        held, before = dict(action(world, FIRST) or {}), len(writes(world))
        (row,) = await resent(world, FIRST)
    assert row.outcome is ResendOutcome.held
    assert held["local_batch_id"] in row.sentence
    assert action(world, FIRST) == held
    assert len(writes(world)) == before


async def test_one_that_cannot_be_offered_does_not_stop_the_others(world: World) -> None:
    """Unknown skus and products that are switched off are named, in the order in which they were asked for."""
    await run(world, insert_products)
    world.hub.edit_product(1002, is_active=False)
    async with opened(world, create_batch=False) as hub:
        names = ["NOTHING", skus(world)[1002], skus(world)[1003]]
        rows = await hub.do_action(OfferAgain, objects=names, kinds=PRODUCT)
    assert [row.sku for row in rows] == names
    assert outcomes(rows) == [ResendOutcome.absent, ResendOutcome.not_offered, ResendOutcome.offered]
    assert rows[0].sentence == "Omnitron has no product NOTHING: check its spelling."
    assert "switched off in Omnitron" in rows[1].sentence


async def test_a_request_that_fails_is_that_objects_answer(world: World) -> None:
    await run(world, insert_products)
    (own,) = [row for row in world.actions if row["object_id"] == FIRST and row["content_type"]["model"] == "product"]
    world.hub.faults.add(Fault("status", "PATCH", f"integration_actions/{own['pk']}", status=400, times=None))
    assert outcomes(await resent(world, FIRST, 1002)) == [ResendOutcome.not_offered, ResendOutcome.offered]


async def test_a_type_of_which_a_product_has_nothing_is_named(world: World) -> None:
    for image in list(world.goods.images.find("product", FIRST)):
        world.goods.images.remove(image["pk"])
    world.hub.edit_product(FIRST, productimage_set=[])
    (row,) = await resent(world, FIRST, kinds=[ContentType.product_image])
    assert row.outcome is ResendOutcome.absent
    assert re.search("has no image", row.sentence)


# -- at the same time as a run -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("moment", ["before", "after"])
async def test_a_change_that_a_run_takes_up_meanwhile_is_not_lost(world: World, moment: str) -> None:
    """A run commits the product around the writing of its record: the change arrives on the channel."""
    await run(world, insert_products)
    taken: list[Any] = []
    before = world.hook

    def take(number: int, request: Any, when: str) -> None:
        before(number, request, when)
        if request.method == "PATCH" and "integration_actions" in request.url.path and when == moment and not taken:
            world.hub.edit_product(FIRST, name="Kupa")
            batch = world.batches.create({"channel": 6})
            taken.append(batch)
            row = world.products[FIRST]
            named = {
                "pk": FIRST,
                "content_type": "product",
                "version_date": row["modified_date"],
                "remote_id": None,
                "failed_reason_type": None,
            }
            move = {"channel": 6, "status": BatchRequestStatus.commit, "content_type": "product", "objects": [named]}
            world.batches.move(batch["pk"], move)

    world.hook = take
    (row,) = await resent(world, FIRST)
    world.hook = before
    assert row.outcome is ResendOutcome.held
    own = action(world, FIRST)
    assert own
    assert own["status"] == IntegrationActionStatus.processing
    world.batches.move(taken[0]["pk"], {"channel": 6, "status": BatchRequestStatus.fail, "objects": None})
    world.clock.advance(3601)
    await run(world, update_products)
    assert world.market.items[skus(world)[FIRST]]["name"] == "Kupa"


async def test_the_number_of_requests_depends_on_what_is_asked_for(make_world: Callable[..., World]) -> None:
    """Not on the size of the shop, for products that are due or failed."""
    world = make_world(failing=0, products=300)
    with requests_of(world) as seen:
        assert outcomes(await resent(world, FIRST)) == [ResendOutcome.due]
    assert len(seen) < 12
