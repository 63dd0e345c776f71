"""Several rows about one thing: a channel may list an order row by row, one for each line or parcel."""

from collections.abc import Sequence
from typing import Any, TypeVar

from clients.errors import ItemError
from dto.base import Dto, is_blank
from dto.orders import ChannelCreateOrderDto, OrderItemDto
from dto.text import comparable
from tasks.omnitron.orders.known_orders import remote_id_of

Item = TypeVar("Item", bound=Dto)

WRITTEN_BY_PEOPLE = frozenset({"customer", "shipping_address", "billing_address"})
"""Fields of an order whose texts are compared without letter case and blanks."""
IDS = frozenset({"channel_code", "remote_id", "retail_store"})
"""Fields of these that hold the channel's ids."""


class RowsDifferError(ItemError):
    """The channel lists one thing in several rows that contradict one another."""

    code = "RowsDiffer"


class RowsApartError(ItemError):
    """The channel lists one thing in several rows that stand on different pages."""

    code = "RowsApart"


def joined_order(rows: Sequence[ChannelCreateOrderDto]) -> ChannelCreateOrderDto:
    """One order of rows that complete one another: equal in all fields of the order, each with items of its own. The texts of
    the customer and the addresses may be spelled differently; the first row's spelling counts.

    Raises:
        RowsDifferError: they contradict one another in a field, or in an item.
    """
    orders = [row.order for row in rows]
    differing = [f"`{name}`" for name in _differing(orders)]
    items: dict[str, OrderItemDto] = {}
    listed = [(remote_id_of(item), item) for row in rows for item in row.order_item]
    differing += [f"item {remote_id}" for remote_id, item in listed if items.setdefault(remote_id, item) != item]
    replaced = {row.replaces: None for row in rows if not is_blank(row.replaces)}
    differing += ["`replaces`"] if len(replaced) > 1 else []
    if differing:
        raise _contradiction(len(rows), differing)
    waits = any(row.is_acknowledged is False for row in rows)
    joined = {"order_item": list(items.values()), "is_acknowledged": False if waits else rows[0].is_acknowledged}
    return rows[0].model_copy(update={**joined, "replaces": next(iter(replaced), None)})


def not_joined(rows: Sequence[Item]) -> Item:
    """For things that come in one row: several rows that are not equal contradict one another.

    Raises:
        RowsDifferError: always.
    """
    raise _contradiction(len(rows), [f"`{name}`" for name in _differing(rows)])


def _differing(rows: Sequence[Dto]) -> list[str]:
    """The fields in which rows are not all equal to the first."""
    first = rows[0]
    return [
        name
        for name in type(first).model_fields
        if any(_compared(name, getattr(row, name)) != _compared(name, getattr(first, name)) for row in rows[1:])
    ]


def _compared(name: str, value: Any) -> Any:
    """A field's value in the form that is compared."""
    if name not in WRITTEN_BY_PEOPLE:
        return value
    return {field: comparable(text) if isinstance(text, str) and field not in IDS else text for field, text in value}


def _contradiction(count: int, differing: Sequence[str]) -> RowsDifferError:
    return RowsDifferError(
        f"The channel lists it in {count} rows that differ in {', '.join(dict.fromkeys(differing))}, so nobody can tell which "
        "is right. It is taken in when they agree: correct it on the channel, or let the connector make one row of them."
    )
