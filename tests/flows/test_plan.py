"""The plan of a sending flow: mistakes in it show when it is made, and those of an override when a run starts."""

from typing import Any, ClassVar

import pytest

from clients.errors import ConfigError
from dto.omnitron import Product
from flows.plan import Reading, Step
from flows.product import insert_products
from flows.run import RunFailedError
from flows.stages import merged
from tasks.omnitron.catalogue.mapping import GetMappedProducts
from tasks.omnitron.catalogue.products import GetInsertedProducts
from tasks.omnitron.command import OmnitronCommand
from tasks.omnitron.integration import OmnitronIntegration
from tests.world.loopback import World
from tests.world.shop import run, writes


class Mapped(OmnitronCommand[list[Product], list[Product]]):
    """An override that does not derive from the enrichment in whose place it stands."""

    key = "get_mapped_products"
    language: str | None = None


class AttachesNothing(OmnitronIntegration):
    actions: ClassVar = {**OmnitronIntegration.actions, "get_mapped_products": Mapped}


@pytest.mark.parametrize(
    "make",
    [lambda: Step(GetMappedProducts, {"langauge": "tr"}), lambda: Reading(GetInsertedProducts, {"langauge": "tr"})],
)
def test_a_misspelt_parameter_is_an_error_when_the_plan_is_made(make: Any) -> None:
    with pytest.raises(ConfigError, match=r"has no parameter `langauge`\. It takes: .*language"):
        make()


async def test_an_override_that_does_not_say_what_it_attaches_stops_the_run_before_anything_is_written() -> None:
    world = World(products=2, failing=0)
    world.settings = world.settings.model_copy(update={"OMNITRON_MODULE": f"{__name__}:AttachesNothing"})
    with pytest.raises(RunFailedError, match="Mapped takes the place of `get_mapped_products`, but does not say which"):
        await run(world, insert_products)
    assert writes(world) == []


def test_objects_take_the_fields_of_each_answer_and_only_those() -> None:
    """Two enrichments worked side by side on the same products; one kept the first alone."""
    products = [Product(pk=1, sku="a", name="A"), Product(pk=2, sku="b", name="B")]
    mapped = [product.model_copy(update={"category_nodes": [], "name": "changed"}) for product in products]
    priced = [products[0].model_copy(update={"productprice": "price"})]
    (kept,) = merged(products, [(("category_nodes",), mapped), (("productprice",), priced)])
    assert (kept.pk, kept.name, kept.category_nodes, kept.productprice) == (1, "A", [], "price")
