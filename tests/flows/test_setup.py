"""What a channel says of itself arrives in Omnitron, everything once; a second run finds all of it there."""

import re
from collections.abc import Callable
from typing import Any

import pytest

from deployments.sandbox.base.faults import Fault
from deployments.sandbox.market.assortment import Assortment, Feature
from dto.summary import RunOutcome
from flows.run import RunFailedError
from flows.setup import (
    create_or_update_attributes,
    create_or_update_category_attributes,
    create_or_update_category_tree_and_nodes,
    update_channel_conf_schema,
)
from tests.harness.setup_scenarios import bound, broken_setup, small_world
from tests.world.driving import heal, until_killed, with_kill
from tests.world.loopback import World
from tests.world.shop import asked, assert_clean, reports, run, use_connector

HERE = "tests.flows.setup_connectors"
FLOWS = (
    update_channel_conf_schema,
    create_or_update_category_tree_and_nodes,
    create_or_update_category_attributes,
    create_or_update_attributes,
)


async def set_up(world: World, **parameters: Any) -> list[dict[str, int]]:
    """All four flows; their counts."""
    return [dict((await run(world, flow)).counts) for flow in FLOWS]


async def writes_of(world: World, flow: Any, **parameters: Any) -> list[tuple[str, str]]:
    """What one run writes, the touches of the queue left out."""
    before = len(asked(world))
    await run(world, flow, **parameters)
    found = [request for request in asked(world)[before:] if request[0] != "GET"]
    return [
        row for row in found if not re.search(r"PATCH .*/(category_nodes|integration_actions)/\d+/$", " ".join(row))
    ]


@pytest.fixture(params=[False, True], ids=["single", "bulk"])
def world(request: pytest.FixtureRequest) -> World:
    """A channel without a tree, on a hub with bulk routes and on one without."""
    return small_world(bulk=request.param)


async def test_a_channel_is_set_up(world: World) -> None:
    counts = await set_up(world)
    assert counts == [
        {"created": 2},
        {"created": 3},
        {"created": 2, "touched": 2},
        {"unchanged": 2},
    ]
    assert broken_setup(world) == []
    # What two categories need is made once; only the bulk route is asked for in vain.
    refused = [path.rpartition("6/")[2] for _, path, status in world.hub.requests if status >= 400]
    assert set(refused) <= {"bulk_category_attributes/", "bulk_attributes/"}


async def test_attributes_are_brought_in_without_a_category(world: World) -> None:
    """Each with its values, bound to the channel's ids: for a channel whose categories all ask for the same."""
    assert (await run(world, create_or_update_attributes)).counts == {"created": 2}
    offered, setup = world.market.assortment.features, world.setup
    names = {row["pk"]: row["name"] for row in setup.attributes.table}
    made = {names[keys[0]] for keys in bound(world, "marketplaceattribute").values()}
    values = {(names[row["attribute"]], row["label"]) for row in setup.values.table if names[row["attribute"]] in made}
    assert made == {feature.name for feature in offered.values()}
    assert values == {(feature.name, value) for feature in offered.values() for value in feature.values.values()}


async def test_a_second_run_writes_nothing_but_the_touch(world: World) -> None:
    await set_up(world)
    before = len(asked(world))
    assert [await writes_of(world, flow) for flow in FLOWS] == [[], [], [], []]
    touched = [path for method, path in asked(world)[before:] if method == "PATCH"]
    assert len(touched) == 4  # two nodes and their actions
    assert broken_setup(world) == []


async def test_the_shops_own_categories_are_taken_where_they_stand(make_world: Callable[..., World]) -> None:
    """The hub begins with nodes and attributes of the same names: they are bound, not doubled."""
    world = make_world(products=1, failing=0)
    nodes = len(world.goods.nodes)
    counts = await set_up(world)
    assert counts[1] == {"changed": 12}
    assert len(world.goods.nodes) == nodes
    assert (await set_up(world))[1:] == [{"unchanged": 12}, {"touched": 9, "unchanged": 9}, {"unchanged": 19}]


