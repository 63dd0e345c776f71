"""Omnitron's prices and stocks against what the channel lists, over both local systems."""

from collections.abc import Callable
from typing import Any

import pytest

from dto.summary import RunOutcome
from flows import run as runs
from flows.compare import compare_prices, compare_stocks
from flows.product import insert_products
from flows.run import RunFailedError
from tests.world.loopback import World
from tests.world.shop import action, requests_of, run, skus, use_connector, writes

HERE = "tests.flows.connectors"


@pytest.fixture
def world(make_world: Callable[..., World]) -> World:
    """Six good products."""
    return make_world(failing=0, products=6)


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> list[list[tuple[str, ...]]]:
    """The tables that runs would show, each as its rows."""
    kept: list[list[tuple[str, ...]]] = []

    async def show(run: Any, summary: Any) -> None:
        kept.extend(table.rows for table in run.tables)

    monkeypatch.setattr(runs, "_publish", show)
    return kept


def upset(world: World, kind: str) -> list[str]:
    """The channel has another value for the second product, none for the third, and something that nobody knows.
    Answers the skus."""
    names = list(skus(world).values())
    items = world.market.items
    value = {"price": {"price": "1.5", "currency_type": "try"}, "stock": {"stock": 999}}[kind]
    items[names[1]][kind] = value
    del items[names[2]]
    items["NOBODY"] = {"sku": "NOBODY", "remote_id": "MP-0", kind: value}
    return [*names, "NOBODY"]


@pytest.mark.parametrize("kind", ["price", "stock"])
async def test_every_difference_is_counted_and_named(
    world: World, kind: str, shown: list[list[tuple[str, ...]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With both values, over several pages of the listing; nothing is changed anywhere."""
    monkeypatch.setattr("tasks.channel.sandbox.marketplace.PAGE", 2)
    await run(world, insert_products)
    names = upset(world, kind)
    written = len(writes(world))
    goods = world.goods
    values = (
        {row["product"]: f"{row['price']} try" for row in goods.prices}
        if kind == "price"
        else {row["product"]: str(row["stock"]) for row in goods.stocks}
    )
    shown.clear()
    with requests_of(world) as seen:
        summary = await run(world, compare_prices if kind == "price" else compare_stocks)
    assert summary.outcome is RunOutcome.completed
    assert summary.counts == {"same": 4, "different": 1, "missing": 1, "unknown": 1}
    there = "1.5 try" if kind == "price" else "999"
    assert shown[-1] == [
        (names[1], values[1002], there, "different"),
        (names[2], values[1003], "", "missing on the channel"),
        ("NOBODY", "", there, "unknown in Omnitron"),
    ]
    assert {request.method for request in seen} == {"GET"}
    assert len(writes(world)) == written


async def test_amounts_are_compared_exactly_and_not_as_text(world: World) -> None:
    """62.4 is 62.40; a hundredth more is another price; so is the same in another currency."""
    await run(world, insert_products)
    for product, price, currency in ((1001, "62.4", "TRY"), (1002, "62.41", "try"), (1003, "62.40", "eur")):
        world.hub.edit_price(product, "62.40")
        world.market.items[skus(world)[product]]["price"] = {"price": price, "currency_type": currency}
    assert (await run(world, compare_prices)).counts == {"same": 4, "different": 2}


async def test_products_are_found_by_remote_id_then_by_sku(world: World) -> None:
    """One has another sku on the channel, another one another remote id."""
    await run(world, insert_products)
    items, names = world.market.items, list(skus(world).values())
    items["OLD"] = {**items.pop(names[0]), "sku": "OLD"}
    items[names[1]]["remote_id"] = "MP-NEW"
    assert (await run(world, compare_stocks)).counts == {"same": 6}


async def test_only_what_is_on_the_channel_is_compared(world: World) -> None:
    """A product that was never sent is not missing there; one that is being updated is compared."""
    await run(world, insert_products, max_batches=1, batch_size=4)
    held = action(world, 1001)
    assert held
    world.actions.change(held["pk"], status="processing")
    assert (await run(world, compare_stocks)).counts == {"same": 4}


async def test_what_cannot_be_understood_on_the_channel_is_counted_and_keeps_nothing_else_from_being_compared(
    world: World,
) -> None:
    await run(world, insert_products)
    world.market.items[skus(world)[1002]]["price"] = {"price": "cheap", "currency_type": "try"}
    assert (await run(world, compare_prices)).counts == {"same": 5, "missing": 1, "unreadable": 1}


async def test_a_connector_that_cannot_list_says_so_before_anything_is_asked(world: World) -> None:
    use_connector(world, f"{HERE}:MissionSync")
    with requests_of(world) as seen, pytest.raises(RunFailedError, match="has no get_listed_prices"):
        await run(world, compare_prices)
    assert seen == []
