"""One row of the setup at a time; attributes and values with all that a hub may answer."""

import asyncio
from typing import Any

import pytest

from clients.errors import ConfigError
from deployments.sandbox.base.faults import Fault
from dto.setup import AttributeDto, AttributeValueDto, CategoryAttributeDto, CategoryAttributeValueDto, CategoryDto
from tasks.concurrency import KeyedLocks
from tasks.omnitron.integration import OmnitronIntegration
from tasks.omnitron.setup.attribute_rows import RowCommand
from tasks.omnitron.setup.attributes import CreateOrUpdateAttributes
from tasks.omnitron.setup.bulk import rounds
from tasks.omnitron.setup.category_attributes import CreateOrUpdateCategoryAttributes
from tasks.omnitron.setup.category_tree import GetCategoryIds
from tests.harness.setup_scenarios import TREE, bound, small_world
from tests.world.driving import run
from tests.world.loopback import World
from tests.world.shop import assert_clean, opened, writes


@pytest.fixture
def world() -> World:
    return small_world()


ROWS: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("create_or_update_channel_attribute_set", {"name": "Bot", "remote_id": 7}, {"name": "Bot", "remote_id": "7"}),
    (
        "get_or_create_channel_attribute_set_config",
        {"attribute_set": 1, "object_id": 255, "content_type": "categorynode"},
        {"attribute_set": 1, "object_id": 255},
    ),
    ("create_or_update_channel_attribute", {"name": "Marka", "remote_id": 9}, {"name": "Marka"}),
    ("get_or_create_channel_attribute_schema", {"name": "Marka Schema"}, {"name": "6 Marka Schema"}),
    (
        "create_or_update_channel_attribute_config",
        {"attribute_set": 3, "attribute": 137, "attribute_remote_id": "5", "is_required": True},
        {"attribute_set": 3, "attribute": 137, "attribute_remote_id": "5", "is_required": True, "is_variant": False},
    ),
    (
        "create_or_update_channel_attribute_value",
        {"attribute": 123, "label": "Kısa", "value": 10, "remote_id": 10},
        {"attribute": 123, "label": "Kısa", "value": "10"},
    ),
]


@pytest.mark.parametrize("fault", [None, "drop_after", "truncated"])
@pytest.mark.parametrize(("key", "fields", "expected"), ROWS, ids=[row[0] for row in ROWS])
async def test_a_row_is_made_once(
    world: World, key: str, fields: dict[str, Any], expected: dict[str, Any], fault: Any
) -> None:
    """Also when every answer to a create is lost; the second call writes nothing."""
    if fault:
        world.hub.faults.add(Fault(fault, "POST", "channel/6", times=None))
    async with opened(world, create_batch=False) as hub:
        (row,) = await hub.do_action(key, objects=fields)
        assert {name: getattr(row, name) for name in expected} == expected
        written = len(writes(world))
        (again,) = await hub.do_action(key, objects=fields)
    assert again.pk == row.pk
    assert len(writes(world)) == written
    assert_clean(world)


async def test_a_value_is_offered_by_a_set_once(world: World) -> None:
    async with opened(world, create_batch=False) as hub:
        fields = {"attribute": 123, "label": "Kısa", "value": "10", "remote_id": "10"}
        (value,) = await hub.do_action("create_or_update_channel_attribute_value", objects=fields)
        key, place = "get_or_create_channel_attribute_value_config", {"attribute_set": 1, "attribute_value": value.pk}
        first, second = [(await hub.do_action(key, objects=place))[0].pk for _ in range(2)]
    assert first == second


async def test_what_differs_is_changed(world: World) -> None:
    """The name of a set, the label of a value, the name of an attribute that is known by its id, a flag."""
    async with opened(world, create_batch=False) as hub:
        for key, fields, _ in ROWS:
            await hub.do_action(key, objects=fields)
        (a_set,) = await hub.do_action(ROWS[0][0], objects={"name": "Botlar", "remote_id": "7"})
        (attribute,) = await hub.do_action(ROWS[2][0], objects={"name": "Markalar", "remote_id": "9"})
        (rule,) = await hub.do_action(ROWS[4][0], objects={**ROWS[4][1], "is_required": False})
        (value,) = await hub.do_action(ROWS[5][0], objects={**ROWS[5][1], "label": "Kısacık"})
        sets = await hub.do_action("get_channel_attribute_set")
        configs = await hub.do_action("get_channel_attribute_set_configs")
    assert (a_set.name, attribute.name, rule.is_required, value.label) == ("Botlar", "Markalar", False, "Kısacık")
    assert "Botlar" in [row.name for row in sets]
    assert configs[255].attribute_set == 1


