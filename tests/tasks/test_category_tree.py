"""Category trees of every shape become nodes, each once, under names that Omnitron takes."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deployments.sandbox.base.faults import Fault
from dto.setup import CategoryNodeDto, CategoryTreeDto
from tasks.omnitron.setup.category_tree import (
    CreateOrUpdateCategoryTreeAndNodes,
    GetCategoryIds,
    GetLeafCategoryNodeIds,
)
from tasks.omnitron.setup.changes import Changes
from tests.harness.setup_scenarios import bound, small_world
from tests.world.loopback import World
from tests.world.shop import asked, assert_clean, opened, writes


def node(name: str, remote_id: str | None, *children: CategoryNodeDto) -> CategoryNodeDto:
    return CategoryNodeDto(name=name, remote_id=remote_id, children=list(children))


def tree(*children: CategoryNodeDto) -> CategoryTreeDto:
    return CategoryTreeDto(root=node("root", None, *children))


async def put(world: World, wanted: CategoryTreeDto) -> Changes:
    """Brings a tree into Omnitron."""
    async with opened(world, create_batch=False) as hub:
        return await hub.do_action(CreateOrUpdateCategoryTreeAndNodes, objects=wanted)


def names(world: World) -> dict[str, str]:
    """The name of each bound category's node."""
    table = world.setup.nodes.table
    return {remote_id: table[keys[0]]["name"] for remote_id, keys in bound(world, "categorynode").items()}


def parents(world: World) -> dict[str, str | None]:
    """The category above each category; none at the top."""
    nodes = world.setup.nodes
    by_node = {keys[0]: remote_id for remote_id, keys in bound(world, "categorynode").items()}
    return {remote_id: by_node.get(nodes.parent(pk) or 0) for pk, remote_id in by_node.items()}


@pytest.fixture
def world() -> World:
    return small_world()


async def test_two_categories_of_one_name_below_one_parent_both_get_a_node(world: World) -> None:
    """The second carries its remote id in its name; a second run changes nothing."""
    wanted = tree(node("Ayakkabı", "1", node("Bot", "11")), node("Ayakkabı", "2", node("Bot", "21")))
    assert (await put(world, wanted)).counts == {"created": 4}
    assert names(world) == {"1": "Ayakkabı", "2": "Ayakkabı (2)", "11": "Bot", "21": "Bot"}
    assert parents(world) == {"1": None, "2": None, "11": "1", "21": "2"}
    written = len(writes(world))
    assert (await put(world, wanted)).counts == {"unchanged": 4}
    assert (await put(world, tree(*reversed(wanted.root.children)))).counts == {"unchanged": 4}
    assert len(writes(world)) == written


@pytest.mark.parametrize(
    ("bad", "code"),
    [
        (("Bot", None), "NoRemoteId"),
        (("Bot", ""), "NoRemoteId"),
        (("Bot", " "), "NoRemoteId"),
        (("Bot", "9\ud83d"), "NoRemoteId"),
        ((" ", "9"), "NoName"),
        (("Bot", "1"), "DuplicatedRemoteId"),
    ],
)
async def test_a_category_that_cannot_be_told_is_left_out_with_what_is_below(
    world: World, bad: tuple[str, str | None], code: str
) -> None:
    """One report for all of them; the others arrive."""
    changes = await put(world, tree(node("Ayakkabı", "1"), node(*bad, node("Kar Botu", "91")), node("Çanta", "2")))
    assert changes.counts == {"created": 2, "failed": 2}
    (failure,) = changes.failures
    assert failure.code == code
    assert "1 categories below it" in failure.message
    assert set(names(world)) == {"1", "2"}


async def test_a_circle_ends(world: World) -> None:
    """A connector that hangs a category below itself."""
    one, two = node("Bir", "1"), node("İki", "2")
    one.children.append(two)
    two.children.append(one)
    changes = await put(world, tree(one))
    assert changes.counts["created"] == 2
    assert [failure.code for failure in changes.failures] == ["DuplicatedRemoteId"]


async def test_a_refused_category_takes_only_those_below_with_it(world: World) -> None:
    """Its report says how many."""
    long = "x" * 256
    changes = await put(world, tree(node(long, "1", node("A", "11", node("B", "111"))), node("Çanta", "2")))
    assert changes.counts == {"created": 1, "failed": 3}
    (failure,) = changes.failures
    assert (failure.code, "2 categories below" in failure.message) == ("Refused", True)
    assert (await put(world, tree(node("Kısa", "1", node("A", "11", node("B", "111")))))).counts == {"created": 3}


async def test_a_tree_of_a_thousand_levels(world: World) -> None:
    """Nothing here calls itself for each level."""
    wanted = tree(node("0", "0"))
    deepest = wanted.root.children[0]
    for level in range(1, 1_000):
        deepest.children.append(node(str(level), str(level)))
        deepest = deepest.children[0]
    assert (await put(world, wanted)).counts == {"created": 1_000}
    assert (await put(world, wanted)).counts == {"unchanged": 1_000}


async def test_a_renamed_category_is_renamed_in_place(world: World) -> None:
    await put(world, tree(node("Ayakkabı", "1")))
    before = bound(world, "categorynode")
    assert (await put(world, tree(node(" Ayakkabılar ", "1")))).counts == {"changed": 1}
    assert (names(world), bound(world, "categorynode")) == ({"1": "Ayakkabılar"}, before)


