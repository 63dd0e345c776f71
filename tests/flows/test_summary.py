"""The summary of a run names the first objects that failed, with their reasons."""

import pytest

from flows.order import fetch_and_create_order
from flows.product import insert_products
from flows.run import FAILED_OBJECTS_KEPT
from tests.world.loopback import World
from tests.world.sales import list_products, place
from tests.world.shop import run, skus

REFUSED = "Görsel çok küçük"


@pytest.fixture
def world() -> World:
    """Twelve good products."""
    return World(products=12, failing=0)


async def test_a_failed_product_is_named_with_its_reason(world: World) -> None:
    sku = skus(world)[1003]
    world.market.refuse[sku] = REFUSED
    (failed,) = (await run(world, insert_products)).failed_objects
    assert (failed.name, failed.code) == (sku, "Rejected")
    assert REFUSED in failed.message


async def test_an_order_that_lacks_something_is_named_by_its_number(world: World) -> None:
    list_products(world)
    placed = place(world, city="Gotham")
    (failed,) = (await run(world, fetch_and_create_order)).failed_objects
    assert failed.name == placed["number"]
    assert "Gotham" in failed.message


async def test_only_the_first_failed_objects_are_named_and_all_are_counted(world: World) -> None:
    world.market.refuse.update(dict.fromkeys(skus(world).values(), REFUSED))
    summary = await run(world, insert_products)
    assert summary.counts == {"failed": 12}
    assert len(summary.failed_objects) == FAILED_OBJECTS_KEPT < 12


async def test_no_secret_and_no_customer_gets_into_the_summary(world: World) -> None:
    world.market.refuse[skus(world)[1003]] = 'No: password=s3cr3t&x=1 {"email": "ada@example.com"}'
    (failed,) = (await run(world, insert_products)).failed_objects
    assert "s3cr3t" not in failed.message
    assert "ada@" not in failed.message