@pytest.mark.parametrize("key", [row[0] for row in ROWS])
async def test_a_row_without_its_fields_is_an_error_that_names_them(world: World, key: str) -> None:
    async with opened(world, create_batch=False) as hub:
        with pytest.raises(ConfigError, match="it received no"):
            await hub.do_action(key, objects={})
        command = hub.get_action(key)
        assert issubclass(command, RowCommand)
    assert writes(world) == []


async def test_operational_events_are_read_where_the_hub_has_them(world: World) -> None:
    """Elsewhere there are none."""
    async with opened(world, create_batch=False) as hub:
        await hub.client.operational_events.create({"event_type": "product_error", "level": "error", "message": "x"})
        (event,) = await hub.do_action("get_operational_events")
        assert (event.event_type, event.level) == ("product_error", "error")
        world.hub.faults.add(Fault("status", "GET", "operational_events", times=None, status=404))
        assert await hub.do_action("get_operational_events") == []


async def put(world: World, *attributes: AttributeDto) -> dict[str, int]:
    """Brings attributes into Omnitron; the counts."""
    async with opened(world, create_batch=False) as hub:
        return dict((await hub.do_action(CreateOrUpdateAttributes, objects=attributes)).counts)


def attribute(name: str, remote_id: str, *values: str) -> AttributeDto:
    return AttributeDto(remote_id, name, [AttributeValueDto(str(n), text) for n, text in enumerate(values, start=1)])


async def test_two_attributes_of_one_name_are_one_and_the_first_is_bound(world: World) -> None:
    """Omnitron's names are unique; a second run changes nothing."""
    both = (attribute("Renk Tonu", "1", "Açık"), attribute("Renk Tonu", "2", "Açık", "Koyu"))
    await put(world, *both)
    assert await put(world, *both) == {"unchanged": 2}
    setup = world.setup
    row = setup.attributes.find("Renk Tonu")
    assert row is not None
    assert list(bound(world, "marketplaceattribute").values()) == [[row["pk"]]]
    assert [value["label"] for value in setup.values.table.find("attribute", row["pk"])] == ["Açık", "Koyu"]


async def test_remote_ids_of_values_repeat_from_one_attribute_to_the_next(world: World) -> None:
    await put(world, attribute("A", "1", "x"), attribute("B", "2", "y"))
    assert [len(keys) for keys in bound(world, "marketplaceattributevalue").values()] == [2]


async def test_a_value_that_is_listed_twice_is_made_once(world: World) -> None:
    asked = AttributeDto("1", "A", [AttributeValueDto("7", "x"), AttributeValueDto("7", "x")])
    await put(world, asked)
    assert len(world.setup.values.table) == 1
    assert [path for _, path, status in world.hub.requests if status >= 400] == []


@pytest.mark.parametrize(
    "bad",
    [
        AttributeDto("", "A", []),
        AttributeDto(" ", "A", []),
        AttributeDto("1", " ", []),
        AttributeDto("1", "A", [AttributeValueDto("", "x")]),
        AttributeDto("1", "A", [AttributeValueDto("\t", "x")]),
        AttributeDto("1", "A", [AttributeValueDto("1", "")]),
        AttributeDto("1\ud83d", "A", []),
        AttributeDto("1", "A", [AttributeValueDto("1\ud83d", "x")]),
    ],
)
@pytest.mark.parametrize("key", ["create_or_update_attributes", "bulk_create_or_update_attributes"])
async def test_what_has_no_name_fails_alone(bad: AttributeDto, key: str) -> None:
    world = small_world(bulk=True)
    async with opened(world, create_batch=False) as hub:
        changes = await hub.do_action(key, objects=[bad, attribute("İyi", "8", "x")])
    assert changes.counts == {"created": 1, "failed": 1}
    assert changes.failures[0].code == "Nameless"


KEYS = ["create_or_update_category_attributes", "bulk_create_or_update_category_attributes"]


