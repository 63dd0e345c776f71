"""Prices through real flow runs: what they cost in Prefect, and what the UI shows."""

import re
from collections.abc import Callable

import pytest

from flows.compare import compare_stocks
from flows.price import insert_product_prices
from flows.product import insert_products
from tests.runs.records import artifact_of, run
from tests.runs.test_products import commands, summary_of
from tests.world.loopback import World
from tests.world.shop import skus

pytestmark = pytest.mark.flow


async def test_a_batch_of_prices_costs_one_task_run_for_each_command(make_world: Callable[..., World]) -> None:
    """None for each price."""
    world = make_world(failing=0)
    await run(world, insert_products, add_price=False)
    recorded = await run(world, insert_product_prices, add_stock=True)
    assert (await summary_of(recorded)).counts == {"integrated": 12}
    once = (
        "get inserted prices",
        "identify new offers",
        "get stocks from product prices",
        "batch request update",
        "send inserted prices",
        "process price batch requests",
        "create error report",
        "create operational event",
    )
    assert commands([row.name for row in await recorded.task_runs(len(once))]) == dict.fromkeys(once, 1)


async def test_the_artifact_of_a_comparison_lists_what_differs(make_world: Callable[..., World]) -> None:
    """With both values."""
    world = make_world(failing=0, products=3)
    await run(world, insert_products)
    names = skus(world)
    world.hub.edit_stock(1002, 41)
    world.market.items[names[1002]]["stock"]["stock"] = 40
    recorded = await run(world, compare_stocks)
    assert (await summary_of(recorded)).counts == {"same": 2, "different": 1}
    text = await artifact_of(recorded, "compare-stocks-channel-6")
    assert "2 same, 1 different" in text
    assert re.search(rf"^\| {names[1002]} \| 41 \| 40 \| different \|$", text, re.MULTILINE)
