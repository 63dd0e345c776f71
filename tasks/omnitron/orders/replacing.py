"""An order or an item that takes the place of another one on the channel, because a package was split or merged.

Omnitron's order or item stays, and is bound to the new id: in its `extra_field`, which keeps the former ids beside it, and then
in its action. A run that dies in between finds the former id in the action, and goes on from there.

That Omnitron lets an order's `extra_field` be written (PATCH), as that of an item, is an assumption.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, TypeVar

from dto.base import is_blank, wire_date
from dto.omnitron import IntegrationAction
from dto.omnitron_orders import FORMER_IDS, Order, OrderItem
from dto.orders import ChannelCreateOrderDto
from tasks.omnitron.hub import Hub
from tasks.omnitron.orders.known_orders import remote_id_of

Row = TypeVar("Row", Order, OrderItem)

_OF_A_REPLACEMENT = {"extra_field", "modified_date", "integration_action"}
"""The fields in which a replacement alone makes a row differ."""


async def take_place(
    hub: Hub,
    row: Row,
    action: IntegrationAction | None,
    remote_id: str,
    update: Callable[[int, Mapping[str, Any]], Awaitable[Row]],
) -> Row:
    """Binds an order or an item to a new id, once; the row as it is then. An item without an action has none to change."""
    before = row
    if row.remote_id != remote_id:
        former = sorted(row.former_ids | ({row.remote_id} if row.remote_id else set()))
        fields = {**(row.extra_field or {}), "id": remote_id, FORMER_IDS: former}
        row = await update(row.pk, {"extra_field": fields})
    if action is not None and action.remote_id != remote_id:
        changed: dict[str, Any] = {"remote_id": remote_id}
        if _is_untouched(before, row, action) and row.modified_date is not None:
            changed["version_date"] = wire_date(row.modified_date)  # nobody but this program has changed it
        await hub.client.actions.update(action.pk, changed)
    return row


def first_of_each(entries: Sequence[ChannelCreateOrderDto]) -> dict[str, str]:
    """The channel's id of each order → one name for all orders of which one takes another's place, or that share a number."""
    names: dict[str, str] = {}
    for entry in entries:
        own = {remote_id_of(entry.order), entry.replaces or "", f"number {entry.order.number}"} - {""}
        known = {names[name] for name in own if name in names}
        first = min(known, default=remote_id_of(entry.order))
        names |= {name: first for name, named in names.items() if named in known} | dict.fromkeys(own, first)
    return names


def with_former_id(entry: ChannelCreateOrderDto) -> ChannelCreateOrderDto:
    """The order with the id of the one whose place it takes: listed again, that one is known by it."""
    if is_blank(entry.replaces):
        return entry
    extra_field = {**entry.order.extra_field, FORMER_IDS: [entry.replaces]}
    return entry.model_copy(update={"order": entry.order.model_copy(update={"extra_field": extra_field})})


def _is_untouched(before: Row, after: Row, action: IntegrationAction) -> bool:
    """Whether the merchant has changed nothing that the channel does not know: neither before it was read, nor since."""
    known = action.version_date
    if known is None or before.modified_date is None or before.modified_date > known:
        return False
    return before.model_dump(exclude=_OF_A_REPLACEMENT) == after.model_dump(exclude=_OF_A_REPLACEMENT)
