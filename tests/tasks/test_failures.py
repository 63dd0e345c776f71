"""The list of failed objects: their names, their reasons, and what becomes of them, in few requests."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from deployments.sandbox.base.faults import Fault
from dto.enums import ContentType
from dto.failures import FailureList
from flows.image import insert_product_images
from flows.order import update_orders
from flows.price import update_product_prices
from flows.product import delete_products, insert_products, update_products
from tasks.omnitron.overview.failures import ListFailures
from tests.world.loopback import World
from tests.world.sales import imported, list_products
from tests.world.shop import opened, requests_of, run, skus, writes

FIRST = 1001
REFUSED = "Görsel çok küçük"


@pytest.fixture
def world(make_world: Callable[..., World]) -> World:
    """Six good products."""
    return make_world(failing=0, products=6)


PRODUCTS = [ContentType.product]


async def listed(world: World, **parameters: Any) -> FailureList:
    """The list; nothing was written for it."""
    before = len(writes(world))
    async with opened(world, create_batch=False, read_channel=False) as hub:
        found = await hub.do_action(ListFailures, **parameters)
    assert len(writes(world)) == before
    return found


async def test_a_product_is_named_with_its_reason_and_its_next_try(world: World) -> None:
    world.market.refuse[skus(world)[FIRST]] = REFUSED
    await run(world, insert_products)
    (failure,) = (await listed(world, kinds=PRODUCTS)).failures
    assert (failure.name, failure.content_type, failure.pk) == (skus(world)[FIRST], "product", FIRST)
    assert (failure.reason, failure.code) == ("remote", "Rejected")
    assert failure.message
    assert REFUSED in failure.message
    assert failure.failed_at
    assert failure.next_try
    assert (failure.next_try - failure.failed_at).total_seconds() == 3600
    assert failure.is_due is False


async def test_prices_and_images_are_named_by_their_products(world: World) -> None:
    await run(world, insert_products)
    world.hub.edit_price(FIRST)
    world.market.refuse[skus(world)[FIRST]] = REFUSED
    await run(world, update_product_prices)
    await run(world, insert_product_images)
    found = (await listed(world)).failures
    assert {(failure.content_type, failure.name) for failure in found} == {
        ("productprice", skus(world)[FIRST]),
        ("productimage", skus(world)[FIRST]),
    }


async def test_an_order_is_named_by_its_number(world: World) -> None:
    list_products(world)
    (placed,) = await imported(world, 1)
    (order,) = list(world.orders)
    world.hub.edit_order(order["pk"])
    world.market.refuse[placed["number"]] = "Kargo firması bilinmiyor"
    await run(world, update_orders)
    (failure,) = (await listed(world)).failures
    assert (failure.content_type, failure.name) == ("order", placed["number"])


async def test_a_deletion_is_named_by_its_remote_id(world: World) -> None:
    await run(world, insert_products)
    sku = skus(world)[FIRST]
    remote_id = world.market.items[sku]["remote_id"]
    world.market.refuse[sku] = "Siparişi var"
    world.hub.delete_product(FIRST)
    await run(world, delete_products)
    (failure,) = (await listed(world)).failures
    assert (failure.content_type, failure.name) == ("integrationaction", remote_id)


async def test_what_is_gone_from_omnitron_is_named_by_its_type_and_key(world: World) -> None:
    world.market.refuse[skus(world)[FIRST]] = REFUSED
    await run(world, insert_products)
    world.hub.delete_product(FIRST)
    assert (await listed(world, kinds=PRODUCTS)).failures[0].name == f"product {FIRST}, gone from Omnitron"


async def test_one_that_is_offered_again_is_due(world: World) -> None:
    world.market.refuse[skus(world)[FIRST]] = REFUSED
    await run(world, insert_products)
    world.clock.advance(3601)
    assert [failure.is_due for failure in (await listed(world, kinds=PRODUCTS)).failures] == [True]


async def test_what_failed_along_with_its_product_has_the_products_reason(world: World) -> None:
    """Whether the product is asked for or not."""
    world.market.refuse[skus(world)[FIRST]] = REFUSED
    await run(world, insert_products)
    for kinds in (None, [ContentType.product_price]):
        found = await listed(world, kinds=kinds)
        assert {failure.code for failure in found.failures} == {"Rejected"}
        assert all(REFUSED in (failure.message or "") for failure in found.failures)
        assert found.remarks == ()


async def test_the_newest_failure_comes_first(world: World) -> None:
    world.market.refuse[skus(world)[1001]] = REFUSED
    await run(world, insert_products)
    world.clock.advance(60)
    world.market.refuse[skus(world)[1002]] = REFUSED
    world.hub.edit_product(1002)
    await run(world, update_products)
    assert [failure.pk for failure in (await listed(world, kinds=PRODUCTS)).failures] == [1002, 1001]


async def test_the_newest_reason_counts(world: World) -> None:
    for why in ("old", "new"):
        world.market.refuse[skus(world)[FIRST]] = why
        await run(world, insert_products)
        world.clock.advance(3601)
    (failure,) = (await listed(world, kinds=PRODUCTS)).failures
    assert failure.message
    assert failure.message.endswith("new")


# -- narrowed down -----------------------------------------------------------------------------------------------------


@pytest.fixture
def mixed(make_world: Callable[..., World]) -> World:
    """A shop with every defect."""
    return make_world(products=12)


@pytest.mark.parametrize("reason", ["MappingFailed", "mappingfailed", "mapping"])
async def test_they_are_narrowed_down_by_code_or_system(mixed: World, reason: str) -> None:
    await run(mixed, insert_products)
    found = await listed(mixed, reason=reason)
    assert {failure.code for failure in found.failures} == {"MappingFailed"}
    assert len(found.failures) < found.total


async def test_they_are_narrowed_down_by_type(mixed: World) -> None:
    await run(mixed, insert_products)
    assert (await listed(mixed, kinds=[ContentType.product_price])).total == 0
    assert (await listed(mixed, kinds=[ContentType.product])).total == (await listed(mixed)).total


async def test_they_are_narrowed_down_by_time(mixed: World) -> None:
    await run(mixed, insert_products)
    mixed.clock.advance(1)
    assert (await listed(mixed, since=mixed.clock.now())).failures == ()
    assert (await listed(mixed, since=datetime(2025, 12, 31, tzinfo=UTC))).failures


# -- what cannot be known ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [404, 405])
async def test_a_hub_that_keeps_its_reports_to_itself_is_said(mixed: World, status: int) -> None:
    """The system that failed is known all the same."""
    await run(mixed, insert_products)
    mixed.hub.faults.add(Fault("status", "GET", "error_reports", status=status, times=None))
    found = await listed(mixed)
    assert {failure.message for failure in found.failures} == {None}
    assert {failure.reason for failure in found.failures} >= {"mapping", "channel_app"}
    assert "does not let its reports be read" in found.remarks[0]


async def test_a_reason_that_is_not_found_is_said(world: World) -> None:
    world.market.refuse[skus(world)[FIRST]] = REFUSED
    await run(world, insert_products)
    for row in list(world.reports):
        world.reports.remove(row["pk"])
    found = await listed(world, kinds=PRODUCTS)
    assert "The messages of 1 failed objects of type product are further back" in found.remarks[0]


@pytest.mark.slow
async def test_a_thousand_failures_of_a_type_cost_less_than_sixty_requests(make_world: Callable[..., World]) -> None:
    world = make_world(failing=0, products=1_000)
    world.market.refuse.update(dict.fromkeys(skus(world).values(), REFUSED))
    await run(world, insert_products)
    with requests_of(world) as seen:
        found = await listed(world, kinds=PRODUCTS)
    assert len(found.failures) == 1_000
    assert all(failure.message for failure in found.failures)
    assert len(seen) < 60
    with requests_of(world) as seen:
        assert len((await listed(world)).failures) == 3_000
    assert len(seen) < 150
