"""Names of categories, attributes and values are recognised in every spelling, and stored as they were written first."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dto.setup import (
    AttributeDto,
    AttributeValueDto,
    CategoryAttributeDto,
    CategoryAttributeValueDto,
    CategoryDto,
    CategoryNodeDto,
    CategoryTreeDto,
)
from tasks.omnitron.setup.category_tree import CreateOrUpdateCategoryTreeAndNodes, GetCategoryIds
from tasks.omnitron.setup.changes import Changes
from tests.harness.hostile import some
from tests.harness.setup_scenarios import TREE, bound, small_world
from tests.world.driving import run
from tests.world.loopback import World
from tests.world.shop import Row, assert_clean, opened, writes
from tests.world.writing import NAMES, variants

ATTRIBUTES = ("create_or_update_attributes", "bulk_create_or_update_attributes")
CATEGORIES = ("create_or_update_category_attributes", "bulk_create_or_update_category_attributes")
BOTH_WAYS = pytest.mark.parametrize("is_bulk", [False, True], ids=["row by row", "in bulk"])


async def put(world: World, is_bulk: bool, *attributes: AttributeDto) -> Changes:
    """Brings attributes into Omnitron."""
    async with opened(world, create_batch=False) as hub:
        changes: Changes = await hub.do_action(ATTRIBUTES[is_bulk], objects=attributes)
    return changes


async def put_categories(world: World, is_bulk: bool, *attributes: list[CategoryAttributeDto]) -> Changes:
    """Brings the attributes of the world's categories into Omnitron."""
    async with opened(world, create_batch=False) as hub:
        actions = await hub.do_action(GetCategoryIds)
        pairs = [
            (action, CategoryDto(str(action.remote_id), f"Kategori {action.remote_id}", asked))
            for action, asked in zip(actions, attributes, strict=False)
        ]
        changes: Changes = await hub.do_action(CATEGORIES[is_bulk], objects=pairs)
    return changes


def attribute(name: str, remote_id: str, **values: str) -> AttributeDto:
    """An attribute whose values have ids of their own."""
    return AttributeDto(remote_id, name, [AttributeValueDto(key, text) for key, text in values.items()])


def texts(name: str, remote_id: str, *values: str) -> AttributeDto:
    """An attribute of a channel whose values have no ids but their names."""
    return AttributeDto(remote_id, name, [AttributeValueDto(text, text) for text in values])


def own_attributes(world: World) -> list[Row]:
    """The attributes that a test made; the shop has others."""
    return [row for row in world.setup.attributes.table if row["pk"] in _bound(world, "marketplaceattribute")]


def own_values(world: World) -> list[str]:
    """The labels of all values."""
    return [row["label"] for row in world.setup.values.table]


def _bound(world: World, model: str) -> set[int]:
    return {pk for keys in bound(world, model).values() for pk in keys}


@BOTH_WAYS
@some
@given(st.data(), st.sampled_from(NAMES))
async def test_an_attribute_and_its_values_are_recognised_in_every_spelling(
    is_bulk: bool, data: st.DataObject, name: str
) -> None:
    """Under another id of the channel as well: one row of each, with the first spelling, and no second write."""
    world = small_world(bulk=is_bulk)
    first = texts(name, "1", "Kırmızı", "Açık Mavi")
    again = texts(data.draw(variants(name)), "2", data.draw(variants("Açık Mavi")), data.draw(variants("Kırmızı")))
    await put(world, is_bulk, first)
    written = len(writes(world))
    assert (await put(world, is_bulk, again)).counts == {"unchanged": 1}
    assert len(writes(world)) == written
    assert [row["name"] for row in own_attributes(world)] == [name]
    assert own_values(world) == ["Kırmızı", "Açık Mavi"]
    assert_clean(world)


