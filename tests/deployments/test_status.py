"""`channel-app status` and `channel-app explain`, as people and machines read them."""

import asyncio
import json
from collections.abc import Callable, Iterator
from typing import Any, ClassVar

import pytest
from typer.testing import CliRunner, Result

from clients import runtime as runtimes
from clients.errors import ChannelUnavailableError
from deployments.cli import app
from deployments.sandbox.faults import Fault
from dto.omnitron import Channel
from flows.product import insert_products
from tasks.channel.sandbox import ChannelIntegration as Sandbox
from tests.deployments.conftest import Command, Shop
from tests.harness.loopback import World
from tests.tasks.helpers import assert_clean, run, skus, use_connector, writes

HERE = __name__
Call = Callable[..., Result]


@pytest.fixture
def world() -> Iterator[World]:
    """Twelve products, six of them with a defect, all tried once."""
    made = World(products=12)
    asyncio.run(run(made, insert_products))
    yield made
    assert_clean(made)


@pytest.fixture
def call(world: World, monkeypatch: pytest.MonkeyPatch) -> Call:
    """The command, in this world; it writes nothing."""
    monkeypatch.setenv("COLUMNS", "200")

    def invoke(*arguments: str) -> Result:
        before = len(writes(world))
        with runtimes.using(world.runtime()):
            result = CliRunner().invoke(app, list(arguments))
        assert len(writes(world)) == before
        assert "Traceback" not in result.output
        return result

    return invoke


def last_line(result: Result) -> dict[str, Any]:
    """The JSON object that machines read."""
    answer: dict[str, Any] = json.loads(result.stdout.splitlines()[-1])
    return answer


# -- status ------------------------------------------------------------------------------------------------------------


def test_status_shows_what_stands_where(call: Call) -> None:
    result = call("status")
    assert result.exit_code == 0
    assert "Nothing stands still." in result.stdout
    assert "│ products" in result.stdout
    assert "MappingFailed: 1KBATC00000001: no attribute set matches the product." in result.stdout


def test_status_for_machines_is_one_object(call: Call) -> None:
    """With numbers and dates as JSON has them."""
    result = call("status", "--json")
    assert result.exit_code == 0
    health = last_line(result)
    assert health["contents"][0] == {
        "name": "products",
        "content_type": "product",
        "inserts": 0,
        "updates": 0,
        "deletions": None,
        "processing": 0,
        "failed": 6,
    }
    assert health["moment"].startswith("2026-01-01T00:00")
    assert health["advice"] == []


def test_status_begins_with_what_to_do(world: World, call: Call) -> None:
    """A channel that is switched off is no failure of the command."""
    world.hub.set_channel(is_active=False)
    result = call("status")
    assert result.exit_code == 0
    first, second, *_ = result.stdout.splitlines()
    assert first.startswith("Channel 6 `Sandbox`, SWITCHED OFF, at 2026-01-01")
    assert second == "  - The channel is switched off in Omnitron, so no flow does anything. Switch it on there."


def test_what_others_wrote_is_no_markup(world: World, call: Call) -> None:
    for row in list(world.hub.hub.error_reports):
        world.hub.hub.error_reports.change(row["pk"], error_desc="Refused: [/bold] [red]no")
    assert "Refused: [/bold] [red]no" in call("status").stdout
    assert "Refused: [/bold] [red]no" in call("explain", skus(world)[1001]).stdout


@pytest.mark.parametrize("arguments", [["status"], ["explain", "X"], ["status", "--json"]])
def test_a_hub_that_cannot_be_read_is_said_in_one_paragraph(world: World, call: Call, arguments: list[str]) -> None:
    world.hub.faults.add(Fault("status", status=500, times=None))
    result = call(*arguments)
    assert (result.exit_code, result.stdout) == (1, "")
    assert "could not be" in result.stderr
    assert "500" in result.stderr


# -- explain -----------------------------------------------------------------------------------------------------------


