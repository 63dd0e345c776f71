"""The type checker knows a command's integration and parameters: mistakes show in the author's editor."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.house.sources import ROOT

pytestmark = pytest.mark.slow

CONNECTOR = """
from datetime import datetime
from typing import reveal_type

from dto.omnitron import Product
from flows.plan import reading, step
from tasks.channel.integration import ChannelIntegration
from tasks.channel.orders import GetOrders
from tasks.channel.products import SendInsertedProducts
from tasks.omnitron.catalogue.mapping import GetMappedProducts
from tasks.omnitron.catalogue.product_offers import GetProductStocks
from tasks.omnitron.catalogue.products import GetInsertedProducts
from tasks.omnitron.command import OmnitronCommand
from tasks.omnitron.integration import OmnitronIntegration


class Bazaar(ChannelIntegration):
    key_of_the_shop: str = "k"


class SendProducts(SendInsertedProducts[Bazaar]):
    def send(self, products: list[Product]) -> str:
        reveal_type(self.integration)  # is "Bazaar"
        self.integration.key_of_the_shp  # error: no attribute "key_of_the_shp"
        return self.integration.key_of_the_shop


class Tag(OmnitronCommand[list[Product], list[str]]):
    key = "tag"
    colour: str

    async def send(self, products: list[Product]) -> list[str]:
        reveal_type(self.integration.client.batches.url(1))  # is "str"
        return []


async def main(hub: OmnitronIntegration, bazaar: Bazaar, products: list[Product]) -> None:
    reveal_type(await hub.do_action(GetInsertedProducts, limit=3))  # is "Due[Product]"
    reveal_type(await hub.do_action(GetMappedProducts, objects=products))  # is "list[Product]"
    reveal_type(await hub.do_action("get_mapped_products", objects=products))  # is "Any"
    await hub.do_action(Tag, objects=products, colour="red")
    await hub.do_action(GetInsertedProducts, limt=3)  # error: No overload
    await hub.do_action(GetInsertedProducts, limit="3")  # error: No overload
    await hub.do_action(GetMappedProducts)  # error: No overload
    await hub.do_action(GetMappedProducts, objects=["sku"])  # error: No overload
    await hub.do_action(Tag, objects=products)  # error: No overload
    await hub.do_action(SendProducts, objects=products)  # error: No overload
    await bazaar.do_action(GetMappedProducts, objects=products)  # error: No overload
    await bazaar.do_action(GetOrders)  # error: No overload
    await bazaar.do_action(GetOrders, since=datetime.now())
    step(GetProductStocks, filter_out_of_stock_products=True)
    step(GetProductStocks, filter_out_of_stock=True)  # error: Unexpected keyword argument
    step(GetInsertedProducts)  # error: has incompatible type
    reading(GetInsertedProducts, language="tr")
    reading(GetInsertedProducts, language=7)  # error: incompatible type
"""


def test_each_mistake_is_an_error_on_its_line_and_nothing_else_is(tmp_path: Path) -> None:
    module = tmp_path / "bazaar.py"
    module.write_text(CONNECTOR, encoding="utf-8")
    command = [sys.executable, "-m", "mypy", "--config-file", str(ROOT / "pyproject.toml"), str(module)]
    told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False).stdout
    found: dict[int, str] = {}
    for number, kind, text in re.findall(r"bazaar\.py:(\d+): (error|note): (.*)", told):
        if kind == "error" or "Revealed type" in text:
            found.setdefault(int(number), f"{kind}: {text}")
    for number, line in enumerate(CONNECTOR.splitlines(), 1):
        message = found.pop(number, "")
        if "# error: " in line:
            assert line.partition("# error: ")[2] in message, f"line {number}: {line.strip()}\n{told}"
        elif "# is " in line:
            revealed = re.sub(r"\b(\w+\.)+", "", message.partition("Revealed type is ")[2])
            assert revealed == line.partition("# is ")[2], f"line {number}: {line.strip()}\n{message}"
        else:
            assert message == "", f"line {number}: {line.strip()}\n{message}"
    assert found == {}
