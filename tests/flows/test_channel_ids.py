"""With `add_channel_ids`, a product comes with the channel's ids that the setup has bound in Omnitron."""

from typing import Any, ClassVar

import pytest

from deployments.sandbox.base import vocabulary as words
from deployments.sandbox.hub.tables import Row
from dto.enums import ContentType
from dto.omnitron import IntegrationAction, MappedAttributeValue
from dto.omnitron_setup import AttributeValue
from flows.product import insert_and_update_products, insert_products
from flows.setup import create_or_update_attributes, create_or_update_category_tree_and_nodes
from tasks.channel import AttributeIds, Product, commands_of
from tasks.channel.sandbox import ChannelIntegration as Sandbox
from tasks.channel.sandbox.products import SendInsertedProducts
from tasks.omnitron.catalogue.channel_ids import _Vocabulary
from tests.world.loopback import Misprint, World
from tests.world.shop import asked, reports, requests_of, run, use_connector

SENT: list[Product] = []
"""The products that the connector was handed."""


class _SendsByIds(SendInsertedProducts):
    """Of a channel that wants ids in place of names."""

    def validated_data(self, data: list[Product]) -> list[Product]:
        SENT.extend(data)
        return data


class ById(Sandbox):
    name = "by id"
    actions: ClassVar = {**Sandbox.actions, **commands_of(_SendsByIds)}


async def world_of(*, count: int = 8, tree: bool = True, attributes: bool = True) -> World:
    """A shop whose setup has run."""
    SENT.clear()
    world = World(products=count, failing=0)
    use_connector(world, f"{__name__}:ById")
    if tree:
        await run(world, create_or_update_category_tree_and_nodes)
    if attributes:
        await run(world, create_or_update_attributes)
    return world


def ids_of(product: Product) -> dict[str, AttributeIds]:
    assert product.mapped_attributes and product.mapped_attributes.ids is not None
    return {each.name: each for each in product.mapped_attributes.ids}


def attribute_key(world: World, name: str) -> int:
    pk: int = next(row["pk"] for row in world.setup.attributes.table if row["name"] == name)
    return pk


def unbind(world: World, content_type: ContentType, pk: int) -> None:
    """The merchant has this, and the setup has not bound it."""
    (action,) = [
        row for row in world.ledger.actions if row["content_type"]["model"] == content_type and row["object_id"] == pk
    ]
    world.ledger.actions.remove(action["pk"])


def value_of(world: World, attribute: str, label: str) -> Row:
    key = attribute_key(world, attribute)
    return next(row for row in world.setup.values.table if row["attribute"] == key and row["label"] == label)


# -- a run after the setup ---------------------------------------------------------------------------------------------


async def test_a_connector_gets_the_ids_of_attributes_values_and_categories() -> None:
    """The same as on the marketplace itself, which numbers the values of each attribute from 1."""
    world = await world_of()
    summary = await run(world, insert_products, add_channel_ids=True)
    assert (summary.failures, len(SENT)) == ({}, 8)
    offered = world.market.assortment
    features = {feature.name: feature for feature in offered.features.values()}
    categories = {category.id: category.name for category in offered.categories.values()}
    for product in SENT:
        mapped = product.mapped_attributes
        assert mapped
        found = ids_of(product)
        assert {name: each.value for name, each in found.items()} == mapped.mapped_attributes
        for name in (words.COLOUR, words.SIZE, words.GENDER):
            value_id, value = found[name].value_id, found[name].value
            assert value_id is not None and features[name].values[value_id] == value
        assert found[words.BARCODE].value_id is None  # free text
        assert product.category_nodes
        assert {categories[str(node.remote_id)] for node in product.category_nodes} <= {
            node.name for node in product.category_nodes
        }


async def test_ids_are_read_once_a_run_and_not_for_each_product() -> None:
    """In several batches: a list of values for each attribute, and the categories with each batch."""
    world = await world_of(count=40)
    with requests_of(world) as seen:
        await run(world, insert_products, add_channel_ids=True, batch_size=10)
    asked_for = [request.url.params.get("attribute") for request in seen if "attribute_values" in request.url.path]
    named = {name for pk in world.products.rows for name in world.goods.mapping(pk)["mapped_attributes"]}
    assert len(SENT) == 40
    assert sorted(asked_for) == sorted(str(attribute_key(world, name)) for name in named)
    nodes = [request for request in seen if request.url.params.get("content_type_name") == ContentType.category_node]
    assert len(nodes) == 4


async def test_without_the_parameter_nothing_is_asked_and_nothing_attached() -> None:
    world = await world_of()
    before = len(asked(world))
    await run(world, insert_products)
    assert not [path for _, path in asked(world)[before:] if "attribute_values" in path]
    for product in SENT:
        assert product.mapped_attributes and product.mapped_attributes.ids is None
        assert {node.remote_id for node in product.category_nodes or ()} == {None}


async def test_only_what_is_attached_has_ids() -> None:
    world = await world_of(count=2)
    summary = await run(world, insert_and_update_products, add_mapped=False, add_categories=False, add_channel_ids=True)
    assert (summary.failures, len(SENT)) == ({}, 2)
    assert SENT[0].mapped_attributes is None and SENT[0].category_nodes is None