@BOTH_WAYS
@some
@given(st.data())
async def test_two_categories_that_spell_one_attribute_differently_share_it(is_bulk: bool, data: st.DataObject) -> None:
    """In one run, whichever comes first; a second run changes nothing."""
    world = small_world(bulk=is_bulk)
    await run(world, TREE)
    red, green = data.draw(variants("Kırmızı")), data.draw(variants("Kırmızı"))
    names = [data.draw(variants("Renk Tonu")) for _ in range(3)]
    asked = [
        [CategoryAttributeDto(str(number), name, True, False, False, [CategoryAttributeValueDto(text, text)])]
        for number, (name, text) in enumerate(zip(names, ("Kırmızı", red, green), strict=True))
    ]
    await put_categories(world, is_bulk, *asked)
    assert (await put_categories(world, is_bulk, *asked)).counts == {"unchanged": 3, "touched": 3}
    assert len(own_attributes(world)) == len(own_values(world)) == 1
    assert own_attributes(world)[0]["name"] in {name.strip() for name in names}
    assert_clean(world)


@BOTH_WAYS
async def test_ids_that_differ_in_case_are_two_values(is_bulk: bool) -> None:
    """They are the channel's, and a machine wrote them."""
    world = small_world(bulk=is_bulk)
    await put(world, is_bulk, attribute("Renk Tonu", "1", aB="Açık", Ab="Koyu"))
    assert own_values(world) == ["Açık", "Koyu"]


@BOTH_WAYS
async def test_new_names_are_stored_as_written(is_bulk: bool) -> None:
    """Outer blanks aside, which Omnitron does not keep."""
    world = small_world(bulk=is_bulk)
    await put(world, is_bulk, attribute(" renk  TONU", "1", x="kırmızı "))
    assert ([row["name"] for row in own_attributes(world)], own_values(world)) == (["renk  TONU"], ["kırmızı"])


@BOTH_WAYS
async def test_a_channel_that_corrects_its_spelling_is_followed(is_bulk: bool) -> None:
    """The attribute keeps its schema, which the merchant may have filled in."""
    world = small_world(bulk=is_bulk)
    await put(world, is_bulk, attribute("renk tonu", "1", x="kırmızı"))
    schemas = len(world.setup.schemas.table)
    await put(world, is_bulk, attribute("Renk Tonu", "1", x="Kırmızı"))
    assert ([row["name"] for row in own_attributes(world)], own_values(world)) == (["Renk Tonu"], ["Kırmızı"])
    if not is_bulk:  # in bulk, the hub takes care of schemas
        assert len(world.setup.schemas.table) == schemas
    written = len(writes(world))
    await put(world, is_bulk, attribute("Renk Tonu", "1", x="Kırmızı"))
    assert len(writes(world)) == written


@BOTH_WAYS
async def test_a_name_that_fits_two_attributes_fails_alone_and_names_them(is_bulk: bool) -> None:
    """One that is written exactly is found."""
    world = small_world(bulk=is_bulk)
    await put(world, is_bulk, attribute("Beden", "5"))
    first, second = (
        world.setup.attributes.create({"name": name, "channel": 6})["pk"] for name in ("Renk Tonu", "RENK TONU")
    )
    changes = await put(world, is_bulk, attribute("renk tonu", "9"), attribute("Kumaş Türü", "10"))
    assert (changes.counts["failed"], changes.counts["created"]) == (1, 1)
    (failure,) = changes.failures
    assert failure.code == "NameAmbiguous"
    assert f"`Renk Tonu` ({first}), `RENK TONU` ({second})" in failure.message
    assert (await put(world, is_bulk, attribute("RENK TONU", "9"))).counts["failed"] == 0
    assert bound(world, "marketplaceattribute")["9"] == [second]


@BOTH_WAYS
async def test_a_value_that_fits_two_fails_with_its_attribute(is_bulk: bool) -> None:
    world = small_world(bulk=is_bulk)
    await put(world, is_bulk, texts("Renk Tonu", "1", "Kırmızı"))
    (row,) = own_attributes(world)
    world.setup.values.create({"attribute": row["pk"], "label": "KIRMIZI", "value": "KIRMIZI", "channel": 6})
    changes = await put(world, is_bulk, texts("Renk Tonu", "1", "kırmızı"), texts("Kumaş Türü", "2", "Keten"))
    assert (changes.counts["failed"], changes.counts["created"]) == (1, 1)
    assert "`kırmızı` may be any of 2 values in Omnitron: `Kırmızı`" in changes.failures[0].message


