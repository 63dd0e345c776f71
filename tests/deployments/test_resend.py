"""`channel-app resend`, as people and machines read it."""

import asyncio
import json
from collections.abc import Callable, Iterator

import pytest
from typer.testing import CliRunner, Result

from clients import runtime as runtimes
from deployments.cli import app
from deployments.sandbox.base.faults import Fault
from flows.product import insert_products
from tests.world.loopback import World
from tests.world.shop import assert_clean, run, skus

Call = Callable[..., Result]


@pytest.fixture
def world() -> Iterator[World]:
    """Six good products, on the channel."""
    made = World(products=6, failing=0)
    asyncio.run(run(made, insert_products))
    yield made
    assert_clean(made)


@pytest.fixture
def call(world: World) -> Call:
    def invoke(*arguments: str) -> Result:
        with runtimes.using(world.runtime()):
            result = CliRunner().invoke(app, ["resend", *arguments])
        assert "Traceback" not in result.output
        return result

    return invoke


def test_each_object_has_a_line_that_names_its_flow(world: World, call: Call) -> None:
    """All that a product has is offered without `--type`."""
    sku = skus(world)[1001]
    result = call(sku)
    assert result.exit_code == 0
    first, *others = result.stdout.splitlines()
    assert first == f"✓ {sku} is due again: the next run of update_products sends it."
    assert (
        f"✓ {sku}: its price is due again: the next run of update_product_prices sends it, or its product takes it along."
        in others
    )


def test_types_narrow_it_down(world: World, call: Call) -> None:
    result = call(skus(world)[1001], "--type", "price", "--type", "stock", "--json")
    rows = json.loads(result.stdout.splitlines()[-1])["objects"]
    assert [(row["content_type"], row["outcome"], row["flow"]) for row in rows] == [
        ("productprice", "offered again", "update_product_prices"),
        ("productstock", "offered again", "update_product_stocks"),
    ]


def test_one_bad_sku_is_in_the_exit_code_and_the_others_go_on(world: World, call: Call) -> None:
    result = call("NOTHING", skus(world)[1001], "--type", "product")
    assert result.exit_code == 1
    assert [line[0] for line in result.stdout.splitlines()] == ["✗", "✓"]


def test_a_type_that_does_not_exist_is_a_wrong_call(call: Call) -> None:
    assert call("X", "--type", "video").exit_code == 2


def test_a_channel_that_is_switched_off_sends_nothing(world: World, call: Call) -> None:
    world.hub.set_channel(is_active=False)
    result = call(skus(world)[1001])
    assert (result.exit_code, result.stdout) == (1, "")
    assert "switched off in Omnitron" in result.stderr


def test_a_hub_that_cannot_be_read_is_said_in_one_paragraph(world: World, call: Call) -> None:
    world.hub.faults.add(Fault("status", status=500, times=None))
    result = call(skus(world)[1001])
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith("Nothing can be offered again. ")
