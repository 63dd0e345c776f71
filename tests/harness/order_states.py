"""Shops in which buyers have ordered, cancelled or complained."""

from tests.harness.product_states import asked_twice, integrated
from tests.world.driving import die_at, run
from tests.world.loopback import World


async def ordered(world: World) -> None:
    """Two buyers have ordered, and a third by a cargo company that Omnitron does not have."""
    await integrated(world)
    sku = next(iter(world.market.items))
    world.market.place_order(cargo="nobody", items=[(sku, 1)])
    world.market.place_order(items=[(sku, 2)])
    world.market.place_order(items=[(sku, 1)])


async def imported(world: World) -> None:
    """Two orders of two items are in Omnitron."""
    await integrated(world)
    for sku in list(world.market.items)[:2]:
        world.market.place_order(items=[(sku, 2)])
    await run(world, "fetch_and_create_order")


async def changed_orders(world: World) -> None:
    await imported(world)
    for order in list(world.orders):
        world.hub.edit_order(order["pk"])


async def accepted_orders(world: World) -> None:
    await changed_orders(world)
    await run(world, "update_orders")
    await asked_twice(world)


async def cancelled(world: World) -> None:
    """One order as a whole, with an item that is two in Omnitron; of the other one item."""
    await imported(world)
    first, second = world.market.sales.orders
    item = next(row for row in world.order_items if row["extra_field"]["id"] == _items(world, first)[0])
    world.hub.split_item(item["pk"], is_bound=True)
    world.market.cancel_order(first)
    world.market.cancel_order(second, items=_items(world, second)[:1])


async def split(world: World) -> None:
    """Of a known order, one item was cancelled: the market has split its package."""
    await imported(world)
    _, second = world.market.sales.orders
    world.market.cancel_order(second, items=_items(world, second)[:1])


async def changed_after_split(world: World) -> None:
    """What is left of the package was shipped: a market that merges packages has made one of both."""
    await split(world)
    for flow in ("fetch_and_create_order", "fetch_and_update_order_items", "fetch_and_create_cancel"):
        await run(world, flow)
    left = next(order for order in world.market.sales.orders.values() if "replaces" in order)
    world.market.change_item(left["items"][0]["id"], status="SHIPPED", invoice_number="FT1")


async def told_after_split(world: World) -> None:
    """The merchant has changed the orders, and Omnitron does not know the new packages yet."""
    await split(world)
    for order in list(world.orders):
        world.hub.edit_order(order["pk"])


async def changed_items(world: World) -> None:
    await imported(world)
    for order in world.market.sales.orders:
        world.market.change_item(_items(world, order)[0], status="SHIPPED", invoice_number=f"FT{order}")


async def contested_items(world: World) -> None:
    """Both sides changed the same items: of the first order the merchant was the last, of the second the market. The third item
    was changed by the merchant alone, after the channel's change was taken over, and the market lists that one still."""
    await imported(world)
    first, second = world.market.sales.orders
    items = {row["extra_field"]["id"]: row["pk"] for row in world.order_items}
    settled, contested, later = _items(world, first)[1], _items(world, first)[0], _items(world, second)[0]
    world.market.change_item(settled, status="PACKED", tracking_number="M1")
    await run(world, "fetch_and_update_order_items")
    await run(world, "update_orders")
    world.clock.advance(60)
    world.hub.edit_order_item(items[settled], status="500")
    world.market.change_item(contested, status="PACKED", tracking_number="M2")
    world.hub.edit_order_item(items[later], status="450", tracking_number="T3")
    world.clock.advance(60)
    world.hub.edit_order_item(items[contested], status="500", tracking_number="T2")
    world.market.change_item(later, status="SHIPPED", tracking_number="M3")
    world.clock.advance(60)


async def requested(world: World) -> None:
    """Two requests for one item, and one for another."""
    await imported(world)
    first, second = (_items(world, order)[0] for order in world.market.sales.orders)
    world.market.request(first, "cancel")
    world.market.request(first, "refund")
    world.market.request(second, "refund", reason="DAMAGED")


async def decided(world: World) -> None:
    await requested(world)
    await run(world, "fetch_and_create_cancellation_requests")
    for request, status in zip(list(world.requests), ("approved", "rejected"), strict=False):
        world.hub.decide_request(request["id"], status)


async def abandoned_import(world: World) -> None:
    """A run died after the first of its orders was bound, and others were made."""
    await ordered(world)
    await die_at(world, "fetch_and_create_order", "POST", "create_orders", 2)


async def abandoned_update(world: World) -> None:
    """A run died before the channel heard of the orders that it had committed."""
    await changed_orders(world)
    await die_at(world, "update_orders", "PUT", "/orders", 1, "before")


def _items(world: World, order: str) -> list[str]:
    """The marketplace's ids of an order's items."""
    return [item["id"] for item in world.market.sales.orders[order]["items"]]
