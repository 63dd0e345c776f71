"""Whose value of an order item's field stands: compared with what the channel listed last, and with what it was told since."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dto.enums import IntegrationActionStatus
from dto.omnitron import ActionContentType, IntegrationAction
from dto.omnitron_orders import OrderItem
from dto.orders import ChannelUpdateOrderItemDto
from tasks.omnitron.orders.item_base import (
    STATE,
    HubItem,
    ItemBase,
    Listed,
    Told,
    as_patch,
    compare,
    listed_values,
    telling,
)

NEW, PACKED, SHIPPED, DELIVERED = "400", "450", "500", "550"


def at(minute: float) -> datetime:
    """A moment of the morning."""
    return datetime(2026, 1, 1, 10, tzinfo=UTC) + timedelta(minutes=minute)


def listing(value: Any, minute: float | None) -> Listed:
    """A value as the channel lists it."""
    return Listed(value, None if minute is None else at(minute))


def base(listed: tuple[Any, float | None] | None = None, *told: tuple[Any, float], name: str = "status") -> ItemBase:
    """What is known of one field: what was listed last, and what the channel was told, in the order's version of the time."""
    return ItemBase(
        listed={name: listing(*listed)} if listed else {},
        told={name: [Told(value, at(minute), at(minute)) for value, minute in told]} if told else {},
    )


def hub(
    value: Any, minute: float, *, acknowledged: float | None = None, name: str = "status", **fields: Any
) -> HubItem:
    """An item with one field, as Omnitron has it."""
    taken = None if acknowledged is None else at(acknowledged)
    return HubItem({name: value}, at(minute), acknowledged=taken, **fields)


STATUS_CASES: dict[str, tuple[ItemBase, Listed, HubItem, str | None]] = {
    "only the channel changed it": (base((PACKED, 1)), listing(SHIPPED, 5), hub(PACKED, 2), SHIPPED),
    "only the merchant changed it": (base((PACKED, 1)), listing(PACKED, 1), hub(SHIPPED, 5), None),
    "the channel changed something else since": (base((PACKED, 1)), listing(PACKED, 9), hub(SHIPPED, 5), None),
    "both changed it, the channel last": (base((NEW, 1)), listing(DELIVERED, 6), hub(SHIPPED, 5), DELIVERED),
    "both changed it, the merchant last": (base((NEW, 1)), listing(PACKED, 4), hub(SHIPPED, 5), None),
    "both changed it, the channel last, and back": (base((SHIPPED, 1)), listing(PACKED, 6), hub(DELIVERED, 5), PACKED),
    "an old row is listed again": (base((SHIPPED, 4)), listing(PACKED, 1), hub(SHIPPED, 4), None),
    "the channel took back what it was told": (
        base((PACKED, 1), (SHIPPED, 5)),
        listing(PACKED, 8),
        hub(SHIPPED, 4, acknowledged=5),
        PACKED,
    ),
    "... or never heard of it": (base((PACKED, 1), (SHIPPED, 5)), listing(PACKED, 8), hub(SHIPPED, 4), None),
    "the row is older than what it was told": (
        base((PACKED, 1), (SHIPPED, 5)),
        listing(PACKED, 3),
        hub(SHIPPED, 2, acknowledged=5),
        None,
    ),
    "... and the merchant has gone back since": (
        base((PACKED, 1), (SHIPPED, 5)),
        listing(DELIVERED, 3),
        hub(PACKED, 8, acknowledged=5),
        None,
    ),
    "what it was told overwrote a newer change": (
        base((PACKED, 1), (SHIPPED, 5)),
        listing(DELIVERED, 3),
        hub(SHIPPED, 2, acknowledged=5),
        DELIVERED,
    ),
    "it goes on from what it was told": (
        base((PACKED, 1), (SHIPPED, 5)),
        listing(DELIVERED, 8),
        hub(SHIPPED, 4, acknowledged=5),
        DELIVERED,
    ),
    "the next change of the merchant is on its way": (
        base((PACKED, 1), (SHIPPED, 5), (DELIVERED, 9)),
        listing(PACKED, 7),
        hub(DELIVERED, 8, acknowledged=5),
        None,
    ),
    "nobody knows yet whether it was told": (
        base((PACKED, 1), (SHIPPED, 5)),
        listing(DELIVERED, 8),
        hub(SHIPPED, 4, is_being_told=True),
        None,
    ),
    "... and the merchant has gone back": (
        base((PACKED, 1), (SHIPPED, 5)),
        listing(DELIVERED, 9),
        hub(PACKED, 8, is_being_told=True),
        None,
    ),
    "by two clocks, within a second of what it was told": (
        base((PACKED, 1), (SHIPPED, 5)),
        listing(PACKED, 5.01),
        hub(SHIPPED, 4, acknowledged=5),
        None,
    ),
    "first met, as it was created": (base(), listing(SHIPPED, 1), hub(PACKED, 2, is_untouched=True), SHIPPED),
    "first met, the merchant was faster": (base(), listing(PACKED, 1), hub(SHIPPED, 5), None),
    "first met, the channel lists a new order": (base(), listing(NEW, 9), hub(SHIPPED, 5), None),
    "first met, the channel is newer": (base(), listing(DELIVERED, 9), hub(SHIPPED, 5), DELIVERED),
    "no time, only the channel changed it": (base((PACKED, None)), listing(SHIPPED, None), hub(PACKED, 2), SHIPPED),
    "no time, only the channel, and back": (base((SHIPPED, None)), listing(PACKED, None), hub(SHIPPED, 2), PACKED),
    "no time, only the merchant": (base((PACKED, None)), listing(PACKED, None), hub(SHIPPED, 5), None),
    "no time, both, ahead": (base((NEW, None)), listing(DELIVERED, None), hub(SHIPPED, 5), DELIVERED),
    "no time, both, behind": (base((NEW, None)), listing(PACKED, None), hub(SHIPPED, 5), None),
    "no time, both, an unknown status": (base((NEW, None)), listing("999", None), hub(SHIPPED, 5), None),
    "no time, the channel lists what it was told": (
        base((PACKED, None), (SHIPPED, 5)),
        listing(SHIPPED, None),
        hub(DELIVERED, 7, acknowledged=5),
        None,
    ),
    "no time, an old value after it was told": (
        base((PACKED, None), (SHIPPED, 5)),
        listing(PACKED, None),
        hub(SHIPPED, 4, acknowledged=5),
        None,
    ),
    "no time, first met, as it was created": (base(), listing(SHIPPED, None), hub(NEW, 5), SHIPPED),
    "no time, first met, further there": (base(), listing(PACKED, None), hub(SHIPPED, 5), None),
}


