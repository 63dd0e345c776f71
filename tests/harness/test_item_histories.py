"""Histories in which both sides change the same order items, in any order, while runs die at any request.

Items are of three kinds. Of the first two a single field is contested, and after every run it is known which value is the newer
one. Of the third all fields are contested: a side tells only when the item was changed, so of two fields that were changed on
both sides between two runs one may be older; but both sides agree in the end, upon values that somebody wrote.
"""

import asyncio
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import HealthCheck, given, note, seed, settings
from hypothesis import strategies as st

from deployments.sandbox.hub.ledger import Key
from dto.enums import ContentType
from tasks.channel.sandbox.orders import STATUSES, WORDS
from tasks.omnitron.orders import item_base, order_items
from tasks.omnitron.orders.item_base import Told
from tests.harness.order_states import contested_items
from tests.world.driving import heal, run, until_killed, with_kill
from tests.world.driving import quiet as scheduled_until_quiet
from tests.world.loopback import World
from tests.world.sales import imported, items_in_hub, list_products
from tests.world.shop import writes

pytestmark = pytest.mark.harness

EVERYTHING = os.environ.get("HARNESS") == "all"
EXAMPLES = 1_000 if EVERYTHING else 40
SEED = int(os.environ.get("HARNESS_SEED", "0"))
STEPS = 30
BETWEEN = 2.0
"""Seconds between two steps: the clocks of both sides agree to the second."""
FIELDS = ("status", "tracking_number")
CONTESTED = (("status",), ("tracking_number",), FIELDS)
"""The fields that are changed of each item."""
WAY = ("NEW", "PACKED", "SHIPPED", "DELIVERED")
FETCH, TELL = "fetch_and_update_order_items", "update_orders"
RUNS = (FETCH, TELL, "verify_open_batches", "recover")

Row = dict[str, Any]

steps = st.one_of(
    st.tuples(st.sampled_from(["market", "merchant"]), st.integers(0, 2), st.integers(0, 1), st.integers(0, 3)),
    st.tuples(st.just("run"), st.sampled_from(RUNS)),
    st.tuples(st.just("crash"), st.sampled_from(RUNS), st.integers(1, 14), st.sampled_from(["before", "after"])),
    st.tuples(st.just("wait"), st.sampled_from([60, 1_000, 4_000])),
)


@dataclass
class Contest:
    """One field of one item: its newest value, and what both sides may have."""

    newest: str
    by: str = "nobody"
    agreed: set[str] = field(default_factory=set)
    """The value that both sides had last, as far as a run has seen it. Several: whether one saw the last is not known."""
    is_in_doubt: bool = False
    """The channel changed it while nobody knew whether it had heard of the merchant's change."""
    ever: set[str] = field(default_factory=set)


