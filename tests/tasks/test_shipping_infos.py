"""Shipping infos: one for each order."""

import pytest

from deployments.sandbox.base.faults import Fault
from flows.order import create_order_shipping_info
from tests.world.loopback import World
from tests.world.sales import imported, in_hub, list_products, place, posts
from tests.world.shop import Row, requests_of, run


@pytest.fixture
def world(world: World) -> World:
    """A shop whose products are on the channel."""
    list_products(world)
    return world


def infos(world: World) -> list[Row]:
    """Omnitron's shipping infos."""
    return list(world.shipping_infos)


@pytest.mark.parametrize("is_send", [True, False])
async def test_an_order_gets_one_with_its_cargo_company_and_as_the_conf_says(world: World, is_send: bool) -> None:
    world.hub.set_channel(conf={"send_shipping_info": is_send})
    (placed,) = await imported(world, 1, cargo="trendyol-express")
    assert (await run(world, create_order_shipping_info)).counts == {"created": 1}
    (row,) = infos(world)
    order = in_hub(world, placed)
    assert (row["order"], row["order_number"]) == (order["pk"], placed["number"])
    assert (row["shipping_company"], row["is_send"]) == ("trendyol", is_send)


async def test_a_second_run_makes_none(world: World) -> None:
    await imported(world, 1, 1)
    await run(world, create_order_shipping_info)
    with requests_of(world) as seen:
        assert (await run(world, create_order_shipping_info)).counts == {"known": 2}
    assert (len(infos(world)), posts(seen, "order_shipping_infos")) == (2, 0)


async def test_lost_response_to_a_post_makes_one(world: World) -> None:
    await imported(world, 1)
    world.hub.faults.add(Fault("drop_after", "POST", "order_shipping_infos"))
    assert (await run(world, create_order_shipping_info)).counts == {"created": 1}
    assert len(infos(world)) == 1


async def test_an_order_that_is_not_in_omnitron_yet_is_counted_and_no_failure(world: World) -> None:
    await imported(world, 1)
    place(world)
    assert (await run(world, create_order_shipping_info)).counts == {"created": 1, "not in Omnitron yet": 1}


async def test_an_order_whose_cargo_company_is_not_listed_is_named_and_stops_no_other(world: World) -> None:
    first, _ = await imported(world, 1, 1)
    world.orders.change(in_hub(world, first)["pk"], cargo_company=999)
    summary = await run(world, create_order_shipping_info)
    assert (summary.counts, summary.failures) == ({"created": 1, "failed": 1}, {"NoCargoCompany": 1})