def named(world: World) -> dict[str, Any]:
    """The setup's tables by names instead of keys."""
    setup = world.setup
    sets = {row["id"]: row["remote_id"] for row in setup.sets.table}
    attributes = {row["pk"]: row["name"] for row in setup.attributes.table}
    values = {row["pk"]: (attributes[row["attribute"]], row["value"], row["label"]) for row in setup.values.table}
    flags = ("is_required", "is_variant", "is_custom", "attribute_remote_id")
    return {
        "sets": sorted(sets.values()),
        "configs": sorted((sets[row["attribute_set"]], row["object_id"]) for row in setup.set_configs.table),
        "attributes": sorted(attributes.values()),
        "schemas": sorted(row["name"] for row in setup.schemas.table),
        "rules": sorted(
            str((sets[row["attribute_set"]], attributes[row["attribute"]], *(row[flag] for flag in flags)))
            for row in setup.rules.table
        ),
        "values": sorted(values.values()),
        "offers": sorted((sets[r["attribute_set"]], values[r["attribute_value"]]) for r in setup.value_configs.table),
        "bound": {
            model: sorted((remote_id, len(keys)) for remote_id, keys in bound(world, model).items())
            for model in ("categorynode", "marketplaceattribute", "marketplaceattributevalue")
        },
    }


async def test_bulk_and_single_calls_end_in_the_same_state() -> None:
    """With more values than one request takes."""
    worlds = [small_world(bulk=bulk) for bulk in (False, True)]
    for world in worlds:
        offered = world.market.assortment
        brand = offered.add_feature("Marka", [f"Marka {number}" for number in range(620)])
        few = {key: brand.values[key] for key in list(brand.values)[:5]}
        offered.add_category("Terlik", "100", [brand, *(offered.features[key] for key in ("22", "23"))])
        offered.add_category("Sandalet", "100", [Feature(brand.id, brand.name, few)])
        await set_up(world)
        assert broken_setup(world) == []
    assert named(worlds[0]) == named(worlds[1])
    assert worlds[1].sent < worlds[0].sent / 10


async def test_more_attributes_than_one_bulk_request_takes() -> None:
    """Two hundred in one, the rest in the next; neither is refused."""
    world = small_world(bulk=True)
    offered = world.market.assortment
    offered.add_category("Hepsi", "", [offered.add_feature(f"Özellik {number}", ["a"]) for number in range(230)])
    await set_up(world)
    assert broken_setup(world) == []
    posts = [status for method, path, status in world.hub.requests if method == "POST" and "bulk_category" in path]
    assert posts == [201] * 4


async def test_a_bulk_request_that_is_refused_is_written_bit_by_bit() -> None:
    """The hub does not take one attribute: the others arrive, and it fails alone."""
    world = small_world(bulk=True)
    offered = world.market.assortment
    offered.features["23"].values = {}
    offered.add_feature("Marka", ["x"])
    world.hub.faults.add(Fault("status", "POST", "bulk_attributes", times=None, status=400))
    summary = await run(world, create_or_update_attributes)
    assert summary.counts == {"created": 3}
    assert all(world.setup.attributes.find(feature.name) for feature in offered.features.values())


@pytest.mark.parametrize("bulk", [False, True], ids=["single", "bulk"])
async def test_lost_answers_create_nothing_twice(bulk: bool) -> None:
    """Every create is applied, and not one of them is answered."""
    world = small_world(bulk=bulk)
    world.hub.faults.add(Fault("drop_after", "POST", "channel/6/(category|attribute|integration)", times=None))
    await set_up(world)
    assert len(world.hub.faults.fired) > (8 if bulk else 25)
    heal(world)
    assert broken_setup(world) == []
    if not bulk:
        assert [await writes_of(world, flow) for flow in FLOWS] == [[], [], [], []]


async def test_a_killed_run_goes_on_with_the_categories_that_were_not_touched_yet() -> None:
    """They are the oldest in the queue."""
    world = small_world()
    offered = world.market.assortment
    for number in range(40):
        offered.add_category(f"Kategori {number}", "", [offered.features["23"]])
    await run(world, create_or_update_category_tree_and_nodes)
    touched: list[str] = []

    def note(number: int, request: Any, moment: str) -> None:
        if moment == "after" and request.method == "PATCH" and "category_nodes" in request.url.path:
            touched.append(request.url.path)

    with_kill(world, 160, "after")
    kill = world.hook

    def both(number: int, request: Any, moment: str) -> None:
        kill(number, request, moment)
        note(number, request, moment)

    world.hook = both
    assert await until_killed(run(world, create_or_update_category_attributes))  # type: ignore[arg-type]
    finished = {
        f"/api/v1/channel/6/category_nodes/{row['object_id']}/"
        for row in world.actions
        if row["content_type"]["model"] == "categorynode"
        and row["version_date"] == world.setup.nodes.table[row["object_id"]]["modified_date"]
        and f"/api/v1/channel/6/category_nodes/{row['object_id']}/" in touched
    }
    assert 0 < len(finished) < 42
    heal(world)
    touched.clear()
    world.hook = note
    await run(world, create_or_update_category_attributes)
    # Those that are under way side by side may end in any order; what was finished comes after what was not.
    assert not finished & set(touched[: 42 - len(finished) - 32])
    assert len(touched) == 42
    assert {*touched[-len(finished) :]} & finished


