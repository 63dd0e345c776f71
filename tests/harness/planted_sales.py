"""Bugs of the order flows to be planted, and the trouble in which each does harm."""

from collections.abc import Awaitable, Callable, Coroutine
from types import SimpleNamespace
from typing import Any

import pytest

from clients.errors import ItemError, LostAnswerError
from deployments.sandbox.base.faults import Fault
from dto.enums import ContentType, IntegrationActionStatus
from flows import recover as recovery
from tasks.batch import Member
from tasks.channel.sandbox import marketplace as connector
from tasks.omnitron.orders import (
    arrivals,
    cancellation_requests,
    field_limits,
    order_items,
    order_updates,
    orders,
)
from tasks.omnitron.orders.cancellations import CreateOrderCancel
from tests.harness.scenarios import Scenario
from tests.world.driving import die_at, heal, run
from tests.world.loopback import World

Patch = pytest.MonkeyPatch
Trouble = Callable[[Scenario, Any], Coroutine[Any, Any, None]]

DAY = 86_400


def creates_are_repeated_blindly(patch: Patch) -> None:
    """A create whose answer was lost is sent again without a look."""

    async def blindly(create: Callable[[], Awaitable[Any]], find: Any, clock: Any) -> Any:
        while True:
            try:
                return await create()
            except LostAnswerError:
                await clock.sleep(1)

    patch.setattr(cancellation_requests, "create_once", blindly)


def nobody_looks_for_the_number(patch: Patch) -> None:
    """An order is created without asking whether its number is there."""

    async def nothing(*arguments: Any) -> None:
        return None

    patch.setattr(orders, "find_order", nothing)


def one_order_stops_all(patch: Patch) -> None:
    """An unknown cargo company ends the whole chunk."""
    patch.setattr(arrivals, "STOPS_ALL", (ItemError,))


def the_cancelled_are_cancelled_again(patch: Patch) -> None:
    """An item that is cancelled already is cancelled on every run."""
    still_to_cancel = CreateOrderCancel._still_to_cancel

    async def all_of_them(self: Any, order: int, cancel: Any) -> Any:
        patch.setattr("tasks.omnitron.orders.cancellations.OrderStatus", SimpleNamespace(cancelled="no such status"))
        return await still_to_cancel(self, order, cancel)

    patch.setattr(CreateOrderCancel, "_still_to_cancel", all_of_them)


def imports_are_released(patch: Patch) -> None:
    """Recovery fails a batch that brought orders in, and their bindings are gone."""

    async def none(*arguments: Any) -> list[Member]:
        return []

    patch.setattr(recovery, "_brought_in", none)


def updates_are_bound_as_imports(patch: Patch) -> None:
    """Recovery takes orders that were to be sent for orders that came in: their changes count as told."""

    async def all_of_them(hub: Any, batch: Any) -> list[Member]:
        found = await hub.client.actions.find(
            local_batch_id=batch.local_batch_id, status=IntegrationActionStatus.processing
        )
        return [
            Member(
                ContentType(row.content_type.model),
                row.object_id,
                row.version_date,
                owner=(ContentType(row.content_type.model), row.object_id),
                remote_id=row.remote_id,
                settled=True,
            )
            for row in found
        ]

    patch.setattr(recovery, "_brought_in", all_of_them)


def repairs_bind_the_present(patch: Patch) -> None:
    """An order that is bound later counts as told in the version that it has by then."""

    async def found(integration: Any, number: str, *others: Any) -> Any:
        return next(iter(await integration.client.orders.find(number)), None)

    patch.setattr(orders, "find_order", found)
    patch.setattr(
        orders, "min", max, raising=False
    )  # the earlier of two versions: the order's own, and when it was placed


def numbers_are_cut(patch: Patch) -> None:
    """A number that is too long is cut like any text."""

    def cutting(fields: Any, limits: Any, what: str, keys: Any = ()) -> Any:
        return field_limits.fit(fields, limits, what)

    patch.setattr(orders, "fit", cutting)


def every_order_is_updated(patch: Patch) -> None:
    """Whatever the channel answers about an order counts as success."""
    patch.setattr(connector, "is_success", lambda row: True)


