"""Shops in which eleven things are to be done, and the places where one of them may be told wrongly."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from dto.enums import ContentType
from tests.harness.offer_states import edit_offer, offers_of
from tests.harness.setup_scenarios import bound
from tests.world.driving import KINDS, KINDS_WITH_LISTS, die_at, run
from tests.world.loopback import Misprint, World
from tests.world.sales import list_products
from tests.world.shop import Row, action, skus

THINGS = 11
"""The things in each world: the first is told wrongly, and the other ten are to be handled."""
HUB, MARKET = "127.0.0.1:1/api/", "127.0.0.1:2/"


@dataclass(frozen=True)
class Place:
    """Answers in which the first thing stands: a part of their addresses, and the field that names it there; empty if the
    address says which thing it is about.

    `keeps` are fields that stay as they are: without its key, a row of Omnitron's cannot be told from another.
    """

    address: str
    field: str
    keeps: tuple[str, ...] = ()

    def misprint(self, thing: Row, spoil: Callable[[Row], None]) -> Misprint:
        """One thing, told wrongly in these answers."""
        address = self.address.format(**thing)
        return Misprint(address, lambda row: not self.field or row.get(self.field) == thing[self.field], spoil)


def hub(resource: str, field: str = "pk") -> Place:
    """A row of Omnitron's."""
    return Place(f"{HUB}v1/channel/6/{resource}", field, keeps=("pk", "id"))


def market(path: str, field: str) -> Place:
    """A row of the marketplace's."""
    return Place(f"{MARKET}{path}", field)


@dataclass(frozen=True)
class Family:
    """A flow that has eleven things to do.

    Attributes:
        prepare: makes the world, and answers the names of the eleven things, each by the field of a place.
        done: the numbers of the things that are done.
    """

    flow: str
    prepare: Callable[[], Awaitable[tuple[World, "Things"]]]
    done: Callable[[World, "Things"], set[int]]
    places: tuple[Place, ...]
    of: str = ""

    def __str__(self) -> str:
        return f"{self.flow}{f'-{self.of}' if self.of else ''}"


Things = Sequence[Row]
"""Each thing as the fields by which places name it."""


def _goods(world: World) -> list[Row]:
    """The products, by all their names."""
    remote_ids = {sku: item["remote_id"] for sku, item in world.market.items.items()}
    return [
        {"pk": pk, "object_id": pk, "product": pk, "sku": sku, "remote_id": remote_ids.get(sku)}
        for pk, sku in skus(world).items()
    ]


async def _new_products() -> tuple[World, Things]:
    world = World(products=THINGS, failing=0)
    return world, _goods(world)


async def _products_there() -> tuple[World, Things]:
    world, _ = await _new_products()
    await run(world, "insert_products", add_price=False, add_stock=False)
    world.clock.advance(60)
    return world, _goods(world)


async def _edited_products() -> tuple[World, Things]:
    world, things = await _products_there()
    for thing in things:
        world.hub.edit_product(thing["pk"], name="new")
    return world, things


async def _deleted_products() -> tuple[World, Things]:
    world, things = await _products_there()
    for thing in things:
        record = action(world, thing["pk"])
        thing["action"] = record and record["pk"]
        world.hub.delete_product(thing["pk"])
    return world, things


def _gone(world: World, things: Things) -> set[int]:
    return {number for number, thing in enumerate(things) if action(world, thing["pk"]) is None}


async def _accepted_products() -> tuple[World, Things]:
    world = World(products=THINGS, failing=0, asynchronous=True)
    await run(world, "insert_products", add_price=False, add_stock=False)
    for _ in range(2):
        await run(world, "verify_open_batches")
    return world, _goods(world)


async def _abandoned_products() -> tuple[World, Things]:
    """A run died right after the commit of its batch."""
    world, things = await _new_products()
    await die_at(world, "insert_products", "PATCH", "batch_requests", 1)
    return world, things


def is_in_step(record: Row | None, row: Row) -> bool:
    """Whether a record says that the channel has the newest version of a row."""
    return record is not None and (record["status"], record["version_date"]) == ("success", row["modified_date"])


