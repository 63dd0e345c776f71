"""A dry run shows what would be sent, and changes nothing."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any, ClassVar

import pytest

from clients.rehearsal import Rehearsal, Rehearsed
from clients.runtime import Runtime
from dto.outcomes import SendOutcome
from flows.order import fetch_and_create_order
from flows.price import insert_product_prices
from flows.product import insert_products, update_products
from flows.run import RunFailedError
from tasks.channel import ChannelIntegration, Product, commands_of, products
from tests.world.loopback import World
from tests.world.shop import requests_of, run, use_connector, writes


async def rehearsed(world: World, flow: Any, **parameters: Any) -> list[Rehearsed]:
    """What a dry run shows. Nothing may change meanwhile."""
    rehearsal, plain = Rehearsal(), world.runtime

    def runtime() -> Runtime:
        return replace(plain(), rehearsal=rehearsal)

    world.runtime = runtime  # type: ignore[method-assign]
    before = (len(writes(world)), len(world.actions), len(world.reports))
    with requests_of(world) as seen:
        await run(world, flow, **parameters)
    world.runtime = plain  # type: ignore[method-assign]
    assert [request.method for request in seen if request.method != "GET"] == []
    assert len(world.actions) == before[1]
    assert len(world.reports) == before[2]
    return rehearsal.sendings


async def test_the_channels_own_request_is_shown(world: World) -> None:
    """With the first objects that are due; the next real run sends all of them."""
    (shown,) = await rehearsed(world, insert_products)
    head, _, body = shown.lines[0].partition("\n\n")
    assert head.startswith("PUT http://127.0.0.1:2/products\nContent-Type: application/json")
    assert [item["sku"] for item in json.loads(body)["items"]] == [row["sku"] for row in list(world.products)[:3]]
    assert (shown.due, shown.ready, shown.shown, shown.failing) == (12, 12, 3, [])
    assert (await run(world, insert_products)).counts == {"integrated": 12}


async def test_objects_that_would_fail_are_named_with_their_reasons(make_world: Callable[..., World]) -> None:
    """They cost no attempt, and the merchant is not told."""
    world = make_world(failing=0.5)
    (shown,) = await rehearsed(world, insert_products)
    assert shown.ready + len(shown.failing) == 12
    assert shown.failing
    assert {each.name for each in shown.failing} <= {world.products[pk]["sku"] for pk in world.hub.defects}
    assert world.attempts == {}


async def test_if_nothing_is_due_it_says_so(world: World) -> None:
    """The channel is not even opened."""
    await run(world, insert_products)
    (shown,) = await rehearsed(world, update_products)
    assert (shown.due, shown.lines) == (0, [])


async def test_a_call_that_carries_both_halves_is_shown_with_both(make_world: Callable[..., World]) -> None:
    """The other half is attached without being locked."""
    world = make_world(failing=0, products=3)
    await run(world, insert_products, add_price=False, add_stock=False)
    use_connector(world, "tests.flows.test_price_and_stock:Together")
    (shown,) = await rehearsed(world, insert_product_prices)
    (item, *_) = json.loads(shown.lines[0].partition("\n\n")[2])["items"]
    assert {"price", "stock"} <= item.keys()


class SendByHand(products.SendInsertedProducts["ByHand"]):
    """Speaks past the transport."""

    def transform_data(self, data: list[Product]) -> list[dict[str, Any]]:
        return [{"name": product.sku} for product in data]

    async def send(self, items: list[dict[str, Any]]) -> SendOutcome:
        raise AssertionError("a dry run has sent something")


class ByHand(ChannelIntegration):
    """A connector with an SDK of its own."""

    is_sync = True
    actions: ClassVar = commands_of(SendByHand)


async def test_a_connector_with_an_sdk_of_its_own_is_not_asked_to_send(world: World) -> None:
    """Nothing could keep its request back: the objects are shown as it would send them."""
    use_connector(world, f"{__name__}:ByHand")
    (shown,) = await rehearsed(world, insert_products)
    assert [json.loads(line) for line in shown.lines] == [{"name": row["sku"]} for row in list(world.products)[:3]]


async def test_a_flow_that_writes_into_omnitron_stops_before_it_does(world: World) -> None:
    """Whatever the flow: no request that changes something leaves the process."""
    await run(world, insert_products)
    world.market.place_order()
    assert await rehearsed(world, fetch_and_create_order) == []
    assert list(world.orders) == []


async def test_an_error_of_the_connector_is_shown(world: World) -> None:
    """As in a real run."""
    use_connector(world, "tests.flows.test_one_by_one:Mute")
    with pytest.raises(RunFailedError):
        await rehearsed(world, insert_products)