async def test_names_that_change_places_settle(world: World) -> None:
    """For a moment one of them carries its remote id."""
    await put(world, tree(node("Sağ", "1"), node("Sol", "2")))
    changed = tree(node("Sol", "1"), node("Sağ", "2"))
    await put(world, changed)
    await put(world, changed)
    last = await put(world, changed)
    assert names(world) == {"1": "Sol", "2": "Sağ"}
    assert last.counts == {"unchanged": 2}


async def test_a_category_that_comes_back_under_another_id_keeps_its_node(world: World) -> None:
    """And with it what the merchant has mapped."""
    await put(world, tree(node("Bot", "1")))
    (kept,) = bound(world, "categorynode")["1"]
    assert (await put(world, tree(node("Bot", "7")))).counts == {"changed": 1}
    assert bound(world, "categorynode") == {"7": [kept]}


async def test_a_node_that_was_deleted_in_omnitron_is_made_anew(world: World) -> None:
    """Its old binding goes."""
    wanted = tree(node("Bot", "1"))
    await put(world, wanted)
    (gone,) = bound(world, "categorynode")["1"]
    nodes = world.setup.nodes
    parent = nodes.parent(gone)
    assert parent is not None
    nodes.table.remove(gone)
    del nodes._children[parent]["Bot"]
    assert (await put(world, wanted)).counts == {"created": 1}
    (new,) = bound(world, "categorynode")["1"]
    assert new != gone


async def test_a_tree_that_a_dead_run_made_is_used(world: World) -> None:
    """The channel did not know of it yet."""
    world.hub.faults.add(Fault("status", "PATCH", "/channels/6/", times=None))
    with pytest.raises(Exception, match="503"):
        await put(world, tree(node("Bot", "1")))
    world.hub.faults.clear()
    await put(world, tree(node("Bot", "1")))
    assert len(world.goods.trees) == 3  # two of the shop, and this one


async def test_a_node_of_the_name_in_other_letters_is_taken(world: World) -> None:
    """Where Omnitron takes both for the same and refuses the second."""
    await put(world, tree(node("Çanta", "9")))
    setup = world.setup
    tree_pk = world.channel["category_tree"]
    root = setup.nodes.trees[tree_pk]["category_root"]["pk"]
    made = setup.nodes.create({"name": "BOT", "node": root})
    world.hub.faults.add(Fault("status", "POST", "category_nodes", times=None, status=400))
    assert (await put(world, tree(node("Çanta", "9"), node("Bot", "1")))).counts == {"unchanged": 1, "changed": 1}
    assert bound(world, "categorynode")["1"] == [made["pk"]]


async def test_the_queue_is_in_the_order_of_the_last_touch_and_leaves_have_none_below(world: World) -> None:
    await put(world, tree(node("A", "1", node("B", "11"), node("C", "12"))))
    ledger = world.ledger
    (first,) = bound(world, "categorynode")["1"]
    action = next(row for row in ledger.actions if row["object_id"] == first)
    ledger.actions.change(action["pk"], version_date="2030-01-01T00:00:00.000000Z")
    async with opened(world, create_batch=False) as hub:
        queue = await hub.do_action(GetCategoryIds)
        leaves = await hub.do_action(GetLeafCategoryNodeIds)
    assert [row.remote_id for row in queue] == ["11", "12", "1"]
    assert [row.name for row in leaves] == ["B", "C"]
    assert_clean(world)


Draft = tuple[str, str | None, list[Any]]

draft: st.SearchStrategy[list[Any]] = st.recursive(
    st.just([]),
    lambda below: st.lists(
        st.tuples(
            st.sampled_from(["Bot", "bot", "Ayakkabı", "Çanta ", "", "İ"]),
            st.one_of(st.none(), st.integers(1, 12).map(str)),
            below,
        ),
        max_size=4,
    ),
    max_leaves=16,
)


def grown(rows: list[Draft]) -> list[CategoryNodeDto]:
    return [node(name, remote_id, *grown(below)) for name, remote_id, below in rows]


@settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(first=draft, second=draft)
async def test_every_tree_arrives_once_and_a_second_run_writes_nothing(first: list[Draft], second: list[Draft]) -> None:
    """Also over what another tree left behind: doubled names and ids, categories without either, moved ones."""
    world = small_world()
    for rows in (first, second):
        for _ in range(3):
            await put(world, tree(*grown(rows)))
        changes = await put(world, tree(*grown(rows)))
        written = len(writes(world))
        again = await put(world, tree(*grown(rows)))
        assert len(writes(world)) == written
        assert again.counts == changes.counts
        assert not again.counts["created"] + again.counts["changed"]
    assert all(len(keys) == 1 for keys in bound(world, "categorynode").values())
    assert world.hub.violations == []


async def test_reading_what_is_there_takes_pages_not_nodes(make_world: Callable[..., World]) -> None:
    """350 categories, four pages of nodes and of actions."""
    world = make_world(products=1, failing=0)
    wanted = tree(*(node(f"Kategori {number}", str(number)) for number in range(350)))
    await put(world, wanted)
    before = len(asked(world))
    await put(world, wanted)
    assert len(asked(world)) - before == 3 + 4 + 4
