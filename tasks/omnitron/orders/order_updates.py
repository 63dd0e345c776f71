"""Orders that changed in Omnitron, and their items, on their way to the channel."""

from collections.abc import Sequence
from typing import ClassVar

from clients.errors import ItemError, RefusedError
from clients.omnitron.due import DueRows
from dto.enums import ContentType, FailedReasonType
from dto.omnitron import IntegrationAction
from dto.omnitron_orders import Order, OrderItem
from tasks.batch import Member, ObjectKey, version_of
from tasks.omnitron.command import OmnitronCommand
from tasks.omnitron.enrichment import Enrichment
from tasks.omnitron.journal.due import GetDue
from tasks.omnitron.journal.settling import ProcessBatchRequests
from tasks.omnitron.orders.item_base import HubItem, ItemBase, telling


class NotNotedError(ItemError):
    """What the channel is to be told of an order's item could not be noted."""

    code = "NotNoted"


class GetOrders(GetDue[None, Order]):
    """Reads orders with changes in Omnitron that the channel does not know yet."""

    key = "get_orders"
    content_type = ContentType.order
    which = "updates"
    named_in: ClassVar[str] = "number"
    objects: None = None
    add_actions: bool = False
    """Attach each order's integration action as it is before the batch, as `order.integration_action`."""

    async def get_data(self) -> DueRows[Order]:
        due = await self.integration.client.orders.due(self.limit, self.skip)
        if not (self.add_actions and due.rows):
            return due
        keys = [order.pk for order in due.rows]
        actions = await self.integration.client.actions.find(content_type=ContentType.order, object_ids=keys)
        of_order = {action.object_id: action for action in actions}
        rows = [order.model_copy(update={"integration_action": of_order.get(order.pk)}) for order in due.rows]
        return due._replace(rows=rows)

    def member(self, row: Order) -> Member:
        member = super().member(row)
        member.key, member.remote_id = row.number, row.remote_id
        return member

    async def identify(self, rows: list[Order]) -> list[Order]:
        return await self.integration.do_action(IdentifyOrders, objects=rows)


class IdentifyOrders(Enrichment[Order]):
    """Keeps the orders that have an id of the channel. An order without one fails: `NoRemoteId`."""

    key = "identify_orders"
    content_type = ContentType.order
    attaches = ()

    async def send(self, orders: list[Order]) -> list[Order]:
        for order in orders:
            if order.remote_id is None:
                message = (
                    f"Order {order.number} has no id of the channel in its extra_field, so the channel cannot find it. "
                    "It does not come from this channel, or its extra_field was cleared."
                )
                self.fail(order, FailedReasonType.channel_app, message, "NoRemoteId")
        return [order for order in orders if order.remote_id is not None]


class GetOrderItems(OmnitronCommand[Order, list[OrderItem]]):
    """Reads the items of one order, each with its integration action."""

    key = "get_order_items"
    content_type = ContentType.order_item

    async def send(self, order: Order) -> list[OrderItem]:
        client = self.integration.client
        items: list[OrderItem] = await client.order_items.find(order.pk)
        actions: list[IntegrationAction] = await client.actions.find(
            content_type=ContentType.order_item, object_ids=[item.pk for item in items]
        )
        by_item = {action.object_id: action for action in actions}
        return [item.model_copy(update={"integration_action": by_item.get(item.pk)}) for item in items]


class GetOrderItemsWithOrder(Enrichment[Order]):
    """Attaches to each order its items, as `order.orderitem_set`, each with the fields that the channel does not know yet, as
    `item.untold`. Notes these in the item's action: the channel knows them once Omnitron records the order as a success."""

    key = "get_order_items_with_order"
    content_type = ContentType.order
    attaches = ("orderitem_set",)

    async def send(self, orders: list[Order]) -> list[Order]:
        async def attach(order: Order) -> Order:
            items = await self.integration.client.order_items.find(order.pk)
            return order.model_copy(update={"orderitem_set": items})

        found = await self.for_each(orders, attach, "reading order items")
        keys = [item.pk for order in found for item in order.orderitem_set or ()]
        actions = await self.integration.client.actions.find(content_type=ContentType.order_item, object_ids=keys)
        of_item = {action.object_id: action for action in actions}

        async def compare(order: Order) -> Order:
            items = [await self._compared(order, item, of_item.get(item.pk)) for item in order.orderitem_set or ()]
            return order.model_copy(update={"orderitem_set": items})

        return await self.for_each(found, compare, "comparing order items")

    async def _compared(self, order: Order, item: OrderItem, action: IntegrationAction | None) -> OrderItem:
        """The item with what the channel does not know of it, which is noted.

        Raises:
            NotNotedError: a server in front of Omnitron refused the note. Told without it, an order whose item has a newer value
                on the channel would stay different there: it waits.
        """
        if action is None:
            return item
        base, hub = ItemBase.of(action), HubItem.of(item, action, order.integration_action)
        told = telling(base, hub, self.integration.runtime.clock.now(), version_of(order))
        if told != base:
            try:
                await self.integration.client.actions.update(action.pk, {"state": told.in_state_of(action)})
            except RefusedError as error:
                if error.body is None:
                    raise NotNotedError(
                        f"The order is not told yet: what the channel is to hear of item {item.remote_id} could not be noted in "
                        f"Omnitron, because a server in front of it refused that. {error.message} The order is offered again "
                        "after its interval."
                    ) from error
                # Omnitron would refuse it again: the order is told all the same.
                self.log.warning(
                    "What the channel is told of item %s could not be noted: %s If the channel changes it back, that is taken "
                    "for an old value.",
                    item.remote_id,
                    error.message,
                )
        return item.model_copy(update={"untold": told.untold(hub.acknowledged)})


class ProcessOrderBatchRequests(ProcessBatchRequests):
    """Ends a batch of order updates with the channel's results, matched by the channel's id first, then by number."""

    key = "process_order_batch_requests"
    content_type = ContentType.order

    async def members(self, actions: Sequence[IntegrationAction]) -> tuple[list[Member], set[ObjectKey]]:
        rows = await self.integration.client.orders.get_many(action.object_id for action in actions)
        orders: dict[int, Order] = {order.pk: order for order in rows}
        members, gone = [], set()
        for action in actions:
            object_key, order = action.object_key, orders.get(action.object_id)
            remote_id = action.remote_id or (order.remote_id if order else None)
            version = action.version_date or self.integration.runtime.clock.now()
            member = Member(*object_key, version, owner=object_key, remote_id=remote_id, committed=True)
            member.key = order.number if order else None
            members.append(member)
            if member.key is None and remote_id is None:
                gone.add(object_key)
        return members, gone
