"""The command `channel-app run FLOW --dry-run`."""

import json
from collections.abc import Callable

import pytest
from typer.testing import CliRunner, Result

from clients import runtime as runtimes
from deployments.cli import app
from tests.world.loopback import World
from tests.world.shop import skus, writes

Call = Callable[..., Result]


@pytest.fixture
def world() -> World:
    return World(products=20, failing=0.2)


@pytest.fixture
def call(world: World) -> Call:
    def invoke(*arguments: str) -> Result:
        with runtimes.using(world.runtime()):
            return CliRunner().invoke(app, ["run", *arguments, "--dry-run"])

    return invoke


def test_it_shows_what_would_be_sent_and_what_would_fail(world: World, call: Call) -> None:
    """For people: the request with its body, and each reason."""
    said = call("insert_products")
    assert said.exit_code == 0
    assert "insert products: 20 due. Of the next batch, " in said.stdout
    assert "PUT http://127.0.0.1:2/products" in said.stdout
    assert '      "sku": ' in said.stdout
    assert "would fail (" in said.stdout
    assert "nothing was changed in Omnitron, and nothing was sent" in said.stdout
    assert writes(world) == []


def test_it_takes_the_flows_parameters_and_answers_json(world: World, call: Call) -> None:
    """For machines: one object as the last line."""
    said = call("insert_products", "-p", "batch_size=1", "-p", "add_categories=false", "--json")
    answer = json.loads(said.stdout.splitlines()[-1])
    (sending,) = answer["sendings"]
    assert sending["due"] == 20
    assert len(sending["failing"]) + sending["ready"] == 1
    assert {sending["failing"][0]["name"]} <= set(skus(world).values()) if sending["failing"] else sending["lines"]


def test_a_flow_that_sends_nothing_says_so(call: Call) -> None:
    """It shows no request, and why."""
    said = call("fetch_and_create_order")
    assert "fetch_and_create_order sends nothing to the channel that a dry run could show." in said.stdout


def test_an_error_ends_it_with_a_sentence(world: World, call: Call) -> None:
    """And with the code of a failure."""
    world.settings = world.settings.model_copy(update={"CHANNEL_MODULE": "no.such.module"})
    said = call("insert_products")
    assert said.exit_code == 1
    assert "The dry run of insert_products failed. CHANNEL_MODULE is `no.such.module`" in said.stderr
