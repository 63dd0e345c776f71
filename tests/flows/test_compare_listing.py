"""What became of the products that were sent: Omnitron's records against the channel's listing, over both local systems."""

from collections.abc import Callable
from typing import Any, ClassVar

import pytest

from dto.summary import RunOutcome
from flows import run as runs
from flows.compare import compare_listing
from flows.product import insert_products
from tasks.channel import ListedProductDto, commands_of
from tasks.channel.sandbox import ChannelIntegration as Sandbox
from tasks.channel.sandbox.products import GetListing
from tests.world.loopback import World
from tests.world.shop import requests_of, run, skus, use_connector

HERE = __name__
LIVE = {"state": "live", "message": ""}


class _States(GetListing):
    """Tells no title, price or stock."""

    async def send(self, _: None) -> list[ListedProductDto]:
        rows = [row async for row in self.integration.listed("/listing")]
        return [ListedProductDto(sku=row["sku"], remote_id=row["remote_id"]) for row in rows]


class States(Sandbox):
    actions: ClassVar = {**Sandbox.actions, **commands_of(_States)}


@pytest.fixture
def world(make_world: Callable[..., World]) -> World:
    """Eight good products."""
    return make_world(failing=0, products=8)


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, ...]]:
    """The differences that the last run would show."""
    kept: list[tuple[str, ...]] = []

    async def show(run: Any, summary: Any) -> None:
        kept[:] = run.tables[-1].rows

    monkeypatch.setattr(runs, "_publish", show)
    return kept


async def test_what_became_of_each_product_is_counted_and_named(world: World, shown: list[tuple[str, ...]]) -> None:
    """Rejected, taken off, gone, edited by hand, still in review, or put there by somebody else; nothing is changed."""
    await run(world, insert_products)
    market, names, title = world.market, list(skus(world).values()), world.products[1004]["name"]
    market.change_listing(names[0], state="rejected", message="Yasaklı kelime")
    market.change_listing(names[1], state="delisted")
    del market.items[names[2]]
    market.change_listing(names[3], name="Kupa", price="1.50", stock=7)
    market.change_listing(names[4], state="in review")
    market.items["NOBODY"] = {"sku": "NOBODY", "remote_id": "MP-0", **LIVE}
    (price,) = [row for row in world.prices if row["product"] == 1004]
    (stock,) = [row for row in world.goods.stocks if row["product"] == 1004]
    with requests_of(world) as seen:
        summary = await run(world, compare_listing)
    assert summary.outcome is RunOutcome.completed
    assert summary.counts == {
        "same": 3,
        "in review": 1,
        "different": 1,
        "missing": 1,
        "rejected": 1,
        "delisted": 1,
        "unknown": 1,
    }
    assert shown == [
        (names[0], "sent", "rejected: Yasaklı kelime", "rejected by the channel"),
        (names[1], "sent", "delisted", "delisted on the channel"),
        (names[2], "sent", "", "missing on the channel"),
        (
            names[3],
            f"title `{title}`, price {price['price']} try, stock {stock['stock']}",
            "title `Kupa`, price 1.50 try, stock 7",
            "different",
        ),
        ("NOBODY", "", "live", "unknown in Omnitron"),
    ]
    assert {request.method for request in seen} == {"GET"}


async def test_a_product_that_a_batch_holds_is_known(make_world: Callable[..., World]) -> None:
    """The channel looks at it for days: it has no remote id in Omnitron yet."""
    world = make_world(failing=0, products=3, asynchronous=True)
    await run(world, insert_products)
    for sku in skus(world).values():
        world.market.change_listing(sku, state="in review")
    assert (await run(world, compare_listing)).counts == {"in review": 3}


async def test_a_product_that_failed_and_is_live_all_the_same_is_a_difference(
    world: World, shown: list[tuple[str, ...]]
) -> None:
    """It was given up, and then approved; or somebody put it there."""
    sku = skus(world)[1001]
    world.market.refuse[sku] = "Görsel çok küçük"
    await run(world, insert_products)
    assert (await run(world, compare_listing)).counts == {"same": 7}, "it failed, and is not there"
    world.market.items[sku] = {"sku": sku, "remote_id": "MP-1", **LIVE}
    await run(world, compare_listing)
    assert shown == [(sku, "failed", "live", "different")]


async def test_a_product_that_is_switched_off_has_to_be_off_there(world: World, shown: list[tuple[str, ...]]) -> None:
    await run(world, insert_products)
    world.hub.edit_product(1001, is_active=False)
    await run(world, compare_listing)
    assert shown == [(skus(world)[1001], "switched off", "live", "different")]
    world.market.change_listing(skus(world)[1001], state="delisted")
    assert (await run(world, compare_listing)).counts == {"same": 8}


async def test_a_title_that_waits_to_be_sent_was_not_changed_by_hand(world: World) -> None:
    await run(world, insert_products)
    world.hub.edit_product(1001, name="Kupa")
    assert (await run(world, compare_listing)).counts == {"same": 8}


async def test_what_the_channel_does_not_tell_is_neither_read_nor_compared(world: World) -> None:
    await run(world, insert_products)
    world.market.change_listing(skus(world)[1001], name="Kupa", price="1.50", stock=7)
    use_connector(world, f"{HERE}:States")
    with requests_of(world) as seen:
        assert (await run(world, compare_listing)).counts == {"same": 8}
    assert not any("product_prices" in request.url.path or "product_stocks" in request.url.path for request in seen)
