"""One thing goes wrong at every request of every flow: once, three times, or until somebody mends it."""

import os
import random
from itertools import product

import pytest

from tests.harness.offer_states import edit_offer, offers_of
from tests.harness.promises import Row, on_channel
from tests.harness.scenarios import SALES, SCENARIOS, Scenario, begun, broken_when_quiet, clean_requests
from tests.harness.trials import unrecovered_faults
from tests.world.driving import OFFER_FLOWS, good_products, heal, run, settle
from tests.world.loopback import NOT_HANDLED, SPOILT, World

pytestmark = pytest.mark.harness

EVERYTHING = os.environ.get("HARNESS") == "all"
KINDS = NOT_HANDLED + SPOILT
SAMPLED = 12
"""Faults of one flow in the sample."""


def sample(scenario: Scenario, requests: int, durations: tuple[int | None, ...]) -> list[tuple[int, str, int | None]]:
    """All faults of a flow, or a seeded choice of them."""
    faults = list(product(range(1, requests + 1), KINDS, durations))
    sampled = scenario.sampled(SAMPLED)
    if EVERYTHING or len(faults) <= sampled:
        return faults
    return random.Random(f"{scenario}{durations}").sample(faults, sampled)


@pytest.mark.parametrize("durations", [(1,), (3, None)], ids=["once", "longer"])
@pytest.mark.parametrize("scenario", SCENARIOS, ids=str)
async def test_every_fault_recovers(scenario: Scenario, durations: tuple[int | None, ...]) -> None:
    """Whatever goes wrong, three cycles after it is mended every promise holds, and no storm of requests was made."""
    clean = await clean_requests(scenario)
    faults = sample(scenario, clean, durations)
    unrecovered, storms = await unrecovered_faults(scenario, faults, clean)
    print(f"\n{scenario} {durations}: {len(faults)} faults, {len(unrecovered)} unrecovered, {len(storms)} storms")
    assert not unrecovered
    assert not storms


@pytest.mark.parametrize(
    "scenario", [s for s in SCENARIOS if s.flow.endswith("products") and not s.flow.startswith("delete")], ids=str
)
async def test_an_edit_at_any_moment_is_offered_again(scenario: Scenario) -> None:
    """P2: an object edited between its reading and its end is never recorded as sent in its new version."""
    requests = await clean_requests(scenario)
    sampled = scenario.sampled(8)
    everywhere = range(1, requests + 1)
    moments = everywhere if EVERYTHING else random.Random(str(scenario)).sample(everywhere, sampled)
    lost = []
    for at in moments:
        world, watch = await begun(scenario)
        start, edited = world.sent, _edited(scenario, world)

        def edit(number: int, request: object, moment: str, world=world, turn=start + at, edited=edited) -> None:
            if number == turn and moment == "after":
                _edit(scenario, world, edited)

        world.hook = edit
        await run(world, scenario.flow)
        await settle(world)
        heal(world)
        for flow in OFFER_FLOWS if scenario.offers else ("insert_products", "update_products"):
            await run(world, flow)
            await settle(world)
        content_type = f"product{scenario.offers}"
        product = edited if content_type == "product" else world.products[edited["product"]]
        item = world.market.items.get(product["sku"])
        held = item and on_channel(world, content_type, edited, item)
        if held is None or held["version"] != edited["modified_date"]:
            lost.append(f"edit at request {at}: the channel has {held}")
        lost += watch.lies
    print(f"\n{scenario}: {len(list(moments))} edits, {len(lost)} lost")
    assert not lost


def _edited(scenario: Scenario, world: World) -> Row:
    """The row that changes: a good product's."""
    good = good_products(world)
    if not scenario.offers:
        return world.products[good[0]]
    rows = offers_of(world, scenario.offers, extra="extra" in scenario.flow)
    return next(row for row in rows if row["product"] in good)


def _edit(scenario: Scenario, world: World, row: Row) -> None:
    if scenario.offers:
        edit_offer(world, scenario.offers, row)
    else:
        world.hub.edit_product(row["pk"])


@pytest.mark.parametrize(
    "scenario", [s for s in SALES if s.flow in ("fetch_and_create_order", "update_orders", "recover")], ids=str
)
async def test_an_order_that_changes_at_any_moment_is_told_in_the_end(scenario: Scenario) -> None:
    """P2: while it is brought in, bound, sent or recovered, the version that the channel heard of is what is recorded."""
    requests = await clean_requests(scenario)
    moments = range(1, requests + 1) if EVERYTHING else random.Random(str(scenario)).sample(range(1, requests + 1), 8)
    lost = []
    for at in moments:
        world, watch = await begun(scenario)

        def edit(number: int, request: object, moment: str, world=world, turn=world.sent + at) -> None:
            if number == turn and moment == "after":
                for order in list(world.orders):
                    world.hub.edit_order(order["pk"], tracking_number=f"TR-{order['pk']}")

        world.hook = edit
        await run(world, scenario.flow)
        lost += [f"edit at request {at}: {problem}" for problem in await broken_when_quiet(world, watch)]
        for order in world.orders:
            told = world.market.sales.orders[order["extra_field"]["id"]]["tracking_number"]
            if told != order["tracking_number"]:
                lost.append(f"edit at request {at}: the channel has {told} instead of {order['tracking_number']}")
    print(f"\n{scenario}: {len(list(moments))} edits, {len(lost)} lost")
    assert not lost
