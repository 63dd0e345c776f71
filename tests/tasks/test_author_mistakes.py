"""A mistake in a connector is found at the earliest moment there is, and its message names the author's own line."""

import inspect
import logging
import re
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from types import ModuleType
from typing import Any, ClassVar

import pytest
from pydantic import SecretStr

from clients.errors import ConfigError, ContractError, UnforeseenError
from dto.enums import ContentType, ResponseStatus
from dto.omnitron import Product
from flows.product import insert_products
from tasks.batch import Batch, Member
from tasks.channel import (
    ChannelConf,
    ChannelIntegration,
    Completed,
    ProductBatchRequestResponseDto,
    commands_of,
    orders,
    products,
    setting,
)
from tasks.channel.checking import check_of
from tasks.channel.command import ChannelCommand
from tasks.channel.integration import load_channel
from tasks.channel.sending import SendCommand
from tasks.prefect_tasks import Envelope, _run
from tasks.settlement import settle
from tests.house.sources import ROOT
from tests.tasks.test_settlement import NOW
from tests.world.loopback import World
from tests.world.shop import assert_clean, attempt, batches, opened, use_connector

HERE = Path(__file__).name
SECRET = "k3y-of-the-bazaar"
PRODUCTS = [Product(pk=1, sku="a", name="Ada Lovelace"), Product(pk=2, sku="b")]


def line_of(what: Any, text: str) -> str:
    """The place of a line of a class or function here, as messages name it."""
    lines, start = inspect.getsourcelines(what)
    return f"{HERE}, line {next(number for number, line in enumerate(lines, start) if text in line)}"


def here(line: str) -> str:
    """A place of this file, wherever on the line."""
    return rf"{re.escape(HERE)}, line \d+: {line}"


class Conf(ChannelConf):
    api_key: SecretStr = setting("Key")


class Bazaar(ChannelIntegration[Conf]):
    name = "bazaar"
    actions: ClassVar = {}


@pytest.fixture
async def bazaar(world: World) -> AsyncIterator[Bazaar]:
    """Omnitron is open beside it, and a batch of two products."""
    world.hub.set_channel(conf={"api_key": SECRET})
    async with opened(world) as hub, Bazaar(hub.channel, hub.runtime) as channel:
        batch = channel.batch_request = Batch(hub.client, ContentType.product)
        for product in PRODUCTS:
            reference = (ContentType.product, product.pk)
            batch.add(Member(*reference, NOW, owner=reference, key=product.sku))
        yield channel


def test_a_method_with_the_name_of_a_value_of_its_base_is_refused_at_import() -> None:
    """Or else the program would take it for that value."""
    with pytest.raises(ConfigError, match=r"test_author_mistakes.py, line \d+: GetThem.item is a method, but `item`"):
        type("GetThem", (orders.GetOrders,), {"item": lambda self, row: row})


# -- in the author's editor --------------------------------------------------------------------------------------------

SNIPPET = """
from datetime import datetime

from pydantic import SecretStr

from tasks.channel import (
    ChannelConf, ChannelIntegration, Completed, Product, ProductBatchRequestResponseDto, SendOutcome, orders, products, setting
)


class BazaarConf(ChannelConf):
    api_key: SecretStr = setting("Key")
    seller: int = setting("Seller", default=1)


class Bazaar(ChannelIntegration[BazaarConf]):
    def connect(self) -> None:
        self.conf.api_kee  # error: no attribute "api_kee"
        return None


class Wrong(ChannelIntegration[int]):  # error: must be a subtype
    pass


class SendProducts(products.SendInsertedProducts[Bazaar]):
    async def send(self, rows: list[Product]) -> SendOutcome:
        self.integration.conf.seller.upper()  # error: no attribute "upper"
        self.accepted(1)  # error: incompatible type
        self.accepted("sku-1", "77")  # error: Too many positional arguments
        ProductBatchRequestResponseDto(sku="sku-1")  # error: Missing
        Completed(("sku-1",))  # error: incompatible type
        return Completed((self.accepted("sku-1", remote_id="77", message="cut"), self.refused("sku-2", "no")))


async def main(bazaar: Bazaar) -> None:
    await bazaar.do_action(orders.GetOrders)  # error: No overload
    await bazaar.do_action(orders.GetOrders, sinse=datetime.now())  # error: No overload
"""


