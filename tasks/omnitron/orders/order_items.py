"""Changes of order items on the channel, written into Omnitron where they are the newer ones."""

from collections.abc import Hashable, Mapping, Sequence
from http import HTTPStatus
from typing import Any

from clients.errors import ItemError, RefusedError
from dto.base import is_blank
from dto.enums import ContentType, OrderStatus
from dto.omnitron import IntegrationAction
from dto.omnitron_orders import OrderItem
from dto.orders import ChannelUpdateOrderItemDto
from tasks.batch import Member
from tasks.concurrency import side_by_side
from tasks.omnitron.orders.arrivals import Arrival, ArrivalCommand
from tasks.omnitron.orders.bound_items import (
    BoundItems,
    OrderItemNotFoundError,
    order_named,
    orders_by_remote_id,
)
from tasks.omnitron.orders.item_base import (
    HubItem,
    ItemBase,
    Listed,
    as_patch,
    compare,
    field_of,
    listed_values,
)
from tasks.omnitron.orders.replacing import take_place


class CancelledByUpdateError(ItemError):
    """The channel lists an item as cancelled, and Omnitron has not cancelled it."""

    code = "CancelledByUpdate"


class ChangesRefusedError(ItemError):
    """Omnitron refused several changes of an item, each for its own reason."""

    code = "ChangesRefused"


class UpdateOrderItems(ArrivalCommand[ChannelUpdateOrderItemDto]):
    """Writes the channel's changes of items into Omnitron, field by field: only what the channel changed since it was last
    taken over, and where the merchant changed it too, only what is newer. Where the channel names the order, an item is looked
    for within it."""

    key = "update_order_items"
    content_type = ContentType.order_item
    activity = "updating order items"

    def name(self, update: ChannelUpdateOrderItemDto) -> str:
        order = update.order_number or update.order_remote_id
        return f"{update.remote_id} of order {order}" if order else update.remote_id

    def group(self, update: ChannelUpdateOrderItemDto) -> Hashable:
        """Two items may say that they replace the same one: the first takes its place."""
        order, _ = _key(update)
        return order, list(self._ids[self.name(update)])[-1]

    async def prepare(self, updates: Sequence[ChannelUpdateOrderItemDto]) -> None:
        self._orders: dict[str, IntegrationAction]
        self._items: BoundItems
        self._orders, self._items = await side_by_side(
            orders_by_remote_id(self.integration, [update.order_remote_id or "" for update in updates]),
            BoundItems.read(self.integration, {each for ids in self._ids.values() for each in ids}),
        )

    async def send(self, updates: Sequence[ChannelUpdateOrderItemDto]) -> list[Arrival]:
        """Merges several updates of one item; of two values, the later one counts: by their times if all have one, else by
        their place in the list. Written one after the other, they would change the item and its order again on every run. An
        item and those whose place it took are one."""
        rows: dict[str, list[ChannelUpdateOrderItemDto]] = {}
        self._ids: dict[str, dict[str, None]] = {}
        present = _present_ids(updates)
        for update in updates:
            now = update.model_copy(update={"remote_id": present.get(_key(update), update.remote_id)})
            rows.setdefault(self.name(now), []).append(now)
            ids = self._ids.setdefault(self.name(now), {now.remote_id: None})
            ids |= {
                each: None for each in (update.remote_id, update.replaces) if each is not None and not is_blank(each)
            }
        self._listed = {name: _merged(each) for name, each in rows.items()}
        return await super().send([each[0] for each in rows.values()])

    async def take_in(self, update: ChannelUpdateOrderItemDto, arrival: Arrival) -> list[Member]:
        order = self._orders.get(update.order_remote_id or "")
        items = await self._found(update)
        if not items:
            raise OrderItemNotFoundError(
                f"Omnitron has no item that is bound to the channel's {update.remote_id} (order "
                f"{update.order_number or update.order_remote_id or 'unknown'}). The change is written when its order is there."
            )
        if order is None and (pk := items[0].order) is not None:
            order = await self._order_action(pk)
        arrival.outcome = "unchanged"
        ids = self._ids[arrival.name]
        actions = {pk: action for each in ids for pk, action in self._items.actions(each).items()}
        shared = next((actions[item.pk] for item in items if item.pk in actions), None)
        problems: list[ItemError | RefusedError] = []
        # An item that was split off and never bound has the base of its sibling, which therefore comes last.
        for item in sorted(items, key=lambda item: item.pk in actions):
            hub = HubItem.of(item, actions.get(item.pk), order)
            base = ItemBase.of(actions.get(item.pk, shared))
            listed, cancelled = _without_cancellation(item, self._listed[arrival.name])
            problems += cancelled
            written, after = compare(base, listed, hub)
            patch = as_patch(written, await self._in_place(update, item, actions.get(item.pk), arrival))
            refused = await self._write(item, patch)
            if len(refused) < len(patch):
                arrival.outcome = "changed"
            if refused:
                problems += refused.values()
                _, after = compare(
                    base, {name: new for name, new in listed.items() if field_of(name) not in refused}, hub
                )
            if item.pk in actions and after != base:
                action = actions[item.pk]
                await self.integration.client.actions.update(action.pk, {"state": after.in_state_of(action)})
        if problems:
            raise _together(problems)
        return []

    async def _in_place(
        self, update: ChannelUpdateOrderItemDto, item: OrderItem, action: IntegrationAction | None, arrival: Arrival
    ) -> OrderItem:
        """The item, bound to the id that it has on the channel now."""
        bound_to = {item.remote_id, action.remote_id if action else item.remote_id}
        if bound_to == {update.remote_id} or item.remote_id not in self._ids[arrival.name]:
            return item  # as it should be; or it has been replaced once more since
        arrival.outcome = "changed"
        change = self.integration.client.order_items.update
        return await take_place(self.integration, item, action, update.remote_id, change)

    async def _order_action(self, order: int) -> IntegrationAction | None:
        """The action of an order that the channel does not name by its id: it tells what the channel has acknowledged."""
        find = self.integration.client.actions.find
        found: list[IntegrationAction] = await self.integration.once(
            ("order action", order), lambda: find(content_type=ContentType.order, object_ids=[order])
        )
        return found[0] if found else None

    async def _write(self, item: OrderItem, patch: Mapping[str, Any]) -> dict[str, RefusedError]:
        """Writes fields of an item: together, and one by one if Omnitron refuses them so. Returns the refused ones."""
        if not patch:
            return {}
        update = self.integration.client.order_items.update
        try:
            await update(item.pk, patch)
        except RefusedError as error:
            if len(patch) == 1 or error.status != HTTPStatus.BAD_REQUEST:
                return dict.fromkeys(patch, error)
        else:
            return {}
        refused = {}
        for name, value in patch.items():
            try:
                await update(item.pk, {name: value})
            except RefusedError as error:
                refused[name] = error
        return refused

    async def _found(self, update: ChannelUpdateOrderItemDto) -> list[OrderItem]:
        """Omnitron's items for the channel's one: several if it was split."""
        ids = self._ids[self.name(update)]
        if is_blank(update.order_remote_id) and is_blank(update.order_number):
            found = [await self._items.without_order(each) for each in ids]
        else:
            order = await order_named(self.integration, self._orders, update.order_remote_id, update.order_number)
            of_order = {} if order is None else await self._items.of_order(order)
            found = [of_order.get(each, []) for each in ids]
        own, *replaced = found
        # What another item has taken the place of is no more this one's.
        taken = [item for items in replaced for item in items if item.remote_id in ids]
        return list({item.pk: item for item in (*own, *taken)}.values())