def values_of(world: World, name: str) -> list[str]:
    row = world.setup.attributes.find(name)
    assert row is not None
    return sorted(value["label"] for value in world.setup.values.table.find("attribute", row["pk"]))


@pytest.mark.parametrize("key", ["create_or_update_attributes", "bulk_create_or_update_attributes"])
async def test_a_value_that_cannot_be_written_keeps_no_other_out(key: str) -> None:
    """A nameless one, and one that Omnitron refuses; both reasons are told."""
    world = small_world(bulk=True)
    world.hub.faults.add(Fault("status", "POST", "attribute_values", status=400))
    rows = [("", "Adsız"), ("1", "Açık"), ("2", "Koyu"), ("3", "Mat")]
    values = [AttributeValueDto(*row) for row in rows]
    async with opened(world, create_batch=False) as hub:
        changes = await hub.do_action(key, objects=[AttributeDto("1", "Ton", values)])
    assert (changes.counts, [failure.code for failure in changes.failures]) == ({"failed": 1}, ["LinesFailed"])
    assert "`Adsız` []" in changes.failures[0].message
    assert "400" in changes.failures[0].message
    assert values_of(world, "Ton") == ["Koyu", "Mat"]


@pytest.mark.parametrize("key", KEYS)
async def test_an_attribute_that_cannot_be_written_keeps_no_other_out_of_its_category(key: str) -> None:
    """A nameless one, and one whose name may be any of two. The category goes to the end of the queue all the same."""
    world = small_world(bulk=True)
    await run(world, TREE)
    for number, name in enumerate(("taban", "TABAN")):
        world.setup.attributes.create({"name": name, "channel": 6, "id": number})
    names = ["", "Taban", "Topuk", "Bağcık"]
    asked = [CategoryAttributeDto(str(n), name, True, False, False, []) for n, name in enumerate(names, start=1)]
    async with opened(world, create_batch=False) as hub:
        actions = await hub.do_action(GetCategoryIds)
        changes = await hub.do_action(key, objects=[(actions[0], CategoryDto("100", "Ayakkabı", asked))])
    assert changes.counts == {"failed": 1, "touched": 1}
    assert [failure.code for failure in changes.failures] == ["LinesFailed"]
    (new,) = [row["id"] for row in world.setup.sets.table if row["remote_id"] == "100"]
    assert [row["attribute_remote_id"] for row in world.setup.rules.table.find("attribute_set", new)] == ["3", "4"]


@pytest.mark.parametrize("resource", ["attribute_value_configs", "attribute_set_configs"])
async def test_a_category_that_lacks_one_row_is_counted_once(world: World, resource: str) -> None:
    """All its other rows are there, and it goes to the end of the queue."""
    await run(world, TREE)
    await put(world, attribute("Taban", "5", "Kauçuk", "Deri"))
    world.hub.faults.add(Fault("status", "POST", resource, status=400, times=None))
    asked = CategoryAttributeDto("5", "Taban", True, False, False, [CategoryAttributeValueDto("1", "Kauçuk")])
    async with opened(world, create_batch=False) as hub:
        actions = await hub.do_action(GetCategoryIds)
        pair = (actions[0], CategoryDto("100", "Ayakkabı", [asked]))
        changes = await hub.do_action(CreateOrUpdateCategoryAttributes, objects=[pair])
    assert changes.counts == {"failed": 1, "touched": 1}
    assert len(changes.failures) == 1
    assert [row["attribute_remote_id"] for row in world.setup.rules.table][-1] == "5"


@pytest.mark.parametrize("key", ["create_or_update_attributes", "bulk_create_or_update_attributes"])
async def test_an_attribute_with_two_names_is_one_and_that_is_said(key: str, caplog: pytest.LogCaptureFixture) -> None:
    """Its id says so. The first name counts, and it has the values of both."""
    world = small_world(bulk=True)
    both = [attribute("Renk", "1", "Açık"), AttributeDto("1", "Tür", [AttributeValueDto("2", "Koyu")])]
    async with opened(world, create_batch=False) as hub:
        await hub.do_action(key, objects=both)
    assert values_of(world, "Renk") == ["Açık", "Koyu"]
    assert "the attribute [1] as `Renk` and as `Tür`" in caplog.text


