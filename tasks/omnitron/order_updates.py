"""Orders that changed in Omnitron, on their way to the channel; and their items."""

from collections.abc import Collection, Sequence

from dto.enums import ContentType, FailedReasonType
from dto.omnitron import IntegrationAction
from dto.omnitron_orders import Order, OrderItem
from tasks.batch import Member, Reference, version_of
from tasks.command import OmnitronCommand
from tasks.omnitron.batch_requests import ProcessBatchRequests, reference_of
from tasks.omnitron.products import unseen


class GetOrders(OmnitronCommand[None, list[Order]]):
    """Orders that changed in Omnitron since the channel was last told, committed to the run's batch at once."""

    key = "get_orders"
    content_type = ContentType.order
    limit: int = 1_000
    skip: Collection[int] = ()

    async def get_data(self) -> list[Order]:
        return await unseen(self.integration.client.due_orders(self.limit), self.skip, self.limit)

    async def send(self, orders: list[Order]) -> list[Order]:
        if not orders or not self.integration.create_batch:
            return orders
        await self.integration.ready()
        for order in orders:
            reference = (ContentType.order, order.pk)
            self.batch_request.hold(
                Member(*reference, version_of(order), owner=reference, key=order.number, remote_id=order.remote_id)
            )
            if order.remote_id is None:
                message = (
                    f"Order {order.number} has no channel's id in its extra_field: the channel cannot be told about it. "
                    "It was not made by this channel, or its extra_field was emptied."
                )
                self.fail(order, FailedReasonType.channel_app, message, "NoRemoteId")
        await self.integration.commit()
        return [order for order in orders if order.remote_id is not None]


class GetOrderItems(OmnitronCommand[Order, list[OrderItem]]):
    """The items of one order, each with its integration action."""

    key = "get_order_items"
    content_type = ContentType.order_item

    async def send(self, order: Order) -> list[OrderItem]:
        client = self.integration.client
        items: list[OrderItem] = await client.order_items(order.pk)
        actions: list[IntegrationAction] = await client.actions(
            content_type=ContentType.order_item, object_ids=[item.pk for item in items]
        )
        by_item = {action.object_id: action for action in actions}
        return [item.model_copy(update={"integration_action": by_item.get(item.pk)}) for item in items]


class GetOrderItemsWithOrder(OmnitronCommand[Sequence[Order], list[Order]]):
    """Attaches to each order its items, as `order.orderitem_set`."""

    key = "get_order_items_with_order"
    content_type = ContentType.order

    async def send(self, orders: Sequence[Order]) -> list[Order]:
        async def attach(order: Order) -> Order:
            items = await self.integration.client.order_items(order.pk)
            return order.model_copy(update={"orderitem_set": items})

        return await self.for_each(orders, attach, "reading order items")


class ProcessOrderBatchRequests(ProcessBatchRequests):
    """Ends a batch of order updates with the channel's results, matched by the channel's id first, then by number."""

    key = "process_order_batch_requests"
    content_type = ContentType.order

    async def members(self, actions: Sequence[IntegrationAction]) -> tuple[list[Member], set[Reference]]:
        rows = await self.integration.client.orders(action.object_id for action in actions)
        orders: dict[int, Order] = {order.pk: order for order in rows}
        members, gone = [], set()
        for action in actions:
            reference, order = reference_of(action), orders.get(action.object_id)
            remote_id = action.remote_id or (order.remote_id if order else None)
            version = action.version_date or self.integration.runtime.clock.now()
            member = Member(*reference, version, owner=reference, remote_id=remote_id, committed=True)
            member.key = order.number if order else None
            members.append(member)
            if member.key is None and remote_id is None:
                gone.add(reference)
        return members, gone