def _products_in_step(world: World, things: Things) -> set[int]:
    return {
        number
        for number, thing in enumerate(things)
        if is_in_step(action(world, thing["pk"]), world.products[thing["pk"]])
    }


PRODUCT_PLACES = (
    hub("products/"),
    hub("product_prices/", "product"),
    hub("product_stocks/", "product"),
    hub("mapped_products/{pk}/", ""),
    market("products", "sku"),
)


def _offers(kind: str, *, edited: bool = False, extra: bool = False) -> Family:
    """New or changed offers, of the catalog's own list or of an extra one."""
    flow = f"product_{kind}s" + (f"_from_extra_{kind}_list" if extra else "")

    async def prepare() -> tuple[World, Things]:
        world = World(products=4 * THINGS - 3 if extra else THINGS, failing=0, extra_lists=extra)
        await run(world, "insert_products", add_price=False, add_stock=False)
        if edited:
            await run(world, f"insert_{flow}")
        rows = offers_of(world, kind, extra=extra)
        products = {row["product"] for row in rows}
        world.clock.advance(60)
        for row in rows if edited else ():
            edit_offer(world, kind, row)
        return world, [thing for thing in _goods(world) if thing["pk"] in products]

    def done(world: World, things: Things) -> set[int]:
        rows = {row["product"]: row for row in offers_of(world, kind, extra=extra)}
        content_type = ContentType(f"product{kind}")
        return {
            number
            for number, thing in enumerate(things)
            if is_in_step(action(world, rows[thing["pk"]]["pk"], content_type), rows[thing["pk"]])
        }

    return Family(
        f"{'update' if edited else 'insert'}_{flow}",
        prepare,
        done,
        (
            hub(f"{'extra_' if extra else ''}product_{kind}s/", "product"),
            hub("products/"),
            market(f"{kind}s", "sku"),
            *(() if edited else (hub("integration_actions/", "object_id"),)),
        ),
    )


GOODS = [
    Family("insert_products", _new_products, _products_in_step, PRODUCT_PLACES),
    Family(
        "update_products",
        _edited_products,
        _products_in_step,
        (*PRODUCT_PLACES, hub("integration_actions/", "object_id")),
    ),
    Family(
        "verify_open_batches",
        _accepted_products,
        _products_in_step,
        (market("batches", "sku"), hub("products/"), hub("integration_actions/", "object_id")),
    ),
    Family(
        "delete_products",
        _deleted_products,
        _gone,
        (hub("integration_actions/", "object_id"), market("products/delete", "remote_id")),
    ),
    *(_offers(kind, edited=edited) for kind in KINDS for edited in (False, True)),
    *(_offers(kind, edited=edited, extra=True) for kind in KINDS_WITH_LISTS for edited in (False, True)),
    Family(
        "recover",
        _abandoned_products,
        _gone,
        (hub("integration_actions/", "object_id"),),
    ),
]


# -- orders -------------------------------------------------------------------------------------------------------------


async def _ordered() -> tuple[World, Things]:
    world = World(products=1, failing=0)
    list_products(world)
    (sku,) = skus(world).values()
    buyers = [{"id": f"B{number}", "email": f"buyer{number}@example.com"} for number in range(THINGS)]
    orders = [world.market.place_order(items=[(sku, 1)], buyer=buyer) for buyer in buyers]
    return world, [
        {"number": row["number"], "id": row["id"], "remote_id": row["id"], "email": row["buyer"].get("email")}
        for row in orders
    ]


async def _imported() -> tuple[World, Things]:
    world, things = await _ordered()
    await run(world, "fetch_and_create_order")
    world.clock.advance(60)
    by_number = {row["number"]: row["pk"] for row in world.orders}
    items = {row["order"]: row for row in world.order_items}
    return world, [
        {
            **thing,
            "pk": by_number[thing["number"]],
            "object_id": by_number[thing["number"]],
            "order": by_number[thing["number"]],
            "order_number": thing["number"],
            "order_id": thing["id"],
            "item": items[by_number[thing["number"]]]["extra_field"]["id"],
        }
        for thing in things
    ]