class Shop:
    """Two orders, the second of two items, and who changed what of them."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.broken: list[str] = []
        self.contests: dict[tuple[int, str], Contest] = {}

    async def open(self) -> None:
        list_products(self.world)
        self.placed = await imported(self.world, 1, 2)
        self.lines = [item["id"] for order in self.placed for item in order["items"]]
        for index, names in enumerate(CONTESTED):
            for name in names:
                value = self.of_hub(index, name)
                self.contests[index, name] = Contest(value, agreed={value}, ever={value})

    def row(self, index: int) -> Row:
        """The item in Omnitron."""
        return next(
            row
            for order in self.placed
            for row in items_in_hub(self.world, order)
            if row["extra_field"]["id"] == self.lines[index]
        )

    def of_hub(self, index: int, name: str) -> str:
        """Omnitron's value of a field."""
        return str(self.row(index)[name] or "")

    def of_market(self, index: int, name: str) -> str:
        """The marketplace's value of a field, in Omnitron's words."""
        value = self.world.market.sales.items[self.lines[index]][name]
        return STATUSES[value] if name == "status" else str(value or "")

    def values(self) -> dict[tuple[str, int, str], str]:
        """All values of both sides."""
        return {
            (side, index, name): value
            for index, name in self.contests
            for side, value in (("hub", self.of_hub(index, name)), ("market", self.of_market(index, name)))
        }

    def change(self, side: str, index: int, which: int, choice: int) -> None:
        """One side changes a field; a change to what is there already is none."""
        names = CONTESTED[index]
        name = names[which % len(names)]
        contest = self.contests[index, name]
        value = STATUSES[WAY[choice]] if name == "status" else f"{'M' if side == 'market' else 'T'}{choice}"
        present = self.of_market(index, name) if side == "market" else self.of_hub(index, name)
        # What a side changes and changes back before the other hears of it looks as if nothing had happened.
        if value in {present, *contest.agreed}:
            return
        if side == "market":
            contest.is_in_doubt = self.is_being_told(index)
            self.world.market.change_item(self.lines[index], **{name: WORDS[value] if name == "status" else value})
        else:
            contest.is_in_doubt = False
            self.world.hub.edit_order_item(self.row(index)["pk"], **{name: value})
        contest.newest, contest.by = value, side
        contest.ever.add(value)

    def is_being_told(self, index: int) -> bool:
        """Whether an order is on its way to the channel, and the outcome is not known."""
        action = self.world.ledger.action_of(Key(ContentType.order, self.row(index)["order"]))
        return action is not None and action["status"] != "success"

    def look(self, before: dict[tuple[str, int, str], str], what: str) -> None:
        """Nothing was taken back by a run: no side lost a value that is newer than what it was given."""
        for (side, index, name), value in self.values().items():
            contest = self.contests[index, name]
            lost = before[side, index, name]
            is_exact = len(CONTESTED[index]) == 1 and not contest.is_in_doubt
            if value != lost and is_exact and side == "hub" and value != contest.newest:
                self.broken.append(
                    f"{what}: the hub's {name} of item {index} went from {lost} to {value}, not {contest}"
                )
        for (index, name), contest in self.contests.items():
            value = self.of_hub(index, name)
            if value == self.of_market(index, name):
                is_seen = self.is_told(index) or (what == FETCH and self.is_listed(index, name, value))
                contest.agreed = {value} if is_seen else {*contest.agreed, value}

    def is_told(self, index: int) -> bool:
        """Whether the channel has acknowledged the order as it is."""
        order = self.world.orders[self.row(index)["order"]]
        action = self.world.ledger.action_of(Key(ContentType.order, order["pk"]))
        return not self.is_being_told(index) and bool(action and action["version_date"] >= order["modified_date"])

    def is_listed(self, index: int, name: str, value: str) -> bool:
        """Whether the market lists a value of an item."""
        row = self.world.market.sales.changed_items.get(self.lines[index])
        return row is not None and value == (STATUSES[row[name]] if name == "status" else row[name])

    def ending(self) -> Iterator[str]:
        """What does not hold when it is quiet."""
        yield from self.broken
        yield from self.world.hub.violations + self.world.market.violations
        for (index, name), contest in self.contests.items():
            hub, market = self.of_hub(index, name), self.of_market(index, name)
            if hub != market:
                yield f"{name} of item {index} is {hub} in the hub and {market} on the market: {contest}"
            elif len(CONTESTED[index]) == 1 and not contest.is_in_doubt and hub != contest.newest:
                yield f"{name} of item {index} is {hub}: {contest}"
            elif hub not in contest.ever:
                yield f"{name} of item {index} is {hub}, which nobody wrote"


async def take(shop: Shop, action: str, *arguments: Any) -> None:
    """One step of a history."""
    world, before = shop.world, shop.values()
    match action, *arguments:
        case "market" | "merchant", index, which, choice:
            shop.change(action, index, which, choice)
            return
        case "run", name:
            await run(world, name)
        case "crash", flow, at, moment:
            with_kill(world, at, moment)
            await until_killed(run(world, flow))
            heal(world)
        case "wait", seconds:
            world.clock.advance(seconds)
    shop.look(before, arguments[0] if action == "run" else f"{action} {arguments}")


async def quiet(shop: Shop) -> None:
    for _ in range(3):
        shop.world.clock.advance(5_000)
        for flow in ("recover", FETCH, TELL, *["verify_open_batches"] * 3):
            await take(shop, "run", flow)


@pytest.mark.parametrize("asynchronous", [False, True], ids=["sync", "async"])
@settings(max_examples=EXAMPLES, deadline=None, database=None, suppress_health_check=list(HealthCheck), print_blob=True)
@seed(SEED)
@given(history=st.lists(steps, min_size=5, max_size=STEPS))
def test_both_sides_end_with_the_newer_value(asynchronous: bool, history: list[tuple[Any, ...]]) -> None:
    """No run writes an older value over a newer one; when it is quiet, the newest value is on both sides, and another
    round of runs writes nothing."""

    asyncio.run(_ends_well(asynchronous, history))


