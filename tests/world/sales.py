"""Orders for tests: a shop whose products are on the channel, buyers who order, and Omnitron's view of them."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from deployments.sandbox.hub.ledger import Key
from deployments.sandbox.market.intake import remote_id_of
from dto.enums import ContentType
from dto.omnitron_orders import Customer
from dto.orders import (
    AddressDto,
    ChannelCreateOrderDto,
    ChannelOrderDto,
    ChannelUpdateOrderItemDto,
    CustomerDto,
    OrderItemDto,
)
from flows.order import fetch_and_create_order
from tasks.omnitron.orders.arrivals import Arrival
from tasks.omnitron.orders.customers import GetOrCreateCustomer
from tasks.omnitron.orders.order_items import UpdateOrderItems
from tasks.omnitron.orders.orders import ImportOrders
from tests.world.loopback import World
from tests.world.shop import CHANNEL, Row, opened, run

PLACED = datetime(2026, 1, 1, tzinfo=UTC)


def list_products(world: World) -> None:
    """Every product is on the channel, as Omnitron knows."""
    for row in world.products:
        world.ledger.put(
            Key("product", row["pk"]),
            status="success",
            version_date=row["modified_date"],
            remote_id=remote_id_of(row["sku"]),
        )


def sku_of(world: World, index: int = 0) -> str:
    """The sku of the shop's n-th product."""
    return str([row["sku"] for row in world.products][index])


def place(world: World, pieces: int = 1, **overrides: Any) -> Row:
    """A buyer orders so many pieces of the first product."""
    return world.market.place_order(**{"items": [(sku_of(world), pieces)], **overrides})


async def imported(world: World, *pieces: int, **overrides: Any) -> list[Row]:
    """Orders of so many pieces each, in Omnitron; as the marketplace tells them."""
    placed = [place(world, number, **overrides) for number in pieces or (2,)]
    summary = await run(world, fetch_and_create_order)
    assert summary.counts["created"] == len(placed), summary
    return placed


def in_hub(world: World, placed: Row) -> Row:
    """Omnitron's order for one of the marketplace's."""
    (row,) = [row for row in world.orders if row["extra_field"].get("id") == placed["id"]]
    return row


def items_in_hub(world: World, placed: Row) -> list[Row]:
    """Omnitron's items of an order."""
    return sorted(world.order_items.find("order", in_hub(world, placed)["pk"]), key=lambda row: row["pk"])


def unbind(world: World, *content_types: str) -> None:
    """Omnitron forgets the remote ids of such objects, as after a run that died."""
    for row in list(world.actions):
        if row["content_type"]["model"] in content_types:
            world.ledger.delete(row["pk"])


def posts(seen: list[Any], resource: str) -> int:
    """How many creates of a resource were sent."""
    return sum(request.method == "POST" and request.url.path == f"{CHANNEL}{resource}/" for request in seen)


def changes(seen: list[Any], resource: str = "order_items") -> list[Row]:
    """The bodies of the changes of a resource that were sent."""
    return [
        json.loads(request.content)
        for request in seen
        if request.method == "PATCH" and f"/{resource}/" in request.url.path
    ]


def key_of_place(world: World, kind: Any, name: str) -> int:
    """The key of the first place of this name."""
    return next(int(row["pk"]) for row in world.places.tables[kind] if row["name"] == name)


def customer(**fields: Any) -> CustomerDto:
    """Şule, by e-mail and phone."""
    known = {
        "email": "sule@example.com",
        "first_name": "Şule",
        "last_name": "Işık",
        "channel_code": "B1",
        "phone_number": "+905550000001",
    }
    return CustomerDto(**{**known, **fields})


def address(**fields: Any) -> AddressDto:
    """In Moda, Kadıköy, İstanbul."""
    known = {
        "email": "sule@example.com",
        "phone_number": None,
        "first_name": "Şule",
        "last_name": "Işık",
        "country": "TR",
        "city": "İstanbul",
        "township": "Kadıköy",
        "district": "Moda Mah.",
        "line": "Gül Sok. No: 3",
    }
    return AddressDto(**{**known, **fields})


def item(world: World, **fields: Any) -> OrderItemDto:
    """One piece of the first product."""
    known = {
        "remote_id": "I1",
        "product": remote_id_of(sku_of(world)),
        "price_currency": "try",
        "price": Decimal("62.44"),
        "tax_rate": Decimal(20),
        "extra_field": {},
    }
    return OrderItemDto(**{**known, **fields})


def order(world: World, *items: OrderItemDto, **fields: Any) -> ChannelCreateOrderDto:
    """Şule's order, of one item by default."""
    known = {
        "remote_id": "R1",
        "number": "SP1",
        "channel": 6,
        "customer": customer(),
        "shipping_address": address(),
        "billing_address": address(),
        "currency": "try",
        "amount": Decimal("62.44"),
        "shipping_amount": Decimal(0),
        "shipping_tax_rate": Decimal(20),
        "extra_field": {},
        "cargo_company": "yurtici",
        "created_at": PLACED,
    }
    return ChannelCreateOrderDto(
        order=ChannelOrderDto(**{**known, **fields}), order_item=list(items) if items else [item(world)]
    )


async def brought_in(world: World, *entries: ChannelCreateOrderDto) -> list[Arrival]:
    """What became of orders as a connector tells them."""
    async with opened(world, ContentType.order, create_batch=False) as hub:
        batch = hub.new_batch()
        arrivals = await hub.do_action(ImportOrders, objects=entries)
        if batch.is_open:
            await batch.done()
    return arrivals


async def customer_in_hub(world: World, **fields: Any) -> Customer:
    """Omnitron's customer for Şule, in a run of its own."""
    async with opened(world) as hub:
        found: Customer = await hub.do_action(GetOrCreateCustomer, objects=customer(**fields))
    return found


async def updated_items(world: World, *updates: ChannelUpdateOrderItemDto) -> list[Arrival]:
    """What became of changes of items as a connector tells them."""
    async with opened(world, ContentType.order_item, create_batch=False) as hub:
        found: list[Arrival] = await hub.do_action(UpdateOrderItems, objects=updates)
    return found
