"""What ties an order of Omnitron and its items to the channel's ids."""

from collections.abc import Sequence

from clients.errors import ContractError
from dto.base import wire_date
from dto.enums import ContentType
from dto.omnitron import IntegrationAction
from dto.omnitron_orders import Order
from dto.orders import ChannelCreateOrderDto, OmnitronCreateOrderDto
from tasks.batch import Member, ObjectKey
from tasks.concurrency import for_each
from tasks.create_once import create_once
from tasks.omnitron.hub import Hub
from tasks.omnitron.orders.arrivals import binding
from tasks.omnitron.orders.known_orders import remote_id_of


async def bindings_of(hub: Hub, entry: ChannelCreateOrderDto | OmnitronCreateOrderDto, order: Order) -> list[Member]:
    """The order and its items with the channel's ids. One item of the channel may be several in Omnitron.

    Raises:
        ContractError: Omnitron's order lacks an item of the channel's.
    """
    items = await hub.client.order_items.find(order.pk)
    remote_ids = {remote_id_of(item) for item in entry.order_item}
    missing = remote_ids - {item.remote_id for item in items}
    if missing:
        raise ContractError(
            f"Order {order.number} is in Omnitron without the channel's items {', '.join(sorted(missing))}."
        )
    first = binding(ContentType.order, order, remote_id_of(entry.order))
    first.key = order.number
    return [
        first,
        *(
            binding(ContentType.order_item, item, item.remote_id)
            for item in items
            if item.remote_id is not None and item.remote_id in remote_ids
        ),
    ]


async def unbound(hub: Hub, members: Sequence[Member]) -> list[Member]:
    """The members without an action. An existing action is kept: its version is the one that the channel knows."""
    bound: set[ObjectKey] = set()
    for content_type in (ContentType.order, ContentType.order_item):
        keys = [member.pk for member in members if member.content_type is content_type]
        actions = await hub.client.actions.find(content_type=content_type, object_ids=keys)
        bound |= {(content_type, action.object_id) for action in actions if action.remote_id}
    return [member for member in members if member.object_key not in bound]


async def bind_at_once(hub: Hub, members: Sequence[Member]) -> None:
    """Binds members without a batch, each once."""

    async def bind(member: Member) -> None:
        fields = {
            "content_type": member.content_type,
            "channel_id": hub.channel_id,
            "object_id": member.pk,
            "remote_id": member.remote_id,
            "version_date": wire_date(member.version_date),
            "state": {},
        }

        async def find() -> IntegrationAction | None:
            found = await hub.client.actions.find(content_type=member.content_type, object_ids=[member.pk])
            return next((action for action in found if action.remote_id), None)

        await create_once(lambda: hub.client.actions.create(fields), find, hub.runtime.clock, may_exist=True)

    await for_each(members, bind)