async def test_a_pair_may_be_given_in_place_of_actions(world: World) -> None:
    """As integrators call it: an action, and what the channel answered for it."""
    await run(world, TREE)
    async with opened(world, create_batch=False) as hub:
        actions = await hub.do_action(GetCategoryIds)
        boots = next(action for action in actions if action.remote_id == "101")
        asked = CategoryAttributeDto("5", "Taban", True, False, False, [CategoryAttributeValueDto("1", "Kauçuk")])
        category = CategoryDto("101", "Bot", [asked])
        changes = await hub.do_action(CreateOrUpdateCategoryAttributes, objects=(boots, category))
        assert changes.counts == {"created": 1, "touched": 1}
        again = await hub.do_action("create_or_update_category_attributes_async", objects=[(boots, category)])
        assert again.counts == {"unchanged": 1, "touched": 1}
        none = await hub.do_action("bulk_create_or_update_category_attributes", objects=(boots, None))
        assert none.counts == {"unchanged": 1, "touched": 1}


@pytest.mark.parametrize("second", [("2", "Taban"), ("1", "Alt")], ids=["its name", "its id"])
async def test_an_attribute_that_a_category_lists_twice_counts_once(
    world: World, second: tuple[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    """The first of the two; a second run changes nothing."""
    await run(world, TREE)
    async with opened(world, create_batch=False) as hub:
        actions = await hub.do_action(GetCategoryIds)
        rows = (("1", "Taban"), second)
        twins = [CategoryAttributeDto(*row, row != second, False, False, []) for row in rows]
        pair = (actions[0], CategoryDto("100", "Ayakkabı", twins))
        await hub.do_action(CreateOrUpdateCategoryAttributes, objects=[pair])
        again = await hub.do_action(CreateOrUpdateCategoryAttributes, objects=[pair])
    assert again.counts == {"unchanged": 1, "touched": 1}
    setup = world.setup
    row = setup.attributes.find("Taban")
    (rule,) = [rule for rule in setup.rules.table if row and rule["attribute"] == row["pk"]]
    assert (rule["attribute_remote_id"], rule["is_required"]) == ("1", True)
    assert f"lists the attribute `{second[1]}` [{second[0]}] twice" in caplog.text


def test_the_commands_have_the_keys_that_integrators_call() -> None:
    """All of the setup."""
    keys = """create_or_update_category_tree_and_nodes create_or_update_category_attributes
        create_or_update_category_attributes_async bulk_create_or_update_category_attributes bulk_create_or_update_attributes
        create_or_update_attributes get_category_ids get_leaf_category_node_ids create_or_update_channel_attribute_set
        get_or_create_channel_attribute_set_config create_or_update_channel_attribute get_or_create_channel_attribute_schema
        create_or_update_channel_attribute_config get_channel_attribute_set_configs get_channel_attribute_set
        create_or_update_channel_attribute_value get_or_create_channel_attribute_value_config update_channel_conf_schema
        get_operational_events"""
    assert set(keys.split()) <= OmnitronIntegration.actions.keys()


def test_bulk_requests_carry_no_more_than_omnitron_takes() -> None:
    """At most 200 attributes with 500 values; no attribute twice in one request, and nothing is left out."""
    attributes = [attribute(f"A{n}", str(n), *map(str, range(1_200 if n % 90 == 7 else n % 4))) for n in range(250)]
    seen: dict[str, list[str]] = {}
    for requests in rounds(attributes):
        for rows in requests:
            assert len(rows) <= 200
            assert len({row["name"] for row in rows}) == len(rows)
            for row in rows:
                assert len(row["values"]) <= 500
                seen.setdefault(row["name"], []).extend(value["value"] for value in row["values"])
    assert seen == {one.name: [value.remote_id for value in one.values] for one in attributes}


async def test_turns_let_one_in_at_a_time_for_each_key() -> None:
    """And nobody waits for another key."""
    locks, inside, most = KeyedLocks(), {"a": 0, "b": 0}, {"a": 0, "b": 0}
    together: set[str] = set()

    async def visit(key: str) -> None:
        async with locks.hold(key):
            inside[key] += 1
            most[key] = max(most[key], inside[key])
            together.add("".join(name for name, count in inside.items() if count))
            await asyncio.sleep(0)
            inside[key] -= 1

    await asyncio.gather(*(visit(key) for key in "aabbab"))
    assert most == {"a": 1, "b": 1}
    assert "ab" in together
    assert locks._held == {}
