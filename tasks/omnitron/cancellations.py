"""Cancellations that happened on the channel, carried out in Omnitron."""

from collections.abc import Sequence

from clients.errors import MissingError, RefusedError
from dto.enums import ContentType
from dto.omnitron import ChannelConf
from dto.omnitron_orders import CANCELLED, OrderItem
from dto.orders import CancelOrderDto
from tasks.batch import Member
from tasks.create_once import create_once
from tasks.omnitron.arrivals import Arrival, Arriving
from tasks.omnitron.order_items import OrderItemNotFoundError, items_by_remote_id


class OrderNotFoundError(MissingError):
    """Omnitron has no such order of the channel's."""

    code = "OrderNotFound"


class ReasonNotMappedError(MissingError):
    """The channel's reason has no counterpart in Omnitron."""

    code = "ReasonNotMapped"


def omnitron_reason(conf: ChannelConf, reason: str | None) -> int:
    """Omnitron's reason for one of the channel's: from `reason_mapping`, else `cancellation_reason_id`.

    Raises:
        ReasonNotMappedError: the conf has neither.
    """
    found = conf.reason_mapping.get(reason or "", conf.cancellation_reason_id)
    if found is None:
        raise ReasonNotMappedError(
            f"The channel's reason `{reason}` is not in the conf's `reason_mapping`, and there is no "
            "`cancellation_reason_id` to fall back to. Fill in one of them."
        )
    return found


class CreateOrderCancel(Arriving[CancelOrderDto]):
    """Cancels in Omnitron what was cancelled on the channel, once: an item whose status says so already is left alone, and
    after a lost answer the items are looked at before anything is cancelled again. Two cancellations of one order, which would
    each see the other's items as they were, are carried out one after the other."""

    key = "create_order_cancel"
    content_type = ContentType.order
    doing = "cancelling order items"

    def name(self, cancel: CancelOrderDto) -> str:
        return cancel.order

    async def prepare(self, cancels: Sequence[CancelOrderDto]) -> None:
        actions = await self.integration.client.actions(
            content_type=ContentType.order, remote_ids={cancel.order for cancel in cancels}
        )
        self._orders = {action.remote_id: action.object_id for action in actions}
        self._items = await items_by_remote_id(
            self.integration, [item for cancel in cancels for item in cancel.cancel_items]
        )

    async def take_in(self, cancel: CancelOrderDto, arrival: Arrival) -> list[Member]:
        order = self._orders.get(cancel.order) or await self._by_number(cancel.order)
        waiting = await self._waiting(order, cancel)
        if not waiting:
            arrival.ending = "known"
            return []
        reasons = {item: omnitron_reason(self._conf, cancel.reasons.get(item)) for item in waiting.values()}
        amount = cancel.model_dump(mode="json")["forced_refund_amount"]

        async def cancel_them() -> dict[int, str]:
            nonlocal waiting
            their_reasons = {pk: reasons[remote_id] for pk, remote_id in waiting.items()}
            await self.integration.client.cancel_order(order, list(waiting), their_reasons, amount)
            return waiting

        async def look() -> dict[int, str] | None:
            nonlocal waiting
            waiting = await self._waiting(order, cancel)
            return None if waiting else {}

        try:
            await create_once(cancel_them, look, self.integration.runtime.clock)
        except RefusedError:
            if await look() is None:
                raise
        arrival.ending = "cancelled"
        return []

    @property
    def _conf(self) -> ChannelConf:
        return self.integration.channel.conf  # type: ignore[no-any-return]

    async def _by_number(self, number: str) -> int:
        for order in await self.integration.client.orders_numbered(number):
            return int(order.pk)
        raise OrderNotFoundError(
            f"Omnitron has no order that the channel calls {number}, by its id or its number. When it is there, the "
            "cancellation is carried out."
        )

    async def _waiting(self, order: int, cancel: CancelOrderDto) -> dict[int, str]:
        """Omnitron's items that are to be cancelled and are not yet → the channel's id of each."""
        items: list[OrderItem] = await self.integration.client.order_items(order)
        found: dict[str, list[OrderItem]] = {}
        for remote_id in cancel.cancel_items:
            keys = self._items.get(remote_id, [])
            found[remote_id] = [item for item in items if item.pk in keys or item.remote_id == remote_id]
        missing = [remote_id for remote_id, rows in found.items() if not rows]
        if missing:
            raise OrderItemNotFoundError(
                f"Order {cancel.order} has no item in Omnitron that is bound to the channel's {', '.join(missing)}."
            )
        return {item.pk: remote_id for remote_id, rows in found.items() for item in rows if item.status != CANCELLED}
