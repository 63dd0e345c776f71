"""The flows of the setup, each in a world in which it has something to do; and what has to hold when it is quiet."""

from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from deployments.sandbox.market.assortment import Category, Feature
from tasks.channel.conf import form_of
from tasks.channel.sandbox.marketplace import MarketplaceConf
from tests.world.driving import CYCLES, RECOVERY_PERIOD, heal, run
from tests.world.loopback import World

CONF = "update_channel_conf_schema"
TREE = "create_or_update_category_tree_and_nodes"
CATEGORIES = "create_or_update_category_attributes"
ATTRIBUTES = "create_or_update_attributes"
THINGS = 6
"""Categories and attributes of a world together: as many may fail."""

Row = dict[str, Any]


@dataclass(frozen=True)
class SetupScenario:
    """A flow, and what has to have happened for it to have work."""

    flow: str
    bulk: bool = False
    prepare: Callable[[World], Awaitable[None]] | None = None

    def __str__(self) -> str:
        words = [self.flow, "bulk" * self.bulk, self.prepare.__name__ if self.prepare else "new"]
        return "-".join(word.strip("_") for word in words if word)

    async def begun(self) -> World:
        """A world in which the flow has work."""
        world = small_world(bulk=self.bulk)
        if self.prepare is not None:
            await self.prepare(world)
        return world


def small_world(*, bulk: bool = False) -> World:
    """A channel without a tree. Three categories, two of them leaves, that offer one attribute's values differently."""
    world = World(products=1, failing=0)
    world.hub.reset(bulk_attributes=bulk, bulk_category_attributes=bulk)
    world.set_channel(category_tree=None)
    world.market.reset(category_nodes=0, attributes=0)
    offered = world.market.assortment
    colour = offered.add_feature("Ana Renk", ["Kırmızı", "Mavi"])
    size = offered.add_feature("Numara", ["40", "41"])
    top = offered.add_category("Ayakkabı")
    offered.add_category("Bot", top.id, [Feature(colour.id, colour.name, {"1": "Kırmızı"}, required=True), size])
    offered.add_category("Spor", top.id, [Feature(colour.id, colour.name, {"2": "Mavi"}, custom=True)])
    return world


async def _tree(world: World) -> None:
    await run(world, TREE)


async def _everything(world: World) -> None:
    for flow in (CONF, TREE, CATEGORIES, ATTRIBUTES):
        await run(world, flow)


async def _changed(world: World) -> None:
    """The channel renames, adds, and asks otherwise."""
    await _everything(world)
    offered = world.market.assortment
    shoes, boots, _ = offered.categories.values()
    shoes.name = "Ayakkabılar"
    boots.features[0].required = False
    offered.features["22"].name = "Renk Ailesi"
    offered.features["22"].values["1"] = "Al"
    for category in offered.categories.values():
        for feature in category.features:
            if feature.id == "22":
                feature.name = "Renk Ailesi"
                feature.values = {key: offered.features["22"].values[key] for key in feature.values}
    offered.add_category("Terlik", shoes.id, [offered.features["23"]])
    await run(world, TREE)
    world.channel["schema"]["base_url"]["required"] = False
    shoes.name = "Ayakkabı ve Çanta"


SETUP_SCENARIOS = [
    SetupScenario(CONF),
    SetupScenario(TREE),
    SetupScenario(CATEGORIES, prepare=_tree),
    SetupScenario(ATTRIBUTES),
    SetupScenario(CATEGORIES, bulk=True, prepare=_tree),
    SetupScenario(ATTRIBUTES, bulk=True),
    SetupScenario(CONF, prepare=_changed),
    SetupScenario(TREE, prepare=_changed),
    SetupScenario(CATEGORIES, prepare=_changed),
    SetupScenario(ATTRIBUTES, prepare=_changed),
]


async def quiet_setup(world: World) -> None:
    """Faults have stopped, and three scheduled cycles run."""
    heal(world)
    for _ in range(CYCLES):
        world.clock.advance(RECOVERY_PERIOD)
        await _everything(world)


def broken_setup(world: World) -> list[str]:
    """What differs, now that it is quiet, between the channel and what Omnitron has of it."""
    hub = world.shop
    found = [f"violation: {line}" for line in world.hub.violations]
    found += [f"batch {row['pk']} was made" for row in hub.batches.table]
    wanted = {field.key: field.model_dump(mode="json", exclude_none=True) for field in form_of(MarketplaceConf)}
    found += [f"schema of {key}" for key, field in wanted.items() if hub.channel["schema"].get(key) != field]
    return found + _tree_problems(world) + _attribute_problems(world) + _category_problems(world)