async def test_a_value_that_the_hub_lists_for_another_attribute_is_not_taken() -> None:
    """A filter that a hub does not know is no filter."""
    world = await world_of(count=2)
    colours = {world.goods.mapping(pk)["mapped_attributes"][words.COLOUR] for pk in world.products.rows}
    other = attribute_key(world, words.BARCODE)
    world.misprints.append(
        Misprint("/attribute_values/", lambda row: row.get("label") in colours, lambda row: row.update(attribute=other))
    )
    summary = await run(world, insert_products, add_channel_ids=True)
    assert summary.failures == {"ChannelIdNotFound": 2}


# -- what the setup has not bound --------------------------------------------------------------------------------------


async def test_a_required_value_that_is_not_bound_fails_its_product_alone() -> None:
    """The reason names sku, value, attribute, and the next step."""
    world = await world_of()
    colours = {world.goods.mapping(pk)["mapped_attributes"][words.COLOUR] for pk in world.products.rows}
    lost = min(colours)
    unbind(world, ContentType.attribute_value, value_of(world, words.COLOUR, lost)["pk"])
    summary = await run(world, insert_products, add_channel_ids=True)
    having = [pk for pk in world.products.rows if world.goods.mapping(pk)["mapped_attributes"][words.COLOUR] == lost]
    assert summary.failures == {"ChannelIdNotFound": len(having)}
    assert len(SENT) == 8 - len(having)
    said = [
        report["error_desc"]
        for report in reports(world)
        if f"has `{lost}` for `{words.COLOUR}`" in report["error_desc"]
    ]
    assert len(said) == len(having)
    assert "run the flow that sets up attributes" in said[0]


async def test_an_optional_value_that_is_not_bound_has_no_id() -> None:
    world = await world_of()
    origins = {world.goods.mapping(pk)["mapped_attributes"][words.ORIGIN] for pk in world.products.rows}
    for origin in origins:
        unbind(world, ContentType.attribute_value, value_of(world, words.ORIGIN, origin)["pk"])
    summary = await run(world, insert_products, add_channel_ids=True)
    assert (summary.failures, len(SENT)) == ({}, 8)
    assert {ids_of(product)[words.ORIGIN].value_id for product in SENT} == {None}
    assert None not in {ids_of(product)[words.ORIGIN].attribute_id for product in SENT}


async def test_products_in_categories_that_are_not_bound_fail_with_the_flow_to_run() -> None:
    world = await world_of(count=2, tree=False)
    summary = await run(world, insert_products, add_channel_ids=True)
    assert (summary.failures, SENT) == ({"ChannelIdNotFound": 2}, [])
    assert any("create_or_update_category_tree_and_nodes" in report["error_desc"] for report in reports(world))


async def test_after_the_setup_a_failed_product_is_sent() -> None:
    world = await world_of(count=2, attributes=False)
    assert (await run(world, insert_products, add_channel_ids=True)).failures == {"ChannelIdNotFound": 2}
    await run(world, create_or_update_attributes)
    world.clock.advance(24 * 3_600)
    assert (await run(world, insert_products, add_channel_ids=True)).failures == {}
    assert len(SENT) == 2


# -- one value among others --------------------------------------------------------------------------------------------


def row(pk: int, value: str, label: str) -> AttributeValue:
    return AttributeValue(pk=pk, attribute=5, value=value, label=label)


def action(pk: int, remote_id: str) -> IntegrationAction:
    return IntegrationAction.model_validate(
        {
            "pk": pk,
            "content_type": {"model": "marketplaceattributevalue"},
            "object_id": pk,
            "remote_id": remote_id,
            "status": "success",
        }
    )


def rules(**fields: Any) -> MappedAttributeValue:
    return MappedAttributeValue(**{"attribute_name": "Beden", "attribute_remote_id": 22, "is_required": True, **fields})


SIZES = _Vocabulary((), [row(1, "36", "44"), row(2, "7", "36")], [action(1, "36"), action(2, "7")])
"""A channel with numbers for ids, which are also the names of other values."""


@pytest.mark.parametrize(
    ("value", "label", "found"),
    [("36", "36", "7"), ("36", "44", "36"), ("36", None, "7"), ("44", None, "36"), ("48", "48", None), (36, None, "7")],
)
def test_a_value_is_known_by_its_label_and_not_taken_for_another_ones_id(
    value: Any, label: Any, found: str | None
) -> None:
    ids, _ = SIZES.ids_of(rules(label=label), value)
    assert (ids.attribute_id, ids.value_id) == ("22", found)


def test_a_value_is_recognised_in_another_spelling() -> None:
    colours = _Vocabulary((), [row(1, "1", "KIRMIZI")], [action(1, "r-1")])
    assert colours.ids_of(rules(), " kırmızı ")[0].value_id == "r-1"


def test_of_two_values_with_one_label_the_value_itself_decides_or_nothing() -> None:
    twins = _Vocabulary((), [row(1, "1", "Red"), row(2, "2", "Red")], [action(1, "1"), action(2, "2")])
    assert twins.ids_of(rules(label="Red"), "2")[0].value_id == "2"
    ids, problem = twins.ids_of(rules(label="Red"), "Red")
    assert ids.value_id is None and problem and "several values" in problem


def test_an_attribute_without_an_id_in_its_set_has_that_of_its_action() -> None:
    own = action(5, "attr-5")
    assert _Vocabulary([own]).ids_of(rules(attribute_remote_id=None, is_custom=True), "x") == (
        AttributeIds(name="Beden", value="x", attribute_id="attr-5"),
        None,
    )
    ids, problem = _Vocabulary().ids_of(rules(attribute_remote_id=None), "x")
    assert ids.attribute_id is None and problem and "not bound" in problem