@pytest.mark.parametrize("case", STATUS_CASES)
def test_a_status_is_written_where_the_channels_is_the_newer_one(case: str) -> None:
    known, new, item, expected = STATUS_CASES[case]
    written, _ = compare(known, {"status": new}, item)
    assert written == ({} if expected is None else {"status": expected})


@pytest.mark.parametrize("case", STATUS_CASES)
def test_the_same_list_again_says_nothing_new(case: str) -> None:
    """After the write: neither to the hub, nor to the base."""
    known, new, item, _ = STATUS_CASES[case]
    written, then = compare(known, {"status": new}, item)
    after = replace(item, values={**item.values, **written}, at=at(60) if written else item.at, is_untouched=False)
    assert compare(then, {"status": new}, after) == ({}, then)


def test_a_parcel_that_both_wrote_stays_the_merchants_where_the_channel_gives_no_time() -> None:
    """It is no better than the other, and the merchant's own."""
    known = base((None, None), name="tracking_number")
    for channels, merchants in (("C", "M"), (SHIPPED, NEW)):  # a number is no status
        item = hub(merchants, 5, name="tracking_number")
        assert compare(known, {"tracking_number": listing(channels, None)}, item)[0] == {}
    assert compare(known, {"tracking_number": listing("C", None)}, hub(None, 5, name="tracking_number"))[0] == {
        "tracking_number": "C"
    }


def test_each_field_is_compared_by_itself() -> None:
    """The merchant ships, the channel invoices."""
    known = ItemBase(listed={"status": listing(PACKED, 1), "invoice_number": listing("F1", 1)})
    item = HubItem({"status": SHIPPED, "invoice_number": "F1"}, at(5))
    listed = {"status": listing(PACKED, 9), "invoice_number": listing("F2", 9)}
    written, then = compare(known, listed, item)
    assert written == {"invoice_number": "F2"}
    assert then.listed == {"status": listing(PACKED, 1), "invoice_number": listing("F2", 9)}


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ({"status": "500"}, {"status": "500"}),
        ({"status": ""}, {}),
        ({"tracking_number": " "}, {}),
        ({"invoice_date": at(0)}, {"invoice_date": "2026-01-01T10:00:00.000000Z"}),
        ({"extra_field": {"box": 2, "id": "other"}}, {"extra_field.box": 2}),
        ({"extra_field": {"status": 1}}, {"extra_field.status": 1}),
        ({}, {}),
    ],
)
def test_what_the_channel_says_of_an_item(said: dict[str, Any], found: dict[str, Any]) -> None:
    """The id that it is bound by is never a part of it."""
    update = ChannelUpdateOrderItemDto(remote_id="I1", modified_date=at(3), **said)
    assert listed_values(update) == {name: Listed(value, at(3)) for name, value in found.items()}


