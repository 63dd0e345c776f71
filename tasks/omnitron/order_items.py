"""What changed on the channel about order items, written into Omnitron."""

from collections.abc import Sequence
from typing import Any

from clients.errors import MissingError
from dto.enums import ContentType
from dto.omnitron_orders import CANCELLED, OrderItem
from dto.orders import ChannelUpdateOrderItemDto
from tasks.batch import Member
from tasks.omnitron.arrivals import Arrival, Arriving


class OrderItemNotFoundError(MissingError):
    """Omnitron has no such item of the channel's: its order is not there yet, or was never bound."""

    code = "OrderItemNotFound"


async def items_by_remote_id(integration: Any, remote_ids: Sequence[str]) -> dict[str, list[int]]:
    """The channel's item id → Omnitron's items: several, where one was split."""
    actions = await integration.client.actions(content_type=ContentType.order_item, remote_ids=set(remote_ids))
    found: dict[str, list[int]] = {}
    for action in actions:
        found.setdefault(action.remote_id, []).append(action.object_id)
    return found


class UpdateOrderItems(Arriving[ChannelUpdateOrderItemDto]):
    """Writes into Omnitron what changed on the channel about items, and only what differs there."""

    key = "update_order_items"
    content_type = ContentType.order_item
    doing = "updating order items"

    def name(self, update: ChannelUpdateOrderItemDto) -> str:
        return f"item {update.remote_id}"

    async def prepare(self, updates: Sequence[ChannelUpdateOrderItemDto]) -> None:
        self._items = await items_by_remote_id(self.integration, [update.remote_id for update in updates])

    async def send(self, updates: Sequence[ChannelUpdateOrderItemDto]) -> list[Arrival]:
        """Of several lines about one item the later counts. Written one after the other, they would change it, and with
        it its order, on every run anew."""
        merged: dict[str, ChannelUpdateOrderItemDto] = {}
        for update in updates:
            said = {name: value for name in type(update).model_fields if (value := getattr(update, name)) is not None}
            merged[update.remote_id] = merged.get(update.remote_id, update).model_copy(update=said)
        return await super().send(list(merged.values()))

    async def take_in(self, update: ChannelUpdateOrderItemDto, arrival: Arrival) -> list[Member]:
        keys = self._items.get(update.remote_id, [])
        if not keys:
            raise OrderItemNotFoundError(
                f"Omnitron has no item that is bound to the channel's {update.remote_id} (order "
                f"{update.order_number or update.order_remote_id or 'unknown'}). When its order is there, this is written."
            )
        arrival.ending = "unchanged"
        client = self.integration.client
        for pk in keys:
            changed = changes(await client.order_item(pk), update)
            if changed:
                await client.update_order_item(pk, changed)
                arrival.ending = "changed"
        return []


def changes(item: OrderItem, update: ChannelUpdateOrderItemDto) -> dict[str, Any]:
    """The fields that the channel says otherwise, as Omnitron takes them. What the channel does not say stays.

    No item is cancelled or brought back to life here: a status written by hand would skip what a cancellation does
    (refund, stock), and a line from before one would undo it.
    """
    said = update.model_dump(mode="json")
    changed: dict[str, Any] = {
        name: said[name]
        for name in ("status", "invoice_number", "invoice_date", "tracking_number")
        if getattr(update, name) not in (None, "") and getattr(update, name) != getattr(item, name)
    }
    if CANCELLED in (item.status, update.status):
        changed.pop("status", None)
    extra_field = {**(item.extra_field or {}), **(update.extra_field or {})}
    # The item's own id in there is what it is bound by.
    if item.remote_id is not None:
        extra_field["id"] = (item.extra_field or {})["id"]
    if update.extra_field and extra_field != (item.extra_field or {}):
        changed["extra_field"] = extra_field
    return changed