async def _changed_items() -> tuple[World, Things]:
    world, things = await _imported()
    for thing in things:
        world.market.change_item(thing["item"], tracking_number="TR1")
    return world, things


async def _cancelled() -> tuple[World, Things]:
    world, things = await _imported()
    for thing in things:
        world.market.cancel_order(thing["id"])
    return world, things


async def _requested() -> tuple[World, Things]:
    world, things = await _imported()
    rows = [world.market.request(thing["item"], "refund") for thing in things]
    return world, [{**thing, "id": row["id"], "remote_id": row["id"]} for thing, row in zip(things, rows, strict=True)]


async def _decided() -> tuple[World, Things]:
    world, things = await _requested()
    await run(world, "fetch_and_create_cancellation_requests")
    world.clock.advance(60)
    known = bound(world, ContentType.cancellation_request)
    decided = [(thing, known[thing["remote_id"]][0]) for thing in things]
    for _, pk in decided:
        world.hub.decide_request(pk, "approved")
    return world, [{**thing, "id": pk, "object_id": pk} for thing, pk in decided]


async def _changed_orders() -> tuple[World, Things]:
    world, things = await _imported()
    for thing in things:
        world.hub.edit_order(thing["pk"])
    return world, things


def _arrived(world: World, things: Things) -> set[int]:
    numbers = {row["number"] for row in world.orders}
    return {number for number, thing in enumerate(things) if thing["number"] in numbers}


def _items(test: Callable[[Row], bool]) -> Callable[[World, Things], set[int]]:
    """Those whose item is as it is to be."""

    def done(world: World, things: Things) -> set[int]:
        found = {row["order"] for row in world.order_items if test(row)}
        return {number for number, thing in enumerate(things) if thing["pk"] in found}

    return done


def _requests_there(world: World, things: Things) -> set[int]:
    known = bound(world, ContentType.cancellation_request)
    return {number for number, thing in enumerate(things) if thing["remote_id"] in known}


def _infos_there(world: World, things: Things) -> set[int]:
    orders = {row["order"] for row in world.shipping_infos}
    return {number for number, thing in enumerate(things) if thing["pk"] in orders}


def _told(content_type: ContentType) -> Callable[[World, Things], set[int]]:
    """Those of which the channel knows the newest version."""

    def done(world: World, things: Things) -> set[int]:
        found = set()
        for number, thing in enumerate(things):
            record = action(world, thing["object_id"], content_type)
            rows = world.orders if content_type is ContentType.order else world.requests
            if (
                record
                and record["status"] == "success"
                and record["version_date"] == rows[thing["object_id"]]["modified_date"]
            ):
                found.add(number)
        return found

    return done


SALES = [
    Family("fetch_and_create_order", _ordered, _arrived, (market("orders", "number"), hub("customers/", "email"))),
    Family(
        "fetch_and_update_order_items",
        _changed_items,
        _items(lambda row: row["tracking_number"] == "TR1"),
        (market("order-items", "order_id"), hub("order_items/", "order")),
    ),
    Family(
        "fetch_and_create_cancel",
        _cancelled,
        _items(lambda row: row["status"] == "100"),
        (market("cancellations", "order_number"), hub("order_items/", "order"), hub("orders/")),
    ),
    Family(
        "fetch_and_create_cancellation_requests",
        _requested,
        _requests_there,
        (market("requests", "id"), hub("order_items/", "order")),
    ),
    Family("create_order_shipping_info", _imported, _infos_there, (market("orders", "number"), hub("orders/"))),
    Family(
        "update_orders",
        _changed_orders,
        _told(ContentType.order),
        (hub("orders/"), market("orders", "number")),
    ),
    Family(
        "update_cancellation_requests",
        _decided,
        _told(ContentType.cancellation_request),
        (
            hub("cancellation_requests/", "id"),
            hub("integration_actions/", "object_id"),
            market("requests", "remote_id"),
        ),
    ),
]


# -- setup --------------------------------------------------------------------------------------------------------------


def _assortment() -> World:
    world = World(products=1, failing=0)
    world.set_channel(category_tree=None)
    world.market.reset(category_nodes=0, attributes=0)
    return world


