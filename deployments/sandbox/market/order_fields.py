"""The fields of a local order that a buyer, the market or the shop sets."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

CHANGEABLE = ("status", "invoice_number", "invoice_date", "tracking_number")
"""Fields of an item that change after it was ordered."""
_PLACE_FIELDS = ("country", "city", "township", "district")
_CONTACT_FIELDS = ("email", "phone")

Item = dict[str, Any]


def override(order: Item, overrides: Mapping[str, Any]) -> None:
    """Lay given values over an order; a place and a contact stand in both addresses."""
    addresses = (order["shipping_address"], order["billing_address"])
    for name, given in overrides.items():
        value = str(given) if isinstance(given, Decimal) else given
        if name in ("buyer", "shipping_address", "billing_address"):
            order[name] |= value
        elif name in _PLACE_FIELDS:
            for address in addresses:
                address[name] = value
        elif name in _CONTACT_FIELDS:
            for holder in (order["buyer"], *addresses):
                holder[name] = value
        elif name in order and name not in ("id", "items"):
            order[name] = value
        else:
            raise TypeError(f"an order has no {name!r} that can be set")


def remove(order: Item, path: list[str]) -> None:
    """Take a field out of an order altogether."""
    holder = order
    for part in path[:-1]:
        holder = holder[part]
    holder.pop(path[-1], None)


def write(stored: Item, sent: Item, names: Iterable[str]) -> None:
    """Fields that are None or absent stay as they are."""
    stored.update({name: sent[name] for name in names if sent.get(name) is not None})