async def _ends_well(asynchronous: bool, history: list[tuple[Any, ...]]) -> None:
    note(f"HARNESS_SEED={SEED}")
    shop = await ended(asynchronous, history)
    assert list(shop.ending()) == []
    written = writes(shop.world)
    for flow in (FETCH, TELL):
        await run(shop.world, flow)
    assert writes(shop.world) == written


async def ended(asynchronous: bool, history: list[tuple[Any, ...]]) -> Shop:
    """A shop after a history, when it is quiet."""
    shop = Shop(World(products=2, failing=0, asynchronous=asynchronous))
    await shop.open()
    for action, *arguments in history:
        shop.world.clock.advance(BETWEEN)
        await take(shop, action, *arguments)
    await quiet(shop)
    return shop


@pytest.mark.parametrize("flow", [FETCH, TELL])
async def test_wherever_a_run_dies_the_newer_values_are_on_both_sides(flow: str) -> None:
    """Before and after each request of the run, for items that both sides changed."""

    async def died_at(at: int, moment: str) -> tuple[World, int]:
        world = World(products=2, failing=0)
        await contested_items(world)
        before = world.sent
        with_kill(world, at, moment)
        await until_killed(run(world, flow))
        heal(world)
        return world, world.sent - before

    _, requests = await died_at(1_000, "after")
    points = [(at, moment) for at in range(1, requests + 1) for moment in ("before", "after")]
    for at, moment in points if EVERYTHING else points[::3]:
        world, _ = await died_at(at, moment)
        await scheduled_until_quiet(world)
        found = [(row["status"], row["tracking_number"]) for row in world.market.sales.items.values()]
        assert found == [("SHIPPED", "T2"), ("SHIPPED", "M1"), ("SHIPPED", "M3"), ("NEW", None)], (at, moment)
        in_hub = [(WORDS[row["status"]], row["tracking_number"]) for row in world.order_items]
        assert in_hub == found, (at, moment)


# -- the histories themselves: each planted bug is caught --------------------------------------------------------------


def whatever_differs_is_written(patch: pytest.MonkeyPatch) -> None:
    """What the channel lists is written over whatever Omnitron has, however old it is."""

    def all_of_it(base: Any, listed: Any, hub: Any) -> Any:
        return {name: new.value for name, new in listed.items() if new.value != hub.values.get(name)}, base

    patch.setattr(order_items, "compare", all_of_it)


def nobody_compares_times(patch: pytest.MonkeyPatch) -> None:
    """Where both sides changed a field, the channel's value stands."""
    patch.setattr(item_base, "_is_newer", lambda name, new, hub: True)


def nothing_is_noted(patch: pytest.MonkeyPatch) -> None:
    """What the channel is told is forgotten, so that it cannot take it back."""
    patch.setattr(Told, "is_taken", lambda self, acknowledged: False)


def a_send_counts_as_taken(patch: pytest.MonkeyPatch) -> None:
    """What a run that died was about to tell counts as told: the channel's old value looks like a change back."""
    patch.setattr(Told, "is_taken", lambda self, acknowledged: True)


PACK = ("market", 0, 0, 1)
SHIP = ("merchant", 0, 0, 2)
PLANTED: list[tuple[Callable[[pytest.MonkeyPatch], None], list[tuple[Any, ...]]]] = [
    (whatever_differs_is_written, [PACK, ("run", FETCH), SHIP, ("run", FETCH)]),
    (nobody_compares_times, [PACK, SHIP, ("run", FETCH)]),
    (nothing_is_noted, [PACK, ("run", FETCH), SHIP, ("run", TELL), PACK, ("run", FETCH)]),
    (a_send_counts_as_taken, [PACK, ("run", FETCH), SHIP, ("crash", TELL, 14, "before"), ("run", FETCH)]),
]


@pytest.mark.parametrize(("bug", "history"), PLANTED, ids=lambda value: getattr(value, "__name__", None))
async def test_a_planted_bug_is_caught(
    bug: Callable[[pytest.MonkeyPatch], None], history: list[tuple[Any, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same history without the bug ends well."""
    assert list((await ended(False, history)).ending()) == []
    bug(monkeypatch)
    assert list((await ended(False, history)).ending()), f"{bug.__doc__} The histories saw nothing."