@pytest.mark.slow
def test_the_type_checker_finds_each_mistake_on_its_line_and_no_other(tmp_path: Path) -> None:
    module = tmp_path / "bazaar.py"
    module.write_text(SNIPPET, encoding="utf-8")
    command = [sys.executable, "-m", "mypy", "--config-file", str(ROOT / "pyproject.toml"), str(module)]
    told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False).stdout
    found: dict[int, str] = {}
    for number, text in re.findall(r"bazaar\.py:(\d+): error: (.*)", told):
        found.setdefault(int(number), text)
    wanted = {
        number: line.partition("# error: ")[2]
        for number, line in enumerate(SNIPPET.splitlines(), 1)
        if "# error: " in line
    }
    assert set(found) == set(wanted), told
    assert [text for number, text in wanted.items() if text not in found[number]] == [], told


# -- where the connector is defined ------------------------------------------------------------------------------------


def test_a_command_without_a_key_is_refused_and_does_not_disappear() -> None:
    """It derives from no command of the program's, so it inherits no key."""

    class SendAnything(SendCommand[list[Product]]):
        pass

    module = ModuleType("bazaar")
    vars(module)["SendAnything"] = type("SendAnything", (SendAnything,), {"__module__": "bazaar"})
    for source in (SendAnything, module):
        with pytest.raises(ConfigError, match=here(r"SendAnything has no key, so no flow finds it: derive it from")):
            commands_of(source)


def test_a_base_class_without_a_key_is_none_of_the_commands() -> None:
    class Base(SendCommand[list[Product]]):
        pass

    class Sends(Base):
        key = "sends"

    assert set(commands_of(Base, Sends)) == {"sends"}


class SendsNew(products.SendInsertedProducts):
    pass


class SendsChanged(products.SendInsertedProducts):
    """Its author forgot that this base has another key."""


def test_another_commands_key_is_refused_with_both_names() -> None:
    with pytest.raises(
        ConfigError, match=here("SendsNew and SendsChanged have the same key, `send_inserted_products`: give one")
    ):
        commands_of(SendsNew, SendsChanged)


@pytest.mark.parametrize(
    ("actions", "complaint"),
    [
        ([SendsNew], r"Wrong\.actions is a list, not commands by key: write `actions = commands_of\("),
        ({"send_inserted_products": "SendsNew"}, r"is 'SendsNew', not a command class"),
        (
            {"send_products": SendsNew},
            "has SendsNew under `send_products`, but its own key is `send_inserted_products`",
        ),
    ],
)
def test_actions_of_another_type_are_refused(actions: Any, complaint: str) -> None:
    with pytest.raises(ConfigError, match=here(f".*{complaint}")):
        type("Wrong", (ChannelIntegration,), {"actions": actions})


@pytest.mark.parametrize("source", [[SendsNew], "bazaar.products", Bazaar])
def test_commands_of_takes_commands_and_modules_alone(source: Any) -> None:
    with pytest.raises(ConfigError, match=here("commands_of takes commands and modules with commands, and got")):
        commands_of(source)


def test_also_is_a_tuple_of_commands() -> None:
    class Sends(products.SendInsertedProducts):
        also = products.SendUpdatedProducts  # type: ignore[assignment]  # the mistake

    with pytest.raises(ConfigError, match=here(r"Sends has <class .*> as `also`: write a tuple of commands")):
        commands_of(Sends)


# -- at start ----------------------------------------------------------------------------------------------------------


class SendsBare(ChannelCommand[list[Product], Any]):
    """Lacks the base class that understands its answer."""

    key = "send_inserted_products"

    async def send(self, rows: list[Product]) -> Any:
        return [], [], rows


class ChecksBare(ChannelCommand[Batch, Any]):
    key = "check_products"


