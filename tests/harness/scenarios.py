"""The flows of the harness, each in the state of a shop in which it has something to do."""

import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from functools import partial

from tests.habits.cases import PLAIN, Case
from tests.harness import offer_states, order_states, product_states
from tests.harness.promises import Watch, broken_promises
from tests.world.driving import KINDS, KINDS_WITH_LISTS, heal, quiet, run, settle
from tests.world.loopback import World


@dataclass(frozen=True)
class Scenario:
    """A flow, and what has to have happened for it to have work.

    `of` tells scenarios of one flow apart. A shop that sells has few products, and none with a defect.
    """

    flow: str
    asynchronous: bool
    prepare: Callable[[World], Awaitable[None]]
    of: str = ""
    """What it is about, where the flow's name does not say."""
    offers: str = ""
    """The kind of offer that it is about; none: products or orders."""
    sells: bool = False
    """Whether buyers order."""
    case: Case = PLAIN
    """The habits of the marketplace, and the connector."""

    def __str__(self) -> str:
        of = self.of or ("" if self.offers in self.flow else self.offers)
        parts = (self.flow, of, "async" if self.asynchronous else "sync", str(self.case))
        return "-".join(part for part in parts if part)

    def sampled(self, most: int) -> int:
        """How many of its crashes or faults a sample holds: the kinds of offer share one pipeline."""
        return most // 4 if self.offers else most

    def world(self) -> World:
        make = partial(self.case.world, asynchronous=self.asynchronous)
        if self.sells:
            return make(products=2, failing=0)
        if self.offers:
            # Every fourth product is in the extra lists: of these three, the first cannot be sent.
            return make(products=9, failing=0.12, extra_lists=True, sends_offers=True)
        return make(products=8, failing=0.5)


PRODUCTS = [
    *(
        Scenario(flow, asynchronous, prepare)
        for asynchronous in (False, True)
        for flow, prepare in (
            ("insert_products", product_states.nothing),
            ("update_products", product_states.edited),
            ("insert_and_update_products", product_states.edited),
            ("delete_products", product_states.deleted),
            ("recover", product_states.abandoned),
        )
    ),
    Scenario("verify_open_batches", True, product_states.accepted),
    Scenario("verify_open_batches", True, product_states.accepted_deletion, of="deletions"),
]
OFFERS = [
    *(
        Scenario(flow, asynchronous, prepare, offers=kind)
        for asynchronous in (False, True)
        for kind in KINDS
        for flow, prepare in (
            (f"insert_product_{kind}s", offer_states.products_alone),
            (f"update_product_{kind}s", offer_states.offers_edited(kind, extra=False)),
            (f"insert_and_update_{kind}s", offer_states.offers_new_and_edited(kind)),
            ("recover", offer_states.offers_abandoned(kind)),
        )
    ),
    *(
        Scenario(f"{verb}_product_{kind}s_from_extra_{kind}_list", asynchronous, prepare, offers=kind)
        for asynchronous in (False, True)
        for kind in KINDS_WITH_LISTS
        for verb, prepare in (
            ("insert", offer_states.products_alone),
            ("update", offer_states.offers_edited(kind, extra=True)),
        )
    ),
    *(
        Scenario("verify_open_batches", True, offer_states.offers_accepted(kind, extra=False), offers=kind)
        for kind in KINDS
    ),
    *(
        Scenario("verify_open_batches", True, offer_states.offers_accepted(kind, extra=True), offers=kind)
        for kind in KINDS_WITH_LISTS
    ),
]
SALES = [
    Scenario("fetch_and_create_order", False, order_states.ordered, sells=True),
    Scenario("update_orders", False, order_states.changed_orders, sells=True),
    Scenario("update_orders", True, order_states.changed_orders, sells=True),
    Scenario("verify_open_batches", True, order_states.accepted_orders, of="orders", sells=True),
    Scenario("fetch_and_create_cancel", False, order_states.cancelled, sells=True),
    Scenario("fetch_and_update_order_items", False, order_states.changed_items, sells=True),
    Scenario("fetch_and_update_order_items", False, order_states.contested_items, of="both sides", sells=True),
    Scenario("update_orders", False, order_states.contested_items, of="both sides", sells=True),
    Scenario("update_orders", True, order_states.contested_items, of="both sides", sells=True),
    Scenario("fetch_and_create_cancellation_requests", False, order_states.requested, sells=True),
    Scenario("update_cancellation_requests", False, order_states.decided, sells=True),
    Scenario("create_order_shipping_info", False, order_states.imported, sells=True),
    Scenario("recover", False, order_states.abandoned_import, of="orders", sells=True),
    Scenario("recover", False, order_states.abandoned_update, of="order updates", sells=True),
]
PACKAGES = [
    *(
        Scenario(flow, False, prepare, of=of, sells=True)
        for of, prepare in (("split", order_states.split), ("changed after a split", order_states.changed_after_split))
        for flow in ("fetch_and_create_order", "fetch_and_update_order_items", "fetch_and_create_cancel")
    ),
    Scenario("update_orders", False, order_states.told_after_split, of="split", sells=True),
]
"""Where the marketplace splits packages."""
SCENARIOS = [*PRODUCTS, *OFFERS, *SALES]


def scenarios_with(case: Case) -> list[Scenario]:
    """The flows that a marketplace with these habits is asked by, each with the connector for them."""
    pool = [
        *(PRODUCTS if case.products else ()),
        *(OFFERS if case.offers else ()),
        *(SALES if case.sells else ()),
        *(PACKAGES if case.splits else ()),
    ]
    return [
        replace(scenario, case=case)
        for scenario in pool
        if case.later in (None, scenario.asynchronous) and (not case.flows or scenario.flow in case.flows)
    ]


async def begun(scenario: Scenario) -> tuple[World, Watch]:
    """A world in which the flow has something to do, watched from the start."""
    random.seed(str(scenario))  # the jitter of pauses decides which calls of a busy second are refused
    world = scenario.world()
    watch = Watch(world)
    await scenario.prepare(world)
    return world, watch


async def broken_when_quiet(world: World, watch: Watch) -> list[str]:
    """What does not hold after everything was mended; the first three things."""
    heal(world)
    await quiet(world)
    return broken_promises(world, watch)[:3]


async def clean_requests(scenario: Scenario) -> int:
    """How many requests the flow makes when nothing goes wrong; the clean run is asserted first."""
    world, watch = await begun(scenario)
    before = world.sent
    await run(world, scenario.flow)
    requests = world.sent - before
    await settle(world)
    problems = await broken_when_quiet(world, watch)
    assert not problems, f"{scenario} without faults: {problems}"
    return requests
