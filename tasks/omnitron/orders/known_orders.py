"""Orders that are already in Omnitron, looked up by the channel's ids or by number."""

from collections import Counter
from collections.abc import Container, Mapping, Sequence
from datetime import datetime
from typing import Any

from clients.errors import MissingError
from dto.base import is_blank
from dto.enums import ContentType
from dto.omnitron_orders import Order
from dto.orders import ChannelCreateOrderDto, OmnitronOrderDto, OrderItemDto
from tasks.omnitron.command import OmnitronCommand
from tasks.omnitron.hub import Hub


class NumberTakenError(MissingError):
    """Another order has this number."""

    code = "NumberTaken"


def remote_id_of(dto: OmnitronOrderDto[Any, Any, Any] | OrderItemDto) -> str:
    """The channel's id of an order or an item: the one in its `extra_field`, which its binding uses, or else its own; empty
    if both are blank."""
    found = (each for each in (dto.extra_field.get("id"), dto.remote_id) if not is_blank(each))
    return str(next(found, ""))


class GetMissingOrders(OmnitronCommand[Sequence[ChannelCreateOrderDto], list[ChannelCreateOrderDto]]):
    """Selects the channel's orders that Omnitron lacks, or whose items are not all bound. Looks up their actions in bulk: a
    known order costs no request of its own."""

    key = "get_missing_orders"
    content_type = ContentType.order

    async def send(self, orders: Sequence[ChannelCreateOrderDto]) -> list[ChannelCreateOrderDto]:
        actions = await self.integration.client.actions.find(
            content_type=ContentType.order, remote_ids={remote_id_of(entry.order) for entry in orders}
        )
        keys = {action.remote_id: action.object_id for action in actions}
        known = [entry for entry in orders if remote_id_of(entry.order) in keys]
        bound = await self._bound_items(known, keys)
        replaced = {entry.replaces for entry in known}
        return [
            entry
            for entry in orders
            if remote_id_of(entry.order) not in replaced
            and (
                remote_id_of(entry.order) not in keys
                or any(remote_id_of(item) not in bound for item in entry.order_item)
            )
        ]

    async def _bound_items(
        self, known: Sequence[ChannelCreateOrderDto], keys: Mapping[str | None, int]
    ) -> Container[str]:
        """The ids of the items of known orders that are bound. Where a channel numbers the items of each order, an id says
        nothing of the order, and all items with it in Omnitron would be read: the items of one order are looked up by their
        order then, and those of several count as bound, as they were when their order was."""
        actions = self.integration.client.actions
        named = {(remote_id_of(entry.order), remote_id_of(item)) for entry in known for item in entry.order_item}
        orders_with = Counter(item for _, item in named)
        if len({order for order, _ in named}) == 1:
            rows = await self.integration.client.order_items.find(keys[remote_id_of(known[0].order)])
            found = await actions.find(content_type=ContentType.order_item, object_ids={row.pk for row in rows})
        elif any(number > 1 for number in orders_with.values()):
            return orders_with
        else:
            found = await actions.find(content_type=ContentType.order_item, remote_ids=set(orders_with))
        return {action.remote_id for action in found if action.remote_id is not None}


class GetKnownOrders(OmnitronCommand[Sequence[ChannelCreateOrderDto], list[Order]]):
    """Reads Omnitron's orders for the channel's orders, as far as it has them."""

    key = "get_known_orders"
    content_type = ContentType.order

    async def send(self, orders: Sequence[ChannelCreateOrderDto]) -> list[Order]:
        actions = await self.integration.client.actions.find(
            content_type=ContentType.order, remote_ids={remote_id_of(entry.order) for entry in orders}
        )
        return await self.integration.client.orders.get_many(action.object_id for action in actions)


async def products_by_remote_id(hub: Hub, items: Sequence[OrderItemDto]) -> dict[str, list[int]]:
    """The channel's product id → the keys of the products bound to it, normally one."""
    actions = await hub.client.actions.find(
        content_type=ContentType.product, remote_ids={item.product for item in items}
    )
    found: dict[str, list[int]] = {}
    for action in actions:
        found.setdefault(action.remote_id or "", []).append(action.object_id)
    return found


async def find_order(
    hub: Hub, number: str, remote_id: str, placed_at: datetime, replaces: str | None = None
) -> Order | None:
    """The order with this number, if Omnitron has it. It may have the id of the one that it replaces still; or the order with the
    number has taken the place of this one, or of the same one, which the channel has split.

    Its version is set back to the time when it was placed: the channel does not know later changes in Omnitron, and a
    binding at the current version would record them as sent.

    Raises:
        NumberTakenError: the number belongs to another order of the channel.
    """
    rows: list[Order] = await hub.client.orders.find(number)
    for row in rows:
        if row.remote_id in (None, remote_id, replaces) or {remote_id, replaces} & row.former_ids:
            return row.model_copy(update={"modified_date": min(row.modified_date or placed_at, placed_at)})
    if rows:
        raise NumberTakenError(
            f"Omnitron has another order with the number {number}: the channel's {rows[0].remote_id}, while this one is "
            f"{remote_id}. Two orders cannot have the same number."
        )
    return None