def _key(update: ChannelUpdateOrderItemDto) -> tuple[str | None, str]:
    return update.order_number or update.order_remote_id, update.remote_id


def _present_ids(updates: Sequence[ChannelUpdateOrderItemDto]) -> dict[tuple[str | None, str], str]:
    """The key of each item that another one replaced → the id that it has now. One item may take the place of another after the
    other."""
    steps = {
        (order, update.replaces): remote_id
        for update in updates
        for order, remote_id in [_key(update)]
        if update.replaces is not None and not is_blank(update.replaces) and update.replaces != remote_id
    }
    present = {}
    for (order, remote_id), following in steps.items():
        seen, now = {remote_id}, following
        while (order, now) in steps and now not in seen:
            seen.add(now)
            now = steps[order, now]
        present[order, remote_id] = now
    return present


def _merged(updates: Sequence[ChannelUpdateOrderItemDto]) -> dict[str, Listed]:
    """What several updates of one item say; of a field, the last one that names it."""
    dated = [(update.modified_date, update) for update in updates if update.modified_date is not None]
    if len(dated) == len(updates):
        updates = [update for _, update in sorted(dated, key=lambda each: each[0])]
    return {name: new for update in updates for name, new in listed_values(update).items()}


def _without_cancellation(item: OrderItem, listed: dict[str, Listed]) -> tuple[dict[str, Listed], list[ItemError]]:
    """What the channel lists, without a status that would cancel the item or reverse its cancellation; and the problem, if it
    would cancel it. A bare status would skip the refund and the stock of a cancellation; an outdated one would undo it."""
    status = listed["status"].value if "status" in listed else None
    if OrderStatus.cancelled not in (item.status, status):
        return listed, []
    others = {name: new for name, new in listed.items() if name != "status"}
    if item.status == OrderStatus.cancelled:
        return others, []
    return others, [
        CancelledByUpdateError(
            f"The channel lists the item as cancelled (status {OrderStatus.cancelled}), which is not written as a change of its "
            "status: the refund and the stock would be left out. `fetch_and_create_cancel` cancels it when the connector's "
            "`get_cancelled_orders` lists it, with its reason. Its other changes are written."
        )
    ]


def _together(problems: Sequence[ItemError | RefusedError]) -> ItemError | RefusedError:
    """Several problems as one."""
    sentences = dict.fromkeys(problem.message for problem in problems)
    return problems[0] if len(sentences) == 1 else ChangesRefusedError(" ".join(sentences))