def decisions_before_the_binding_are_told(patch: Patch) -> None:
    """A request that is bound later counts as told as it was decided by then."""
    patch.setattr(cancellation_requests, "_at_known_version", lambda row: row)


def the_cancelled_come_back(patch: Patch) -> None:
    """What the channel says of the status of a cancelled item is written over it."""
    patch.setattr(order_items, "OrderStatus", SimpleNamespace(cancelled="no such status"))


def the_channel_is_told_nothing(patch: Patch) -> None:
    """What the merchant changes counts as known to the channel."""
    patch.setattr(order_updates, "telling", lambda base, *arguments: base)


async def plainly(scenario: Scenario, world: World) -> None:
    """Nothing goes wrong but the bug."""
    await run(world, scenario.flow)


async def lost_answer(scenario: Scenario, world: World) -> None:
    """The hub makes a request, and its answer is lost."""
    world.hub.faults.add(Fault("drop_after", "POST", "cancellation_requests"))
    await run(world, scenario.flow)
    heal(world)


async def dead_after_a_create(scenario: Scenario, world: World) -> None:
    """The run dies when an order is made and not bound; the merchant changes it."""
    await die_at(world, scenario.flow, "POST", "create_orders", 1)
    for order in list(world.orders):
        world.hub.edit_order(order["pk"])


async def dead_and_out_of_the_window(scenario: Scenario, world: World) -> None:
    """The run dies before it ends its batch, and nobody runs anything for longer than orders are read back."""
    sku = next(iter(world.market.items))
    world.market.place_order(items=[(sku, 1)])
    await die_at(world, "fetch_and_create_order", "PATCH", "batch_requests", 3, "before")
    await run(world, scenario.flow)
    world.clock.advance(8 * DAY)


async def too_long(scenario: Scenario, world: World) -> None:
    """An order's number has 129 characters."""
    world.market.place_order(items=[(next(iter(world.market.items)), 1)], number="9" * 129)
    await run(world, scenario.flow)


async def refused(scenario: Scenario, world: World) -> None:
    """The marketplace refuses an order's update."""
    number = next(iter(world.market.sales.orders.values()))["number"]
    world.market.refuse[number] = "Sipariş kapandı"
    await run(world, scenario.flow)
    world.market.refuse.clear()


async def decided_unbound(scenario: Scenario, world: World) -> None:
    """The run dies when a request is made and not bound; the merchant decides it."""
    await die_at(world, scenario.flow, "POST", "cancellation_requests", 1)
    for request in list(world.requests):
        world.hub.decide_request(request["id"], "approved")


async def shipped_all_the_same(scenario: Scenario, world: World) -> None:
    """An item is cancelled, and the channel says later that it is shipped."""
    first = next(iter(world.market.sales.orders.values()))
    world.market.cancel_order(first["id"])
    await run(world, "fetch_and_create_cancel")
    world.clock.advance(60)
    world.market.change_item(first["items"][0]["id"], status="SHIPPED", invoice_number="FT1")
    await run(world, scenario.flow)


PLANTED_SALES: list[tuple[Callable[[Patch], None], str, Trouble]] = [
    (creates_are_repeated_blindly, "fetch_and_create_cancellation_requests-sync", lost_answer),
    (nobody_looks_for_the_number, "fetch_and_create_order-sync", dead_after_a_create),
    (one_order_stops_all, "fetch_and_create_order-sync", plainly),
    (the_cancelled_are_cancelled_again, "fetch_and_create_cancel-sync", plainly),
    (imports_are_released, "create_order_shipping_info-sync", dead_and_out_of_the_window),
    (updates_are_bound_as_imports, "recover-order updates-sync", plainly),
    (repairs_bind_the_present, "fetch_and_create_order-sync", dead_after_a_create),
    (numbers_are_cut, "fetch_and_create_order-sync", too_long),
    (every_order_is_updated, "update_orders-sync", refused),
    (decisions_before_the_binding_are_told, "fetch_and_create_cancellation_requests-sync", decided_unbound),
    (the_cancelled_come_back, "fetch_and_update_order_items-sync", shipped_all_the_same),
    (the_channel_is_told_nothing, "update_orders-both sides-sync", plainly),
]
