"""A channel whose one call carries a product's price and its stock: no older half overwrites a newer one."""

from collections.abc import Callable
from typing import Any, ClassVar

import pytest

from dto.enums import ContentType
from dto.omnitron import ProductPrice, ProductStock
from dto.outcomes import SendOutcome
from flows.price import (
    insert_product_prices,
    insert_product_prices_from_extra_price_list,
    update_product_prices,
)
from flows.product import insert_products
from flows.stock import insert_product_stocks, update_product_stocks
from flows.verify import verify_open_batches
from tasks.channel import commands_of, prices, stocks
from tasks.channel.sandbox import ChannelIntegration as Sandbox
from tasks.channel.sandbox.offers import offer_of
from tests.world.loopback import World
from tests.world.shop import Row, action, actions, assert_clean, run, use_connector

PRODUCT = 1001
PRICE, STOCK = ContentType.product_price, ContentType.product_stock


async def send_both(command: Any, items: list[Row]) -> SendOutcome:
    """One call for both halves."""
    outcome: SendOutcome = await command.integration.hand_over(command, "PUT", "/offers", items)
    return outcome


def body(row: ProductPrice | ProductStock, price: ProductPrice | None, stock: ProductStock | None) -> Row:
    """Of an extra list without its like, one half alone."""
    halves = {
        **({"price": offer_of(price, "price", "currency_type")} if price else {}),
        **({"stock": offer_of(stock, "stock")} if stock else {}),
    }
    return {"remote_id": row.remote_id, "list": row.code, **halves}


class SendPrices(prices.SendInsertedPrices[Sandbox]):
    """Each price with its stock."""

    also = (prices.SendUpdatedPrices,)
    needs_counterpart = True

    async def send(self, sent: list[ProductPrice]) -> SendOutcome:
        return await send_both(self, [body(row, row, row.productstock) for row in sent])


class SendStocks(stocks.SendInsertedStocks[Sandbox]):
    """Each stock with its price."""

    also = (stocks.SendUpdatedStocks,)
    needs_counterpart = True

    async def send(self, sent: list[ProductStock]) -> SendOutcome:
        return await send_both(self, [body(row, row.productprice, row) for row in sent])


class Together(Sandbox):
    """The local marketplace, with one call for both."""

    name = "together"
    actions: ClassVar = {**Sandbox.actions, **commands_of(SendPrices, SendStocks)}


class PricesTakeStocksAlong(Sandbox):
    """Has a call for both, and another one for stocks alone."""

    name = "prices take stocks along"
    actions: ClassVar = {**Sandbox.actions, **commands_of(SendPrices)}


@pytest.fixture(params=[False, True], ids=["sync", "async"])
def world(request: pytest.FixtureRequest, make_world: Callable[..., World]) -> World:
    world = make_world(failing=0, products=3, asynchronous=request.param, extra_lists=True, habits=("price-and-stock",))
    use_connector(world, f"{__name__}:Together")
    return world


async def answered(world: World) -> None:
    for _ in range(3):
        await run(world, verify_open_batches)


async def on_sale(world: World) -> None:
    """The products are on the channel, with a price and a stock of their own."""
    await run(world, insert_products)
    await answered(world)


def item(world: World) -> Row:
    """The product as the channel sells it."""
    (found,) = [row for row in world.market.items.values() if row["sku"] == "1KBATC00000001"]
    return dict(found)


def bound(world: World, content_type: ContentType) -> Row:
    """The action of the product's price or stock in the catalog's own list."""
    rows = {PRICE: world.shop.goods.prices, STOCK: world.shop.goods.stocks}[content_type]
    pk = min(row["pk"] for row in rows if row["product"] == PRODUCT)
    found = action(world, pk, content_type)
    assert found is not None
    return found


async def test_a_new_price_travels_with_its_stock(world: World) -> None:
    """Both are bound by one result, in whichever process it arrives; neither is sent again."""
    await run(world, insert_products, add_price=False, add_stock=False)
    await answered(world)
    await run(world, insert_product_prices)
    await answered(world)
    (remote_id,) = {row["remote_id"] for row in actions(world) if row["object_id"] == PRODUCT}
    for content_type in (PRICE, STOCK):
        held = bound(world, content_type)
        assert (held["status"], held["remote_id"]) == ("success", remote_id)
    assert (await run(world, insert_product_stocks)).counts == {}
    assert_clean(world)


async def test_a_stock_that_changes_while_its_old_value_is_on_the_way_is_sent_afterwards(world: World) -> None:
    """The price's call carries the stock of its moment; the newer one waits for the end of that batch, and wins."""
    await on_sale(world)
    world.hub.edit_price(PRODUCT)
    await run(world, update_product_prices)
    newer = world.hub.edit_stock(PRODUCT, 1)
    first = await run(world, update_product_stocks)
    await answered(world)
    assert sum((await run(world, update_product_stocks)).counts.values()) + sum(first.counts.values()) == 1
    await answered(world)
    assert item(world)["stock"]["stock"] == 1
    assert bound(world, STOCK)["version_date"] == newer["modified_date"]
    assert_clean(world)