class Bare(ChannelIntegration):
    name = "bare"
    actions: ClassVar = commands_of(SendsBare, ChecksBare)


async def test_a_command_without_its_base_class_stops_the_run_before_anything_is_locked(world: World) -> None:
    use_connector(world, f"{__name__}:Bare")
    summary = await attempt(world, insert_products)
    assert "SendsBare takes the place of `send_inserted_products`: derive it from SendInsertedProducts" in (
        summary.reason or ""
    )
    assert batches(world) == []
    assert_clean(world)


async def test_a_check_without_its_base_class_is_refused(world: World) -> None:
    async with opened(world) as hub:
        with pytest.raises(
            ConfigError, match="ChecksBare takes the place of `check_products`: derive it from CheckProducts"
        ):
            check_of(Bare(hub.channel, hub.runtime), products.CheckProducts)


class Sending(ChannelIntegration[Conf]):
    name = "sending"
    actions: ClassVar = commands_of(SendsNew)


async def test_a_wrong_conf_stops_the_run_before_anything_is_locked(world: World) -> None:
    use_connector(world, f"{__name__}:Sending")
    summary = await attempt(world, insert_products)
    assert "The conf of channel 6 does not suit the connector `sending`: `api_key` (Key) is missing" in (
        summary.reason or ""
    )
    assert batches(world) == []


