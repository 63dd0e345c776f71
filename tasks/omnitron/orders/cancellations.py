"""Cancellations that happened on the channel, carried out in Omnitron."""

from collections.abc import Sequence
from typing import Any

from clients.errors import MissingError, RefusedError
from dto.base import is_blank
from dto.enums import ContentType, OrderStatus
from dto.omnitron import ChannelConf
from dto.orders import CancelOrderDto
from dto.text import ByText
from tasks.batch import Member
from tasks.create_once import create_once
from tasks.omnitron.orders.arrivals import Arrival, ArrivalCommand
from tasks.omnitron.orders.bound_items import (
    BoundItems,
    OrderItemNotFoundError,
    OrderNotFoundError,
    order_by_number,
)


class ReasonNotMappedError(MissingError):
    """The channel's reason has no counterpart in Omnitron."""

    code = "ReasonNotMapped"


def omnitron_reason(conf: ChannelConf, reason: str | None) -> int:
    """Omnitron's reason for a reason of the channel: from `reason_mapping`, in whatever spelling, else
    `cancellation_reason_id`.

    Raises:
        ReasonNotMappedError: the conf has neither, or two spellings of it with different reasons.
    """
    meant = ByText(conf.reason_mapping.items()).find(reason or "")
    if len(set(meant)) > 1:
        raise ReasonNotMappedError(
            f"The channel's reason `{reason}` is in the conf's `reason_mapping` in several spellings, for Omnitron's reasons "
            f"{', '.join(map(str, meant))}. Leave one of them, or add exactly this spelling."
        )
    found = meant[0] if meant else conf.cancellation_reason_id
    if found is None:
        raise ReasonNotMappedError(
            f"The channel's reason `{reason}` is not in the conf's `reason_mapping`, and there is no fallback in "
            "`cancellation_reason_id`. Fill in one of them."
        )
    return found


class CreateOrderCancel(ArrivalCommand[CancelOrderDto]):
    """Cancels in Omnitron the items that were cancelled on the channel, each once: items with that status are skipped, and
    after a lost answer the items are read again. Two cancellations of one order are carried out one after the other,
    because each must see the other's effect.

    The order is found by its number, and its items within it. An item that cannot be cancelled yet, because Omnitron lacks
    it or its reason, waits, and the other items are cancelled. Where the cancellation refunds an amount or the shipping as a
    whole, it waits as a whole: the refund must not be made twice.
    """

    key = "create_order_cancel"
    content_type = ContentType.order
    activity = "cancelling order items"

    def name(self, cancel: CancelOrderDto) -> str:
        return cancel.order

    async def prepare(self, cancels: Sequence[CancelOrderDto]) -> None:
        self._items = await BoundItems.read(
            self.integration, [item for cancel in cancels for item in cancel.cancel_items]
        )

    async def take_in(self, cancel: CancelOrderDto, arrival: Arrival) -> list[Member]:
        order = await order_by_number(self.integration, cancel.order)
        if order is None:
            raise OrderNotFoundError(
                f"Omnitron has no order with the number {cancel.order}. The cancellation is carried out when the order is "
                "there."
            )
        to_cancel, missing = await self._still_to_cancel(order, cancel)
        reasons, unmapped = self._reasons(cancel, to_cancel)
        problems = [*missing, *unmapped]
        if problems and (_refunds_as_a_whole(cancel) or not reasons):
            raise _together(problems, "None of its items was cancelled.")
        arrival.outcome = "cancelled" if reasons else "known"
        if reasons:
            await self._cancel(order, cancel, reasons)
        if problems:
            raise _together(problems, "Its other items are cancelled.")
        return []

    async def _cancel(self, order: int, cancel: CancelOrderDto, reasons: dict[int, int]) -> None:
        """Cancels these items, each for its reason."""
        left = reasons

        async def cancel_them() -> bool:
            await self.integration.client.orders.cancel(order, left, _terms(cancel))
            return True

        async def look() -> bool | None:
            nonlocal left
            to_cancel, _ = await self._still_to_cancel(order, cancel)
            left = {pk: reason for pk, reason in left.items() if pk in to_cancel}
            return None if left else True

        try:
            await create_once(cancel_them, look, self.integration.runtime.clock)
        except RefusedError:
            if await look() is None:
                raise

    def _reasons(self, cancel: CancelOrderDto, to_cancel: dict[int, str]) -> tuple[dict[int, int], list[MissingError]]:
        """Omnitron's reason for each item, and a problem for each reason that has no counterpart."""
        reasons: dict[int, int] = {}
        problems: dict[str, MissingError] = {}
        for pk, remote_id in to_cancel.items():
            try:
                reasons[pk] = omnitron_reason(self.integration.channel.conf, cancel.reasons.get(remote_id))
            except ReasonNotMappedError as error:
                problems[error.message] = error
        return reasons, list(problems.values())

    async def _still_to_cancel(self, order: int, cancel: CancelOrderDto) -> tuple[dict[int, str], list[MissingError]]:
        """Omnitron's items that still have to be cancelled → the channel's id of each; and the problem, if the order lacks
        some of the channel's items."""
        items = await self._items.of_order(order)
        missing = [remote_id for remote_id in cancel.cancel_items if remote_id not in items]
        to_cancel = {
            item.pk: remote_id
            for remote_id in cancel.cancel_items
            for item in items.get(remote_id, ())
            if item.status != OrderStatus.cancelled
        }
        if not missing:
            return to_cancel, []
        names = ", ".join("(an item without an id)" if is_blank(remote_id) else remote_id for remote_id in missing)
        return to_cancel, [
            OrderItemNotFoundError(
                f"Order {cancel.order} has no item in Omnitron that is bound to the channel's {names}."
            )
        ]


def _refunds_as_a_whole(cancel: CancelOrderDto) -> bool:
    """Whether it refunds something once for all of its items."""
    return cancel.forced_refund_amount is not None or bool(cancel.is_cargo_refund)


def _terms(cancel: CancelOrderDto) -> dict[str, Any]:
    """What the channel says about the refund; fields that it did not give are left out."""
    fields = {"forced_refund_amount", "is_cargo_refund", "refund_invoice_number"}
    return cancel.model_dump(mode="json", include=fields, exclude_unset=True, exclude_none=True)


def _together(problems: Sequence[MissingError], outcome: str) -> MissingError:
    """Several problems as one, under the name of the first."""
    sentences = [problem.message for problem in problems]
    return type(problems[0])(" ".join([*sentences, outcome]))
