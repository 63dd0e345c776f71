"""`channel-app status` and `channel-app explain`, as people and machines read them."""

import asyncio
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

import pytest
from prefect.settings import PREFECT_API_URL, temporary_settings
from typer.testing import Result

from clients.errors import ChannelUnavailableError
from clients.prefect_variables import PrefectVariables
from deployments.sandbox.base.faults import Fault
from dto.holds import Hold
from dto.omnitron import Channel
from tasks.channel.sandbox import ChannelIntegration as Sandbox
from tests.deployments.asking import Call, asking, tried_world
from tests.world.live import Command, Shop
from tests.world.loopback import World
from tests.world.shop import skus, use_connector

HERE = __name__


@pytest.fixture
def world() -> Iterator[World]:
    with tried_world() as tried:
        yield tried


@pytest.fixture
def call(world: World, monkeypatch: pytest.MonkeyPatch) -> Call:
    """The command, in this world; it writes nothing."""
    monkeypatch.setenv("COLUMNS", "200")
    return asking(world)


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
        "waiting": None,
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
    for row in list(world.reports):
        world.reports.change(row["pk"], error_desc="Refused: [/bold] [red]no")
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
    assert "\nThe channel: It does not list this product.\n" in result.stdout


def test_explain_shows_what_the_channel_lists(world: World, call: Call) -> None:
    """A product is named by its sku, or by its key."""
    sku = skus(world)[1002]
    remote_id = world.market.items[sku]["remote_id"]
    for arguments in ([sku], ["--pk", "1002"]):
        result = call("explain", *arguments)
        assert result.stdout.startswith(f"{sku} is on sale (there as {remote_id}) in the version of 2026-01-01")
        assert f"The channel: It lists this product as {remote_id}, price " in result.stdout
        assert ", stock " in result.stdout


def test_explain_calls_objects_by_the_words_that_resend_takes(world: World, call: Call) -> None:
    said = call("explain", skus(world)[1002]).stdout
    assert [word for word in ("price", "stock", "image") if f"│ {word} " not in said] == []


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
    actions: ClassVar = {key: command for key, command in Sandbox.actions.items() if not key.startswith("get_list")}


@pytest.mark.parametrize(
    ("connector", "note"),
    [
        ("Down", "It could not be asked: The marketplace did not answer."),
        ("Broken", "KeyError: 'base_url' ("),
        ("Mute", "The connector `mute` cannot list: it has no get_listing, get_listed_prices, get_listed_stocks."),
    ],
)
def test_a_channel_that_says_nothing_keeps_no_answer_back(world: World, call: Call, connector: str, note: str) -> None:
    """Omnitron's record is printed all the same."""
    use_connector(world, f"{HERE}:{connector}")
    result = call("explain", skus(world)[1002])
    assert result.exit_code == 0
    assert "is on sale" in result.stdout
    (line,) = [line for line in result.stdout.splitlines() if line.startswith("The channel: ")]
    assert note in line


def test_the_channel_is_not_asked_where_that_is_not_wanted(world: World, call: Call) -> None:
    """Nor if it is switched off."""
    before = len(world.market.requests)
    assert "The channel: It was not asked." in call("explain", "--no-channel", skus(world)[1002]).stdout
    world.hub.set_channel(is_active=False)
    assert "It was not asked: the channel is switched off." in call("explain", skus(world)[1002]).stdout
    assert len(world.market.requests) == before


# -- runs that hold back -----------------------------------------------------------------------------------------------


@pytest.fixture
def holding(prefect_server: dict[str, str]) -> Iterator[None]:
    """A Prefect server is at hand, on which all runs hold back, and those that send products and orders."""
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    hold = Hold(system="Omnitron", since=moment, why="Omnitron answered 503.", next_try=moment + timedelta(seconds=60))
    url = prefect_server["PREFECT_API_URL"]
    names = [f"channel-app-hold-6-{flow}" for flow in ("omnitron", "insert-products", "fetch-and-create-order")]

    async def each(does: str, *arguments: Any) -> None:
        async with PrefectVariables.open(url) as variables:
            for name in names:
                await getattr(variables, does)(name, *arguments)

    with temporary_settings({PREFECT_API_URL: url}):
        asyncio.run(each("create", hold.as_value()))
        yield
        asyncio.run(each("delete"))


@pytest.mark.process
@pytest.mark.usefixtures("holding")
def test_status_shows_why_runs_hold_back_and_how_to_end_it(call: Call) -> None:
    said = call("status").stdout
    assert (
        "Runs hold back since 2026-01-01 00:00:00 UTC, after 1 try, because of Omnitron: Omnitron answered 503." in said
    )
    assert "Runs of fetch-and-create-order hold back" in said
    health = last_line(call("status", "--json"))
    assert health["advice"][0].endswith(
        " The next try is at 00:01:00 UTC. To have the next run try at once, run `channel-app resume`, or delete the Prefect "
        "variable `channel-app-hold-6-omnitron`."
    )
    holds = health["holds"]
    assert holds["channel-app-hold-6-insert-products"]["next_try"] == "2026-01-01T00:01:00.000000Z"


@pytest.mark.process
@pytest.mark.usefixtures("holding")
def test_a_hub_that_cannot_be_read_does_not_keep_back_that_runs_hold_back(world: World, call: Call) -> None:
    world.hub.faults.add(Fault("status", status=500, times=None))
    result = call("status")
    assert result.exit_code == 1
    assert "500" in result.stderr
    assert "Runs hold back since 2026-01-01" in result.stderr


@pytest.mark.process
@pytest.mark.usefixtures("holding")
def test_explain_says_so_of_runs_that_would_send_the_product(world: World, call: Call) -> None:
    """Not of those that bring orders."""
    result = call("explain", skus(world)[1002])
    assert result.exit_code == 0
    first, *others = result.stdout.splitlines()
    assert "is on sale" in first
    said = " ".join(others)
    assert "Runs hold back since" in said
    assert "Runs of insert-products hold back since" in said
    assert "fetch-and-create-order" not in said
    assert set(last_line(call("explain", skus(world)[1002], "--json"))["holds"]) == {
        "channel-app-hold-6-omnitron",
        "channel-app-hold-6-insert-products",
    }


def test_without_a_server_at_hand_none_is_started_for_the_holds(call: Call) -> None:
    """What is not known is said."""
    with temporary_settings(restore_defaults={PREFECT_API_URL}):  # other tests of this process may use a server
        said = " ".join(call("status").stdout.split())  # the terminal's width breaks the lines
    assert "scheduled runs hold back is unknown: PREFECT_API_URL is not set." in said


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