def test_an_import_that_fails_inside_the_connector_is_not_taken_for_a_missing_connector(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "corner_shop.py").write_text("import json\n\nfrom tasks.channel import Complted\n", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    use_connector(world, "corner_shop")
    with pytest.raises(ConfigError, match=r"'Complted'.*Correct that import in corner_shop\.py, line 3"):
        load_channel(world.runtime())


# -- at the first call -------------------------------------------------------------------------------------------------


async def test_a_misspelt_parameter_is_named_with_the_line_of_the_call(bazaar: Bazaar) -> None:
    class Asks(orders.GetOrders):
        pass

    with pytest.raises(ConfigError, match=here(r"`get_orders` has no parameter `sinse`\. It takes: .*since")):
        Asks(bazaar, sinse=NOW)  # type: ignore[call-arg]  # the mistake


async def test_a_forgotten_parameter_is_named_with_the_line_of_the_call(bazaar: Bazaar) -> None:
    with pytest.raises(ConfigError, match=here("`get_orders` requires `since`")):
        orders.GetOrders(bazaar)  # type: ignore[call-arg]  # the mistake


class SendsText(products.SendInsertedProducts):
    async def send(self, rows: list[Product]) -> Any:
        return "ok"


class SendsInReturn(products.SendInsertedProducts):
    def normalize_response(self, data: Any, validated_data: Any, transformed_data: Any, response: Any) -> Any:
        return response


class ChecksText(products.CheckProducts):
    async def send(self, batch: Batch) -> Any:
        return "done"


class GetsText(orders.GetCancelledOrders):
    async def send(self, _: None) -> Any:
        return ["N1"]


@pytest.mark.parametrize(
    ("command", "given", "step"),
    [
        (SendsText, {"objects": PRODUCTS}, "send"),
        (SendsInReturn, {"objects": PRODUCTS}, "normalize_response"),
        (ChecksText, {"objects": None}, "send"),
        (GetsText, {"since": NOW}, "send"),
    ],
)
async def test_an_answer_of_another_type_names_the_step_that_gave_it(
    bazaar: Bazaar, command: Any, given: dict[str, Any], step: str
) -> None:
    place = line_of(command, f"def {step}")
    with pytest.raises(ContractError, match=re.escape(f"The answer came from `{step}` in {place}.")):
        await command(bazaar, **given).run()


class SwapsNames(products.SendInsertedProducts):
    async def send(self, rows: list[Product]) -> Completed:
        good = self.accepted("b", remote_id="R2")
        return Completed((ProductBatchRequestResponseDto(ResponseStatus.success, "R1", "a"), good))


async def test_a_swapped_result_is_called_swapped(bazaar: Bazaar) -> None:
    assert bazaar.batch_request
    outcome = await SwapsNames(bazaar, objects=PRODUCTS).run()
    assert isinstance(outcome, Completed)
    settle(bazaar.batch_request, outcome.results)
    first, second = bazaar.batch_request.of_type()
    assert first.failure and (first.failure.code, second.remote_id) == ("SwappedResult", "R2")


class Breaking(ChannelIntegration):
    name = "breaking"
    is_sync = True


class BreaksBefore(products.SendInsertedProducts):
    def transform_data(self, data: list[Product]) -> Any:
        return [product.attributes["colour"] for product in data]


class BreaksInSend(products.SendInsertedProducts):
    async def send(self, rows: list[Product]) -> Any:
        self.integration.runtime.redactor.learn(SECRET)
        try:
            return getattr(rows, SECRET)
        except AttributeError as error:
            raise LookupError("no answer to k3y-of-the-bazaar") from error


class BreaksForOne(products.SendInsertedProducts):
    async def send(self, rows: list[Product]) -> Any:
        return Completed(tuple(await self.for_each(rows, self.one, "send")))

    async def one(self, product: Product) -> Any:
        remote_ids = {"": "R2"}
        return self.accepted(product.sku, remote_id=remote_ids[product.name])


@pytest.mark.parametrize(
    ("command", "text"), [(BreaksBefore, "product.attributes"), (BreaksInSend, "raise LookupError")]
)
async def test_an_exception_stops_the_call_and_names_its_line(
    world: World, monkeypatch: pytest.MonkeyPatch, command: Any, text: str
) -> None:
    use_connector(world, f"{__name__}:Breaking")
    monkeypatch.setattr(Breaking, "actions", commands_of(command))
    summary = await attempt(world, insert_products)
    assert f"({line_of(command, text)}, in " in (summary.reason or "")
    assert SECRET not in (summary.reason or "")


async def test_an_exception_about_one_item_fails_that_item_with_its_line(bazaar: Bazaar) -> None:
    command = BreaksForOne(bazaar, objects=PRODUCTS)
    outcome = await command.run()
    assert [result.remote_id for result in outcome.results] == ["R2"]  # type: ignore[union-attr]
    (failure,) = command.failures
    assert line_of(BreaksForOne, "remote_ids[product.name]") in failure.message
    assert "Ada" not in failure.message


@pytest.mark.parametrize(
    ("command", "line"), [(BreaksInSend, "raise LookupError"), (BreaksForOne, "remote_ids[product.name]")]
)
async def test_the_whole_trace_is_in_the_log_at_debug_and_masked(
    bazaar: Bazaar, caplog: pytest.LogCaptureFixture, command: Any, line: str
) -> None:
    with caplog.at_level(logging.DEBUG, "channel_app"), suppress(UnforeseenError):
        await _run(Envelope((command, bazaar, {"objects": PRODUCTS})))
    (record,) = [record for record in caplog.records if record.levelno == logging.DEBUG]
    number = line_of(command, line).rpartition(" ")[2]
    assert f'{HERE}", line {number}' in record.getMessage()
    assert SECRET not in record.getMessage() and "Ada" not in record.getMessage()


async def test_no_trace_is_made_above_debug(bazaar: Bazaar, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "channel_app"):
        await BreaksForOne(bazaar, objects=PRODUCTS).run()
    assert "Traceback" not in caplog.text and HERE not in caplog.text


class Unready(ChannelIntegration):
    name = "unready"
    actions: ClassVar = commands_of(SendsNew)

    def connect(self) -> None:
        raise KeyError("seller")


async def test_an_exception_while_the_connector_opens_names_its_line_and_has_its_trace(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    use_connector(world, f"{__name__}:Unready")
    with caplog.at_level(logging.DEBUG, "channel_app"):
        summary = await attempt(world, insert_products)
    place = line_of(Unready, "raise KeyError")
    assert f"({place}, in connect)" in (summary.reason or "")
    assert any(
        place.replace(",", '",') in record.getMessage() for record in caplog.records if record.levelname == "DEBUG"
    )
    assert batches(world) == []
