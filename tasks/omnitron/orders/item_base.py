"""What each side is known to have said of an order item, and whose value of a field is the newer one.

The base of an item is kept in its integration action, as `state["order_item_base"]`. It holds, by the name of a field, what the
channel listed last, and what it was told since. A key of `extra_field` is a field of its own.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, Self

from pydantic import Field, ValidationError

from dto.base import Dto, UtcDatetime, is_blank
from dto.enums import IntegrationActionStatus, OrderStatus
from dto.omnitron import IntegrationAction
from dto.omnitron_orders import OrderItem
from dto.orders import ChannelUpdateOrderItemDto

STATE = "order_item_base"
FIELDS = ("status", "invoice_number", "invoice_date", "tracking_number")
EXTRA_FIELD = "extra_field"
DEFAULTS: Mapping[str, Any] = {"status": OrderStatus.new.value}
"""The values of an item that was created without any; all other fields are empty."""
AFTER = timedelta(seconds=1)
"""The channel's clock and ours agree no better: a change this soon after a send may have come before it."""

_WAY = (OrderStatus.new, OrderStatus.packed, OrderStatus.shipped, OrderStatus.delivered)
_Verdict = Literal["channel", "hub", "same", "nothing new"]


class Listed(Dto):
    """A value that the channel listed, and the channel's time of the change, if it gave one."""

    value: Any
    at: UtcDatetime | None = None


class Told(Dto):
    """A value that was sent to the channel, when it was sent last, and the version of the order in which it was sent first."""

    value: Any
    at: UtcDatetime
    version: UtcDatetime

    def is_taken(self, acknowledged: datetime | None) -> bool:
        """Whether the channel has it, where it has acknowledged the order at this version."""
        return acknowledged is not None and acknowledged >= self.version


class ItemBase(Dto):
    """What the channel listed last of an item, and what it was told since, by the name of the field. Of what it was told, the
    base holds the last value, and before that the last one that it has certainly taken."""

    listed: dict[str, Listed] = Field(default_factory=dict)
    told: dict[str, list[Told]] = Field(default_factory=dict)

    def untold(self, acknowledged: datetime | None) -> frozenset[str]:
        """The fields that the channel has not certainly taken as they were told last."""
        return frozenset(name for name, tells in self.told.items() if not tells[-1].is_taken(acknowledged))

    @classmethod
    def of(cls, action: IntegrationAction | None) -> Self:
        """The base in an item's action; an empty one where there is none, or none that can be read."""
        try:
            return cls.model_validate((action.state if action else {}).get(STATE) or {})
        except ValidationError:  # others may write into the state; an item without a base is met as for the first time
            return cls()

    def in_state_of(self, action: IntegrationAction) -> dict[str, Any]:
        """The action's state with this base. What others keep there stays."""
        return {**action.state, STATE: self.model_dump(mode="json")}

    def taking(self, name: str, new: Listed) -> Self:
        """The base after the channel listed a value: what it was told before that counts no more."""
        told = {
            field: [each for each in tells if field != name or (new.at is not None and each.at >= new.at)]
            for field, tells in self.told.items()
        }
        told = {field: tells for field, tells in told.items() if tells}
        return self.model_copy(update={"listed": {**self.listed, name: new}, "told": told})


@dataclass(frozen=True, slots=True)
class HubItem:
    """An item as Omnitron has it.

    Attributes:
        values: by the name of the field.
        at: when it was last changed there.
        is_untouched: whether nobody has changed it since it was bound: then its values are the channel's.
        acknowledged: the version of its order that the channel has taken; None if that is unknown.
        is_being_told: whether its order is on the way to the channel, and the outcome is not known yet.
    """

    values: Mapping[str, Any]
    at: datetime | None = None
    is_untouched: bool = False
    acknowledged: datetime | None = None
    is_being_told: bool = False

    @classmethod
    def of(cls, item: OrderItem, action: IntegrationAction | None, order: IntegrationAction | None) -> Self:
        """An item, with its own action and that of its order, if they are known."""
        bound, status = action.version_date if action else None, order.status if order else None
        return cls(
            _flat(item.model_dump(mode="json")),
            item.modified_date,
            is_untouched=bound is not None and item.modified_date is not None and item.modified_date <= bound,
            acknowledged=order.version_date if order and status is IntegrationActionStatus.success else None,
            is_being_told=status is IntegrationActionStatus.processing,
        )