def test_explain_begins_with_the_answer(world: World, call: Call) -> None:
    sku = skus(world)[1001]
    result = call("explain", sku)
    assert result.exit_code == 0
    assert result.stdout.startswith(
        f"{sku} failed because of MappingFailed: {sku}: no attribute set matches the product"
    )
    assert "error (mapping)" in result.stdout
    assert result.stdout.endswith("The channel: It does not list this product.\n")


def test_explain_shows_what_the_channel_lists(world: World, call: Call) -> None:
    """A product is named by its sku, or by its key."""
    sku = skus(world)[1002]
    remote_id = world.market.items[sku]["remote_id"]
    for arguments in ([sku], ["--pk", "1002"]):
        result = call("explain", *arguments)
        assert result.stdout.startswith(f"{sku} is on sale (there as {remote_id}) in the version of 2026-01-01")
        assert f"The channel: It lists this product as {remote_id}, price " in result.stdout
        assert ", stock " in result.stdout


def test_explain_for_machines_is_one_object(world: World, call: Call) -> None:
    """Amounts are decimal strings."""
    sku = skus(world)[1002]
    answer = last_line(call("explain", sku, "--json"))
    assert (answer["sku"], answer["pk"], answer["verdict"]) == (sku, 1002, "on sale")
    assert answer["listed"]["price"] == world.market.items[sku]["price"]["price"]
    assert answer["objects"][0]["status"] == "success"


def test_a_sku_that_nobody_knows_is_an_answer_too(call: Call) -> None:
    result = call("explain", "NOBODY")
    assert result.exit_code == 0
    assert result.stdout.startswith("NOBODY is not in Omnitron")


@pytest.mark.parametrize("arguments", [[], [""], ["1KBATC00000001", "--pk", "1001"]])
def test_one_product_has_to_be_named(call: Call, arguments: list[str]) -> None:
    result = call("explain", *arguments)
    assert result.exit_code == 2
    assert "Example: channel-app explain" in result.stderr


class Down(Sandbox):
    """Cannot be reached."""

    async def do_action(self, *arguments: Any, **parameters: Any) -> Any:
        raise ChannelUnavailableError("The marketplace did not answer.")


class Broken(Sandbox):
    """Has a programming error."""

    def __init__(self, channel: Channel, *rest: Any) -> None:
        raise KeyError("base_url")


class Mute(Sandbox):
    """Cannot list."""

    name = "mute"
    actions: ClassVar = {key: command for key, command in Sandbox.actions.items() if not key.startswith("get_listed")}


@pytest.mark.parametrize(
    ("connector", "note"),
    [
        ("Down", "It could not be asked: The marketplace did not answer."),
        ("Broken", "KeyError: 'base_url' ("),
        ("Mute", "The connector `mute` has neither get_listed_prices nor get_listed_stocks."),
    ],
)
def test_a_channel_that_says_nothing_keeps_no_answer_back(world: World, call: Call, connector: str, note: str) -> None:
    """What Omnitron knows is told all the same."""
    use_connector(world, f"{HERE}:{connector}")
    result = call("explain", skus(world)[1002])
    assert result.exit_code == 0
    assert "is on sale" in result.stdout
    assert note in result.stdout.splitlines()[-1]


def test_the_channel_is_not_asked_where_that_is_not_wanted(world: World, call: Call) -> None:
    """Nor where it is switched off."""
    before = len(world.market.requests)
    assert "The channel: It was not asked." in call("explain", "--no-channel", skus(world)[1002]).stdout
    world.hub.set_channel(is_active=False)
    assert "It was not asked: the channel is switched off." in call("explain", skus(world)[1002]).stdout
    assert len(world.market.requests) == before


# -- a process of its own ----------------------------------------------------------------------------------------------


@pytest.mark.process
def test_status_and_explain_answer_from_a_shell(channel_app: Command, shop: Shop) -> None:
    """Without a Prefect server, and with nothing but the answer on stdout."""
    result = channel_app("status", "--json", settings=shop.settings)
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout)["contents"][0]["inserts"] == 12
    result = channel_app("explain", "--pk", "1001", "--json", settings=shop.settings)
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout)["verdict"] == "due"
    result = channel_app("status")
    assert result.returncode == 1
    assert "OMNITRON_URL is not set" in result.stderr
    shop.assert_nothing_locked()