def test_keys_of_the_extra_field_are_written_with_those_that_are_there() -> None:
    item = OrderItem(pk=1, status="400", extra_field={"id": "I1", "shelf": 1})
    assert as_patch({"status": "500", "extra_field.box": 2}, item) == {
        "status": "500",
        "extra_field": {"id": "I1", "shelf": 1, "box": 2},
    }
    assert as_patch({"status": "500"}, item) == {"status": "500"}


def _action(state: Any, **fields: Any) -> IntegrationAction:
    known = {"pk": 1, "content_type": ActionContentType(model="orderitem"), "object_id": 1}
    return IntegrationAction.model_validate(
        {**known, "status": IntegrationActionStatus.success, **fields, "state": state}
    )


def test_a_base_is_kept_in_the_state_beside_what_others_keep_there() -> None:
    known = base((PACKED, 1), (SHIPPED, 5))
    action = _action({"theirs": 1, STATE: {"listed": {}}})
    state = known.in_state_of(action)
    assert state["theirs"] == 1
    assert ItemBase.of(_action(state)) == known


@pytest.mark.parametrize("state", [None, {}, [], "x", {STATE: None}, {STATE: 7}, {STATE: {"listed": {"status": 5}}}])
def test_a_state_without_a_base_that_can_be_read_is_an_item_that_is_first_met(state: Any) -> None:
    assert ItemBase.of(_action(state)) == ItemBase()


@pytest.mark.parametrize(("changed", "is_untouched"), [(1, True), (2, True), (3, False)])
def test_an_item_is_untouched_until_it_is_changed_after_its_binding(changed: int, is_untouched: bool) -> None:
    item = OrderItem(pk=1, modified_date=at(changed))
    assert HubItem.of(item, _action({}, version_date=at(2)), None).is_untouched is is_untouched


@pytest.mark.parametrize(
    ("status", "acknowledged", "is_being_told"),
    [("success", at(7), False), ("error", None, False), ("processing", None, True)],
)
def test_an_order_says_what_the_channel_has_acknowledged(
    status: str, acknowledged: datetime | None, is_being_told: bool
) -> None:
    order = _action({}, status=IntegrationActionStatus(status), version_date=at(7))
    found = HubItem.of(OrderItem(pk=1), None, order)
    assert (found.acknowledged, found.is_being_told) == (acknowledged, is_being_told)


# -- what is told ------------------------------------------------------------------------------------------------------


def test_the_merchants_change_is_noted_when_it_is_sent_and_known_when_it_is_acknowledged() -> None:
    told = telling(base((PACKED, 1)), hub(SHIPPED, 5), at(6), at(5))
    assert told.told == {"status": [Told(SHIPPED, at(6), at(5))]}
    assert [told.untold(at(minute)) for minute in (4, 5)] == [{"status"}, set()]


def test_what_the_channel_has_is_not_told() -> None:
    """Its own value, the one that the item was created with, none, or one that it was told before."""
    for known, item in (
        (base((PACKED, 1)), hub(PACKED, 5)),
        (base(), hub(PACKED, 5, is_untouched=True)),
        (base(), hub(NEW, 5)),
        (base((PACKED, 1)), hub(None, 5)),
        (base((PACKED, 1), (SHIPPED, 5)), hub(SHIPPED, 4, acknowledged=5)),
    ):
        told = telling(known, item, at(9), at(9))
        assert (told, told.untold(item.acknowledged)) == (known, frozenset())


def test_a_second_try_counts_from_its_own_time() -> None:
    """Whether the channel heard the first one is unknown; the version at which it was first told remains."""
    told = telling(base((PACKED, 1), (SHIPPED, 5)), hub(SHIPPED, 4, acknowledged=2), at(9), at(8))
    assert told.told == {"status": [Told(SHIPPED, at(9), at(5))]}


def test_what_it_has_certainly_taken_is_kept_while_the_next_is_on_its_way() -> None:
    known = base((NEW, 1), (PACKED, 3), (SHIPPED, 5))
    told = telling(known, hub(DELIVERED, 6, acknowledged=4), at(9), at(8))
    assert told.told["status"] == [Told(PACKED, at(3), at(3)), Told(DELIVERED, at(9), at(8))]


# -- two sides of one field --------------------------------------------------------------------------------------------