async def _categories() -> tuple[World, Things]:
    world = _assortment()
    rows = [world.market.assortment.add_category(f"Kategori {number}") for number in range(THINGS)]
    return world, [{"id": row.id, "name": row.name, "remote_id": row.id} for row in rows]


async def _renamed_categories() -> tuple[World, Things]:
    world, things = await _categories()
    await run(world, "create_or_update_category_tree_and_nodes")
    nodes = bound(world, "categorynode")
    for thing in things:
        thing["pk"] = thing["object_id"] = nodes[thing["id"]][0]
        thing["name"] = world.market.assortment.categories[thing["id"]].name = f"Yeni {thing['name']}"
    return world, things


async def _categories_with_attributes() -> tuple[World, Things]:
    world, things = await _categories()
    for row in world.market.assortment.categories.values():
        row.features.append(world.market.assortment.add_feature(f"Özellik {row.id}", ["Kırmızı", "Mavi"]))
    await run(world, "create_or_update_category_tree_and_nodes")
    nodes = bound(world, "categorynode")
    return world, [{**thing, "object_id": nodes[thing["id"]][0], "pk": nodes[thing["id"]][0]} for thing in things]


async def _attributes() -> tuple[World, Things]:
    world = _assortment()
    rows = [world.market.assortment.add_feature(f"Özellik {number}", ["Kırmızı", "Mavi"]) for number in range(THINGS)]
    return world, [{"id": row.id, "name": row.name, "remote_id": row.id} for row in rows]


async def _known_attributes() -> tuple[World, Things]:
    world, things = await _attributes()
    await run(world, "create_or_update_attributes")
    attributes = bound(world, "marketplaceattribute")
    for thing in things:
        thing["pk"] = thing["object_id"] = thing["attribute"] = attributes[thing["id"]][0]
        world.market.assortment.features[thing["id"]].values["9"] = "Yeşil"
    return world, things


def _nodes_named(world: World, things: Things) -> set[int]:
    nodes = bound(world, "categorynode")
    names = {remote_id: world.setup.nodes.table[keys[0]]["name"] for remote_id, keys in nodes.items()}
    return {number for number, thing in enumerate(things) if names.get(thing["id"]) == thing["name"]}


def _sets_there(world: World, things: Things) -> set[int]:
    sets = {row["remote_id"]: row["id"] for row in world.setup.sets.table}
    ruled = {row["attribute_set"] for row in world.setup.rules.table}
    return {number for number, thing in enumerate(things) if sets.get(thing["id"]) in ruled}


def _attributes_there(world: World, things: Things) -> set[int]:
    """By their ids: two that come with one id are one attribute, which has the values of both."""
    found, attributes = set(), bound(world, "marketplaceattribute")
    for number, thing in enumerate(things):
        values = world.market.assortment.features[thing["id"]].values
        for pk in attributes.get(thing["id"], ()):
            known = {entry["value"]: entry["label"] for entry in world.setup.values.table.find("attribute", pk)}
            found |= {number} if known.items() >= values.items() else set()
    return found


SETUP = [
    Family(
        "create_or_update_category_tree_and_nodes", _categories, _nodes_named, (market("categories", "id"),), of="new"
    ),
    Family(
        "create_or_update_category_tree_and_nodes",
        _renamed_categories,
        _nodes_named,
        (market("categories", "id"), hub("category_nodes/"), hub("integration_actions/", "object_id")),
        of="renamed",
    ),
    Family("create_or_update_attributes", _attributes, _attributes_there, (market("attributes", "id"),), of="new"),
    Family(
        "create_or_update_attributes",
        _known_attributes,
        _attributes_there,
        (
            market("attributes", "id"),
            hub("attributes/"),
            hub("attribute_values/", "attribute"),
            hub("integration_actions/", "object_id"),
        ),
        of="known",
    ),
    Family(
        "create_or_update_category_attributes",
        _categories_with_attributes,
        _sets_there,
        (market("categories/", "id"), hub("category_nodes/"), hub("integration_actions/", "object_id")),
    ),
]
FAMILIES = [*GOODS, *SALES, *SETUP]