def bound(world: World, model: str) -> dict[str, list[int]]:
    """Keys of objects by the remote ids that they are bound to."""
    found: dict[str, list[int]] = {}
    for row in world.actions:
        if row["content_type"]["model"] == model:
            found.setdefault(row["remote_id"], []).append(row["object_id"])
    return found


def _tree_problems(world: World) -> list[str]:
    setup, categories = world.setup, world.market.assortment.categories
    nodes, actions = setup.nodes, bound(world, "categorynode")
    tree = world.channel["category_tree"]
    if tree is None:
        return ["the channel has no tree"]
    root = nodes.trees[tree]["category_root"]
    found = [f"{len(nodes.trees)} trees"] if len(nodes.trees) != 3 else []
    for category in categories.values():
        keys = actions.get(category.id, [])
        if len(keys) != 1:
            found.append(f"category {category.id} has {len(keys)} nodes")
            continue
        parent = actions[category.parent][0] if category.parent else root["pk"]
        node = nodes.table[keys[0]]
        if (node["name"], nodes.parent(node["pk"])) != (category.name, parent):
            found.append(f"category {category.id} is {node['name']} below {nodes.parent(node['pk'])}")
    below = [row for row in nodes.table if row["path"].startswith(root["path"]) and row is not root]
    return found + ([f"{len(below)} nodes for {len(categories)}"] if len(below) != len(categories) else [])


def _attribute_problems(world: World) -> list[str]:
    setup, features = world.setup, world.market.assortment.features
    actions, values = bound(world, "marketplaceattribute"), bound(world, "marketplaceattributevalue")
    found = []
    for feature in features.values():
        row = setup.attributes.find(feature.name)
        if row is None or actions.get(feature.id) != [row["pk"]]:
            found.append(f"attribute {feature.name}: {row} bound {actions.get(feature.id)}")
            continue
        if setup.schemas.find(f"6 {feature.name} Schema") is None:
            found.append(f"attribute {feature.name} has no schema")
        known = {entry["value"]: entry for entry in setup.values.table.find("attribute", row["pk"])}
        if {key: entry["label"] for key, entry in known.items()} != feature.values:
            found.append(f"attribute {feature.name} has the values {known}")
        found += [
            f"value {key} of {feature.name} is not bound"
            for key, entry in known.items()
            if entry["pk"] not in values.get(key, [])
        ]
    # Nineteen belong to the shop that the hub begins with.
    return found + (
        [f"{len(setup.attributes.table)} attributes"] if len(setup.attributes.table) != 19 + len(features) else []
    )


def _category_problems(world: World) -> list[str]:
    setup = world.setup
    nodes, actions = setup.nodes, bound(world, "categorynode")
    found = []
    for category in world.market.assortment.leaves():
        pk = actions.get(category.id, [0])[0]
        sets = setup.sets.table.find("remote_id", category.id)
        if len(sets) != 1 or sets[0]["name"] != category.name:
            found.append(f"category {category.id} has the sets {sets}")
            continue
        configs = [row["object_id"] for row in setup.set_configs.table.find("attribute_set", sets[0]["id"])]
        if configs != [pk]:
            found.append(f"set {sets[0]['id']} hangs on {configs}, not on {pk}")
        found += _content_problems(world, category, sets[0]["id"])
        action = next(
            row for row in world.actions if row["object_id"] == pk and row["content_type"]["model"] == "categorynode"
        )
        if action["version_date"] != nodes.table[pk]["modified_date"]:
            found.append(f"category {category.id} was touched by halves")
    return found


def _content_problems(world: World, category: Category, attribute_set: int) -> list[str]:
    """What a set asks for, and which values it is limited to."""
    setup = world.setup
    found = []
    offered = Counter(row["attribute_value"] for row in setup.value_configs.table.find("attribute_set", attribute_set))
    wanted: Counter[int] = Counter()
    for feature in category.features:
        attribute = setup.attributes.find(feature.name)
        rule = attribute and setup.rules.find(attribute_set, attribute["pk"])
        if not attribute or not rule:
            found.append(f"set {attribute_set} lacks {feature.name}")
            continue
        asked = (rule["attribute_remote_id"], rule["is_required"], rule["is_variant"], rule["is_custom"])
        if asked != (feature.id, feature.required, feature.variant, feature.custom):
            found.append(f"set {attribute_set} asks for {feature.name} as {asked}")
        whole = {row["value"]: row["pk"] for row in setup.values.table.find("attribute", attribute["pk"])}
        if set(feature.values) != set(whole):
            wanted.update(whole[key] for key in feature.values if key in whole)
    return found + ([f"set {attribute_set} offers {offered}, not {wanted}"] if offered != wanted else [])