@dataclass
class Sides:
    """A field on both sides, and what is known of it. `snapshots`: the channel lists an item as it was when it changed it
    last; otherwise as it is now."""

    snapshots: bool
    minute: int = 0
    of_hub: str = NEW
    of_channel: str = NEW
    row: Listed | None = None
    hub_at: int = 0
    order_at: int = 0
    told_at: int | None = None
    newest: str = NEW
    agreed: str = NEW
    known: ItemBase = field(default_factory=ItemBase)

    def hub_item(self) -> HubItem:
        return hub(self.of_hub, self.hub_at, acknowledged=self.told_at)

    def change(self, side: str, value: str) -> None:
        """One side writes a value. What is changed back before anybody saw it is no change."""
        self.minute += 1
        if value in (self.agreed, self.of_hub if side == "hub" else self.of_channel):
            return
        self.newest = value
        if side == "channel":
            self.of_channel = value
            self.row = listing(value, self.minute)
        else:
            self.of_hub = value
            self.hub_at = self.order_at = self.minute

    def fetch(self) -> None:
        """The channel is listed."""
        self.minute += 1
        if self.row is not None:
            row = self.row if self.snapshots else Listed(self.of_channel, self.row.at)
            before = self.of_hub
            written, self.known = compare(self.known, {"status": row}, self.hub_item())
            self.of_hub = written.get("status", self.of_hub)
            if written:
                self.hub_at = self.order_at = self.minute
                assert self.of_hub == self.newest, f"{before} was newer"
            assert compare(self.known, {"status": row}, self.hub_item()) == ({}, self.known)
        self._look()

    def tell(self) -> None:
        """The channel is told what it does not know, if the order is due."""
        self.minute += 1
        if self.told_at is None or self.order_at > self.told_at:
            self.known = telling(self.known, self.hub_item(), at(self.minute), at(self.order_at))
            if self.known.untold(self.hub_item().acknowledged):
                self.of_channel = self.of_hub
            self.told_at = self.order_at
        self._look()

    def _look(self) -> None:
        if self.of_hub == self.of_channel:
            self.agreed = self.of_hub


values = st.sampled_from([NEW, PACKED, SHIPPED, DELIVERED])
deeds = st.one_of(st.tuples(st.sampled_from(["channel", "hub"]), values), st.just(("fetch",)), st.just(("tell",)))


@given(history=st.lists(deeds, max_size=20), fetches_first=st.booleans())
def test_whatever_both_sides_wrote_the_newest_value_is_on_both(
    history: list[tuple[str, ...]], fetches_first: bool
) -> None:
    """Where the channel lists its own changes. No run writes a value over a newer one."""
    sides = Sides(snapshots=True)
    runs = [("fetch",), ("tell",)] if fetches_first else [("tell",), ("fetch",)]
    for deed in [*history, *runs * 2]:
        match deed:
            case (side, value):
                sides.change(side, value)
            case ("fetch",):
                sides.fetch()
            case _:
                sides.tell()
    assert (sides.of_hub, sides.of_channel) == (sides.newest, sides.newest)


@given(history=st.lists(deeds, max_size=20))
def test_a_channel_that_lists_what_it_was_told_agrees_too(history: list[tuple[str, ...]]) -> None:
    """Upon the newest value, if it is listed before it is told: what is overwritten there is in no list."""
    sides = Sides(snapshots=False)
    for deed in [*history, ("fetch",), ("tell",), ("fetch",)]:
        match deed:
            case (side, value):
                sides.change(side, value)
            case ("fetch",):
                sides.fetch()
            case _:
                sides.fetch()
                sides.tell()
    assert (sides.of_hub, sides.of_channel) == (sides.newest, sides.newest)


moments = st.one_of(st.none(), st.integers(0, 9))
marks = st.tuples(values, moments)


@given(
    listed=st.one_of(st.none(), marks),
    told=st.lists(st.tuples(values, st.integers(0, 9)), max_size=2),
    new=marks,
    present=values,
    hub_at=st.integers(0, 9),
    acknowledged=moments,
    is_untouched=st.booleans(),
    is_being_told=st.booleans(),
)
def test_comparing_twice_is_comparing_once(
    listed: tuple[str, int | None] | None,
    told: list[tuple[str, int]],
    new: tuple[str, int | None],
    present: str,
    hub_at: int,
    acknowledged: int | None,
    is_untouched: bool,
    is_being_told: bool,
) -> None:
    """Whatever is known: the second time nothing is written, and nothing is learnt."""
    item = hub(present, hub_at, acknowledged=acknowledged, is_untouched=is_untouched, is_being_told=is_being_told)
    row = {"status": listing(*new)}
    written, then = compare(base(listed, *told), row, item)
    after = replace(item, values={**item.values, **written}, at=at(10) if written else item.at)
    assert compare(then, row, replace(after, is_untouched=is_untouched and not written)) == ({}, then)


@given(listed=marks, new=moments, present=values, hub_at=st.integers(0, 9))
def test_what_the_channel_listed_last_is_never_written_over_another_value(
    listed: tuple[str, int | None], new: int | None, present: str, hub_at: int
) -> None:
    """At whatever time it lists it again, as long as it was told nothing else."""
    written, _ = compare(base(listed), {"status": listing(listed[0], new)}, hub(present, hub_at))
    assert written == {}