@pytest.mark.parametrize("kind", ["status", "html"])
async def test_one_bad_category_fails_alone(world: World, kind: Any) -> None:
    """It is reported, keeps its place in the queue, and is mended by a later run."""
    await run(world, create_or_update_category_tree_and_nodes)
    world.market.faults.add(Fault(kind, "GET", "/categories/101/attributes", times=None, status=500))
    summary = await run(world, create_or_update_category_attributes)
    assert summary.outcome is RunOutcome.completed
    assert summary.counts == {"created": 1, "touched": 1, "failed": 1}
    (line,) = reports(world)
    assert "101" in line["error_desc"]
    heal(world)
    await set_up(world)
    assert broken_setup(world) == []


async def test_a_connectors_own_mistake_fails_one_category(world: World) -> None:
    """A KeyError in it stops no other."""
    await run(world, create_or_update_category_tree_and_nodes)
    use_connector(world, f"{HERE}:Clumsy")
    summary = await run(world, create_or_update_category_attributes)
    assert summary.counts == {"created": 1, "touched": 1, "failed": 1}
    assert summary.failures == {"Unforeseen": 1}


async def test_an_outage_stops_the_run(world: World) -> None:
    """Not one failure after another: five in a row, then the next run goes on."""
    for number in range(30):
        world.market.assortment.add_category(f"Kategori {number}")
    await run(world, create_or_update_category_tree_and_nodes)
    taken = len(world.market.requests)
    world.market.faults.add(Fault("status", path="/attributes", times=None))
    with pytest.raises(RunFailedError):
        await run(world, create_or_update_category_attributes)
    assert len(world.market.requests) - taken < 2 * 32
    assert len(reports(world)) == 0


async def test_a_category_that_asks_for_nothing_is_only_touched(world: World) -> None:
    await run(world, create_or_update_category_tree_and_nodes)
    sets = len(world.setup.sets.table)
    use_connector(world, f"{HERE}:AsksNothing")
    assert (await run(world, create_or_update_category_attributes)).counts == {"touched": 2, "unchanged": 2}
    assert len(world.setup.sets.table) == sets


async def test_an_attribute_that_gets_values_later_limits_the_categories_before(world: World) -> None:
    """In the same run: whichever category comes first."""
    await set_up(world)
    colour = world.market.assortment.features["22"]
    colour.values["3"] = "Yeşil"
    boots = world.market.assortment.categories["101"]
    boots.features[0].values = {"1": "Kırmızı", "3": "Yeşil"}
    await run(world, create_or_update_category_attributes)
    assert broken_setup(world) == []
    assert await writes_of(world, create_or_update_category_attributes) == []


async def test_a_category_that_is_limited_and_offers_all_values_by_now_offers_them_all(world: World) -> None:
    """Its set stays limited, to every value."""
    await set_up(world)
    boots = world.market.assortment.categories["101"]
    boots.features[0].values = {"1": "Kırmızı", "2": "Mavi"}
    await run(world, create_or_update_category_attributes)
    setup = world.setup
    (attribute_set,) = setup.sets.table.find("remote_id", "101")
    assert len(setup.value_configs.table.find("attribute_set", attribute_set["id"])) == 2


async def test_a_channel_without_categories_changes_nothing(world: World) -> None:
    """An empty tree is no tree."""
    world.market.assortment.categories.clear()
    assert await writes_of(world, create_or_update_category_tree_and_nodes) == []
    assert world.channel["category_tree"] is None


async def test_attributes_without_a_tree_are_an_error_that_names_the_next_step(world: World) -> None:
    with pytest.raises(RunFailedError, match="Run create_or_update_category_tree_and_nodes first"):
        await run(world, create_or_update_category_attributes)