def listed_values(update: ChannelUpdateOrderItemDto) -> dict[str, Listed]:
    """What the channel says of an item, by the name of the field. A field that it leaves empty is none, and the id that
    binds an item never changes."""
    return {
        name: Listed(value, update.modified_date)
        for name, value in _flat(update.model_dump(mode="json")).items()
        if name != _extra("id") and not (name in FIELDS and is_blank(value))
    }


def compare(base: ItemBase, listed: Mapping[str, Listed], hub: HubItem) -> tuple[dict[str, Any], ItemBase]:
    """Compares what the channel lists with what is known of both sides, field by field.

    Returns:
        the values to write to the hub, by the name of the field; and the base once they are written.
    """
    written: dict[str, Any] = {}
    for name, new in listed.items():
        verdict = _verdict(base, name, new, hub)
        if verdict == "channel":
            written[name] = new.value
        if verdict != "nothing new":
            base = base.taking(name, new)
    return written, base


def telling(base: ItemBase, hub: HubItem, at: datetime, version: datetime) -> ItemBase:
    """The base once the item is sent to the channel, `at` a time, with its order in a `version`. Empty fields are left out:
    the channel takes them as unchanged."""
    told = dict(base.told)
    for name in {*FIELDS, *base.listed}:
        value, earlier = hub.values.get(name), base.told.get(name, [])
        known = earlier[-1].value if earlier else _last(base, name, hub).value
        taken = [each for each in earlier if each.is_taken(hub.acknowledged)][-1:]
        if is_blank(value):
            continue
        if value != known:
            told[name] = [*taken, Told(value, at, version)]
        elif earlier and earlier[-1:] != taken:
            told[name] = [*taken, Told(value, at, earlier[-1].version)]
    return base.model_copy(update={"told": told})


def as_patch(values: Mapping[str, Any], item: OrderItem) -> dict[str, Any]:
    """Values by the names of their fields, as Omnitron takes them: its `extra_field` is written as a whole."""
    patch = {name: value for name, value in values.items() if name in FIELDS}
    extra = {name.removeprefix(_extra("")): value for name, value in values.items() if name not in FIELDS}
    return {**patch, EXTRA_FIELD: {**(item.extra_field or {}), **extra}} if extra else patch


def field_of(name: str) -> str:
    """The field of Omnitron's with which a field is written."""
    return name if name in FIELDS else EXTRA_FIELD


def _verdict(base: ItemBase, name: str, new: Listed, hub: HubItem) -> _Verdict:
    """Whose value of a field stands: the channel's new one, the hub's against a new one of the channel, one that both have,
    or whatever is there because the channel lists nothing new."""
    last, present = _last(base, name, hub), hub.values.get(name)
    taken = [each for each in base.told.get(name, ()) if each.is_taken(hub.acknowledged)]
    earlier = [each for each in taken if new.at is None or new.at > each.at + AFTER]
    known = earlier[-1].value if earlier else last.value
    if new.value == present:
        is_remembered = new.value == (base.listed[name].value if name in base.listed else DEFAULTS.get(name))
        return "nothing new" if is_remembered and not earlier else "same"
    if new.value == known:
        return "nothing new" if new.value == last.value else "same"
    if _is_older(new, last):
        return "nothing new"
    is_in_doubt = hub.is_being_told and bool(base.told.get(name))
    if present == known and len(taken) == len(earlier) and not is_in_doubt:
        return "channel"
    if hub.is_being_told:
        return "nothing new"
    return "channel" if _is_newer(name, new, hub) else "hub"


def _last(base: ItemBase, name: str, hub: HubItem) -> Listed:
    """What the channel listed last; before it listed anything, what an item is created with."""
    first = hub.values.get(name) if hub.is_untouched else DEFAULTS.get(name)
    return base.listed.get(name) or Listed(first)


def _is_older(new: Listed, last: Listed) -> bool:
    """Whether the channel repeats what it listed before, or lists what was before that."""
    if new.at is None:
        return bool(new.value == last.value)
    return last.at is not None and new.at < last.at


def _is_newer(name: str, new: Listed, hub: HubItem) -> bool:
    """Whether the channel's change came after the hub's. Where the channel gives no time, a status may go ahead, and whatever
    else the merchant wrote stays."""
    if new.at is not None and hub.at is not None:
        return new.at > hub.at
    present = hub.values.get(name)
    return name == "status" and {new.value, present} <= set(_WAY) and _WAY.index(new.value) > _WAY.index(present)


def _flat(row: Mapping[str, Any]) -> dict[str, Any]:
    extra = row[EXTRA_FIELD] or {}
    return {name: row[name] for name in FIELDS} | {_extra(name): value for name, value in extra.items()}


def _extra(name: str) -> str:
    return f"{EXTRA_FIELD}.{name}"