ROWS: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("create_or_update_channel_attribute", {"name": "Kırmızı"}, {"name": " KIRMIZI"}),
    (
        "create_or_update_channel_attribute",
        {"name": "Kırmızı", "remote_id": "1"},
        {"name": "kirmizi", "remote_id": "2"},
    ),
    ("get_or_create_channel_attribute_schema", {"name": "Kırmızı Schema"}, {"name": "KIRMIZI"}),
    (
        "create_or_update_channel_attribute_value",
        {"attribute": 123, "label": "Kırmızı", "value": "Kırmızı", "remote_id": "Kırmızı"},
        {"attribute": "123", "label": "kırmızı ", "value": "kırmızı ", "remote_id": "kırmızı "},
    ),
]


@pytest.mark.parametrize(("key", "first", "second"), ROWS)
async def test_a_single_row_is_recognised_in_another_spelling(
    key: str, first: dict[str, Any], second: dict[str, Any]
) -> None:
    """By the same run and by another one, without a write."""
    world = small_world()
    async with opened(world, create_batch=False) as hub:
        (made,) = await hub.do_action(key, objects=first)
        written = len(writes(world))
        (same,) = await hub.do_action(key, objects=second)
    async with opened(world, create_batch=False) as hub:
        (later,) = await hub.do_action(key, objects=second)
    assert made.pk == same.pk == later.pk
    assert len(writes(world)) == written


async def test_names_are_read_once_for_all_new_rows_of_a_run() -> None:
    """A new row is looked for exactly, and compared with what was read before."""
    world = small_world()
    async with opened(world, create_batch=False) as hub:
        for number in range(5):
            await hub.do_action("create_or_update_channel_attribute", objects={"name": f"Yeni {number}"})
        (same,) = await hub.do_action("create_or_update_channel_attribute", objects={"name": "YENİ 3"})
    assert same.name == "Yeni 3"
    reads = [path for method, path, _ in world.hub.requests if method == "GET" and path.endswith("/attributes/")]
    assert len(reads) == 5 + 1 + 1


# -- categories --------------------------------------------------------------------------------------------------------


def tree(*names: str) -> CategoryTreeDto:
    """A tree of categories side by side."""
    children = [CategoryNodeDto(name=name, remote_id=str(number), children=[]) for number, name in enumerate(names, 1)]
    return CategoryTreeDto(root=CategoryNodeDto(name="root", remote_id=None, children=children))


async def planted(world: World, *names: str) -> list[int]:
    """Nodes that the merchant made in the channel's tree."""
    await grow(world, tree("Other"))
    root = world.setup.nodes.trees[world.channel["category_tree"]]["category_root"]["pk"]
    return [world.setup.nodes.create({"name": name, "node": root})["pk"] for name in names]


async def grow(world: World, wanted: CategoryTreeDto) -> Changes:
    """Brings a tree into Omnitron."""
    async with opened(world, create_batch=False) as hub:
        return await hub.do_action(CreateOrUpdateCategoryTreeAndNodes, objects=wanted)


@some
@given(st.data(), st.sampled_from(NAMES))
async def test_a_node_of_the_merchant_is_taken_in_every_spelling_and_gets_the_channels(
    data: st.DataObject, name: str
) -> None:
    """No second node is made, and a second run writes nothing."""
    world = small_world()
    (node,) = await planted(world, data.draw(variants(name)).strip())
    await grow(world, tree("Other", name))
    assert bound(world, "categorynode")["2"] == [node]
    assert world.setup.nodes.table[node]["name"] == name
    written = len(writes(world))
    assert (await grow(world, tree("Other", name))).counts == {"unchanged": 2}
    assert len(writes(world)) == written
    assert_clean(world)


async def test_a_node_is_not_taken_from_the_category_that_has_exactly_its_name() -> None:
    world = small_world()
    (node,) = await planted(world, "BOT")
    await grow(world, tree("Other", "Bot", "BOT"))
    assert bound(world, "categorynode")["3"] == [node]


async def test_of_two_nodes_that_are_alike_none_is_guessed() -> None:
    """The category gets a node of its own, with its own name."""
    world = small_world()
    nodes = await planted(world, "BOT", "bot")
    await grow(world, tree("Other", "Bot"))
    (made,) = bound(world, "categorynode")["2"]
    assert made not in nodes
    assert world.setup.nodes.table[made]["name"] == "Bot"
