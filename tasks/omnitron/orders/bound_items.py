"""Omnitron's orders and their items by the names that the channel gives them.

An order's id and its number are two kinds of name, and may overlap: each is looked for as what it is. An item's id counts
only within its order, because many channels number the lines of every order from 1.
"""

from collections.abc import Iterable, Mapping

from clients.errors import ItemError, MissingError
from dto.base import is_blank
from dto.enums import ContentType
from dto.omnitron import IntegrationAction
from dto.omnitron_orders import OrderItem
from tasks.concurrency import side_by_side
from tasks.omnitron.hub import Hub


class OrderNotFoundError(MissingError):
    """The channel's order is not in Omnitron."""

    code = "OrderNotFound"


class OrderItemNotFoundError(MissingError):
    """The channel's item is not in Omnitron: its order is not there yet, or was never bound."""

    code = "OrderItemNotFound"


class OrderItemAmbiguousError(ItemError):
    """The channel's id stands for several items in Omnitron, and nothing says which one is meant."""

    code = "OrderItemAmbiguous"


async def orders_by_remote_id(hub: Hub, remote_ids: Iterable[str]) -> dict[str, IntegrationAction]:
    """The channel's order id → the action of Omnitron's order, looked up in bulk."""
    actions = await hub.client.actions.find(content_type=ContentType.order, remote_ids=remote_ids)
    return {action.remote_id: action for action in actions if action.remote_id is not None}


async def order_by_number(hub: Hub, number: str) -> int | None:
    """Omnitron's order with this number, if there is one."""
    found = await hub.client.orders.find(number) if not is_blank(number) else []
    return found[0].pk if found else None


async def order_named(
    hub: Hub, known: Mapping[str, IntegrationAction], remote_id: str | None, number: str | None
) -> int | None:
    """Omnitron's order that the channel names by its id, which was looked up before, or else by its number."""
    action = known.get(remote_id or "")
    return action.object_id if action else await order_by_number(hub, number or "")


class BoundItems:
    """The items that are bound to some ids of the channel. The ids are looked up in bulk, whatever their order."""

    def __init__(self, hub: Hub, actions: Mapping[str, Mapping[int, IntegrationAction]]) -> None:
        self._hub = hub
        self._actions = actions

    @classmethod
    async def read(cls, hub: Hub, remote_ids: Iterable[str]) -> "BoundItems":
        """Looks up the ids."""
        wanted = set(remote_ids)
        actions: dict[str, dict[int, IntegrationAction]] = {remote_id: {} for remote_id in wanted}
        for action in await hub.client.actions.find(content_type=ContentType.order_item, remote_ids=wanted):
            if action.remote_id is not None:
                actions[action.remote_id][action.object_id] = action
        return cls(hub, actions)

    def actions(self, remote_id: str) -> Mapping[int, IntegrationAction]:
        """The actions with this id, by the keys of their items."""
        return self._actions.get(remote_id, {})

    async def of_order(self, order: int) -> dict[str, list[OrderItem]]:
        """The ids that are items of this order, or were → these items as they are now: several if one was split, none in the
        mapping for an id that fits no item of it."""
        rows: list[OrderItem] = await self._hub.client.order_items.find(order)
        found = {
            remote_id: [row for row in rows if row.pk in keys or row.remote_id == remote_id]
            or [row for row in rows if remote_id in row.former_ids]
            for remote_id, keys in self._actions.items()
        }
        return {remote_id: items for remote_id, items in found.items() if items}

    async def without_order(self, remote_id: str) -> list[OrderItem]:
        """The items with this id, for a channel that does not name their order.

        Raises:
            OrderItemAmbiguousError: they belong to several orders.
        """
        get = self._hub.client.order_items.get
        rows: list[OrderItem] = await side_by_side(*(get(pk) for pk in sorted(self.actions(remote_id))))
        orders = {row.order for row in rows}
        if len(orders) > 1:
            raise OrderItemAmbiguousError(
                f"The channel's item {remote_id} is an item of {len(orders)} orders in Omnitron "
                f"({', '.join(sorted(map(str, orders)))}), and the channel does not say which one is meant. Name the order "
                "in the connector, or make the id unique there; until then, do this one in Omnitron by hand."
            )
        return rows