async def test_a_price_that_is_sent_takes_a_changed_stock_along(world: World) -> None:
    await on_sale(world)
    price, stock = world.hub.edit_price(PRODUCT), world.hub.edit_stock(PRODUCT, 1)
    await run(world, update_product_prices)
    assert (await run(world, update_product_stocks)).counts == {}
    await answered(world)
    assert (item(world)["price"]["price"], item(world)["stock"]["stock"]) == (price["price"], stock["stock"])
    for content_type, row in ((PRICE, price), (STOCK, stock)):
        held = bound(world, content_type)
        assert (held["status"], held["version_date"]) == ("success", row["modified_date"])
    assert_clean(world)


async def test_a_price_waits_for_a_batch_that_holds_its_stock(make_world: Callable[..., World]) -> None:
    """To send that stock unlocked could overwrite a newer one that is sent meanwhile."""
    world = make_world(failing=0, products=3, asynchronous=True)
    use_connector(world, f"{__name__}:PricesTakeStocksAlong")
    await on_sale(world)
    world.hub.edit_stock(PRODUCT, 5)
    await run(world, update_product_stocks)
    holder = bound(world, STOCK)["local_batch_id"]
    before = bound(world, PRICE)
    world.hub.edit_price(PRODUCT)
    other = world.hub.edit_price(PRODUCT + 1)
    assert (await run(world, update_product_prices)).counts == {"accepted": 1}
    assert bound(world, STOCK)["local_batch_id"] == holder
    after = bound(world, PRICE)
    assert [after[name] for name in ("status", "version_date", "remote_id")] == [
        before[name] for name in ("status", "version_date", "remote_id")
    ]
    await answered(world)
    assert (await run(world, update_product_prices)).counts == {"accepted": 1}
    await answered(world)
    assert (item(world)["stock"]["stock"], bound(world, STOCK)["status"]) == (5, "success")
    assert (
        other["price"] == next(row for row in world.market.items.values() if row["sku"].endswith("2"))["price"]["price"]
    )
    assert world.attempts == {}
    assert_clean(world)


async def test_a_stock_that_changes_before_its_lock_is_sent_in_its_newest_version(
    make_world: Callable[..., World],
) -> None:
    world = make_world(failing=0, products=3)
    use_connector(world, f"{__name__}:Together")
    await on_sale(world)
    world.hub.edit_price(PRODUCT)
    edited: list[Row] = []

    def change(_: int, request: Any, moment: str) -> None:
        if request.url.path.endswith("/product_stocks/") and moment == "after" and not edited:
            edited.append(world.hub.edit_stock(PRODUCT, 1))

    world.hook = change
    assert (await run(world, update_product_prices)).counts == {"integrated": 1}
    assert item(world)["stock"]["stock"] == 1
    assert bound(world, STOCK)["version_date"] == edited[0]["modified_date"]
    assert (await run(world, update_product_stocks)).counts == {}


async def test_a_stock_without_a_version_fails_its_own_price_alone(make_world: Callable[..., World]) -> None:
    world = make_world(failing=0, products=3)
    use_connector(world, f"{__name__}:Together")
    await on_sale(world)
    for product in (PRODUCT, PRODUCT + 1):
        world.hub.edit_price(product)
    row = next(row for row in world.shop.goods.stocks if row["product"] == PRODUCT)
    row["modified_date"] = None
    summary = await run(world, update_product_prices)
    assert (summary.counts["integrated"], sum(summary.failures.values())) == (1, 1)


async def test_a_refused_price_leaves_its_stock_as_it_was(make_world: Callable[..., World]) -> None:
    """The stock has a call of its own, and may be due."""
    world = make_world(failing=0, products=3)
    use_connector(world, f"{__name__}:PricesTakeStocksAlong")
    await on_sale(world)
    before = bound(world, STOCK)
    world.hub.edit_price(PRODUCT)
    stock = world.hub.edit_stock(PRODUCT, 1)
    world.market.refuse["1KBATC00000001"] = "The price is too low."
    assert (await run(world, update_product_prices)).failures == {"Rejected": 1}
    assert bound(world, PRICE)["status"] == "error"
    assert bound(world, STOCK)["version_date"] == before["version_date"]
    world.market.refuse.clear()
    assert (await run(world, update_product_stocks)).counts == {"integrated": 1}
    assert (item(world)["stock"]["stock"], bound(world, STOCK)["version_date"]) == (1, stock["modified_date"])


async def test_the_price_of_another_list_takes_no_stock_of_the_own_list_for_its_own(world: World) -> None:
    """Without a stock list of its code, it is handed over alone."""
    await on_sale(world)
    before = bound(world, STOCK)
    await run(world, insert_product_prices_from_extra_price_list)
    await answered(world)
    assert bound(world, STOCK) == before
    assert world.hub.counts()["open_batches"] == {}
    assert_clean(world)