async def test_the_schema_keeps_the_fields_of_others(world: World) -> None:
    """Omnitron replaces it as a whole."""
    world.channel["schema"] = {"mine": {"key": "mine"}, "base_url": {"key": "base_url", "label": "old"}}
    assert (await run(world, update_channel_conf_schema)).counts == {"changed": 1, "created": 1}
    schema = world.channel["schema"]
    assert schema["mine"] == {"key": "mine"}
    assert schema["base_url"]["label"] == "Address of the marketplace, as `channel-app sandbox` prints it"
    assert "schema" not in schema["base_url"]


@pytest.mark.parametrize("schema", [None, [], ""])
async def test_a_channel_whose_schema_is_empty_in_another_form_is_read(world: World, schema: Any) -> None:
    world.channel["schema"] = schema
    assert (await run(world, update_channel_conf_schema)).counts == {"created": 2}


async def test_the_documented_forms_are_understood(world: World) -> None:
    """Triples, nodes built upwards, numbers as ids, a mapping of fields."""
    use_connector(world, f"{HERE}:Mission")
    assert await set_up(world) == [{"created": 2}, {"created": 2}, {"created": 1, "touched": 1}, {"unchanged": 1}]
    assert world.channel["schema"]["url"] == {
        "key": "url",
        "label": "url",
        "required": False,
        "data_type": "URL",
    }
    assert set(bound(world, "categorynode")) == {"403", "420"}
    assert bound(world, "marketplaceattributevalue").keys() == {"10"}
    assert_clean(world)


async def test_successful_calls_are_logged_where_that_is_wanted(world: World) -> None:
    await run(world, create_or_update_category_tree_and_nodes)
    assert reports(world) == []
    await run(world, create_or_update_category_tree_and_nodes, is_success_log=True)
    (line,) = reports(world)
    assert line["is_ok"]


@pytest.mark.parametrize("flow", FLOWS, ids=lambda flow: flow.fn.__name__)
async def test_an_inactive_channel_is_not_set_up(world: World, flow: Any) -> None:
    world.hub.set_channel(is_active=False)
    assert (await run(world, flow)).outcome is RunOutcome.skipped
    assert len(world.market.requests) == 0


@pytest.mark.parametrize("flow", FLOWS[1:], ids=lambda flow: flow.fn.__name__)
async def test_a_connector_that_cannot_answer_says_so_before_anything_is_changed(world: World, flow: Any) -> None:
    use_connector(world, f"{HERE}:NoSetup")
    with pytest.raises(RunFailedError, match="has no get_"):
        await run(world, flow)


async def test_a_tree_costs_two_requests_a_category(make_world: Callable[..., World]) -> None:
    """One for the node and one for its binding; all that is there is read by pages."""
    world = make_world(products=1, failing=0)
    world.market.reset(category_nodes=600, attributes=0)
    summary = await run(world, create_or_update_category_tree_and_nodes)
    assert summary.counts == {"created": 600}
    assert summary.requests <= 2 * 600 + 10
    assert (await run(world, create_or_update_category_tree_and_nodes)).requests <= 25


@pytest.mark.harness
async def test_five_thousand_categories_are_one_run(make_world: Callable[..., World]) -> None:
    world = make_world(products=1, failing=0)
    world.market.reset(category_nodes=5_000, attributes=0)
    summary = await run(world, create_or_update_category_tree_and_nodes)
    assert summary.counts == {"created": 5_000}
    assert summary.requests <= 2 * 5_000 + 10
    assert (await run(world, create_or_update_category_tree_and_nodes)).requests < 120


async def test_attributes_cost_two_requests_a_value(make_world: Callable[..., World]) -> None:
    """And three for each attribute."""
    world = make_world(products=1, failing=0)
    world.market.reset(category_nodes=0, attributes=12, values=30)
    summary = await run(world, create_or_update_attributes)
    assert summary.counts == {"created": 12}
    assert summary.requests <= 2 * 12 * 30 + 3 * 12 + 12
    assert (await run(world, create_or_update_attributes)).requests <= 20


def test_the_local_marketplace_begins_with_the_kinds_of_the_shop() -> None:
    offered = Assortment()
    assert len(offered.categories) == 12
    assert [category.name for category in offered.leaves()][:2] == ["Tişört", "Gömlek"]
