"""The flows of the harness, each in the state of a shop in which it has something to do, and what comes after."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from clients import runtime
from deployments.sandbox.ledger import Key
from dto.batch_states import OPEN_REMOTELY
from flows.registry import FLOWS
from flows.run import RunFailedError
from tests.harness.loopback import Killed, World
from tests.harness.promises import Watch, broken_promises

RECOVERY_PERIOD = 900 + 300
RETRY_INTERVAL = 3_600
CYCLES = 3
KINDS = ("price", "stock", "image")
KINDS_WITH_LISTS = ("price", "stock")
PRODUCT_FLOWS = ("insert_products", "update_products", "delete_products")
OFFER_FLOWS = (
    *(f"insert_and_update_{kind}s" for kind in KINDS),
    *(f"{verb}_product_{kind}s_from_extra_{kind}_list" for kind in KINDS_WITH_LISTS for verb in ("insert", "update")),
)
"""What a shop has on its schedule."""


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

    def __str__(self) -> str:
        of = self.of or ("" if self.offers in self.flow else self.offers)
        return f"{self.flow}{f'-{of}' if of else ''}-{'async' if self.asynchronous else 'sync'}"

    def sampled(self, most: int) -> int:
        """How many of its crashes or faults a sample holds: the kinds of offer share one pipeline."""
        return most // 4 if self.offers else most

    def world(self) -> World:
        if self.sells:
            return World(products=2, failing=0, asynchronous=self.asynchronous)
        if self.offers:
            # Every fourth product is in the extra lists: of these three, the first cannot be sent.
            return World(products=9, failing=0.12, asynchronous=self.asynchronous, extra_lists=True, sends_offers=True)
        return World(products=8, failing=0.5, asynchronous=self.asynchronous)


async def run(world: World, flow: str, **parameters: Any) -> None:
    """One flow run, as the scheduler starts it: a failed run is the next run's business."""
    with runtime.using(world.runtime()), contextlib.suppress(RunFailedError):
        await FLOWS[flow].fn(**parameters)


async def settle(world: World) -> None:
    """Lets the channel finish what it accepted, if it accepted anything."""
    for _ in range(3):
        if any(row["status"] in OPEN_REMOTELY for row in world.hub.hub.batches.table):
            await run(world, "verify_open_batches")


async def _nothing(world: World) -> None:
    pass


async def _integrated(world: World) -> None:
    await run(world, "insert_products")
    await settle(world)


async def _edited(world: World) -> None:
    await _integrated(world)
    for product in good_products(world)[:2]:
        world.hub.edit_product(product)


async def _deleted(world: World) -> None:
    await _integrated(world)
    for product in good_products(world)[:2]:
        world.hub.delete_product(product)


async def _accepted(world: World) -> None:
    await run(world, "insert_products", batch_size=5)
    for _ in range(2):
        await run(world, "verify_open_batches")


async def _accepted_deletion(world: World) -> None:
    await _deleted(world)
    await run(world, "delete_products")
    for _ in range(2):
        await run(world, "verify_open_batches")


async def _abandoned(world: World) -> None:
    """A run died in the middle of its first batch."""
    with_kill(world, at=14, moment="after")
    await until_killed(run(world, "insert_products", batch_size=5))
    heal(world)
    world.clock.advance(RECOVERY_PERIOD)


async def _ordered(world: World) -> None:
    """Two buyers have ordered, and a third by a cargo company that Omnitron does not have."""
    await _integrated(world)
    sku = next(iter(world.market.items))
    world.market.place_order(cargo="nobody", items=[(sku, 1)])
    world.market.place_order(items=[(sku, 2)])
    world.market.place_order(items=[(sku, 1)])


async def _imported(world: World) -> None:
    """Two orders of two items are in Omnitron."""
    await _integrated(world)
    for sku in list(world.market.items)[:2]:
        world.market.place_order(items=[(sku, 2)])
    await run(world, "fetch_and_create_order")


async def _changed_orders(world: World) -> None:
    await _imported(world)
    for order in list(world.hub.hub.sales.orders):
        world.hub.edit_order(order["pk"])


async def _accepted_orders(world: World) -> None:
    await _changed_orders(world)
    await run(world, "update_orders")
    for _ in range(2):
        await run(world, "verify_open_batches")


async def _cancelled(world: World) -> None:
    """One order as a whole, with an item that is two in Omnitron; of the other one item."""
    await _imported(world)
    first, second = world.market.sales.orders
    item = next(row for row in world.hub.hub.sales.items if row["extra_field"]["id"] == _items(world, first)[0])
    world.hub.split_item(item["pk"], is_bound=True)
    world.market.cancel_order(first)
    world.market.cancel_order(second, items=_items(world, second)[:1])


async def _changed_items(world: World) -> None:
    await _imported(world)
    for order in world.market.sales.orders:
        world.market.change_item(_items(world, order)[0], status="SHIPPED", invoice_number=f"FT{order}")


async def _requested(world: World) -> None:
    """Two requests for one item, and one for another."""
    await _imported(world)
    first, second = (_items(world, order)[0] for order in world.market.sales.orders)
    world.market.request(first, "cancel")
    world.market.request(first, "refund")
    world.market.request(second, "refund", reason="DAMAGED")


async def _decided(world: World) -> None:
    await _requested(world)
    await run(world, "fetch_and_create_cancellation_requests")
    for request, status in zip(list(world.hub.hub.cancellations.table), ("approved", "rejected"), strict=False):
        world.hub.decide_request(request["id"], status)


async def _abandoned_import(world: World) -> None:
    """A run died after the first of its orders was bound, and others were made."""
    await _ordered(world)
    await die_at(world, "fetch_and_create_order", "POST", "create_orders", 2)


async def _abandoned_update(world: World) -> None:
    """A run died before the channel heard of the orders that it had committed."""
    await _changed_orders(world)
    await die_at(world, "update_orders", "PUT", "/orders", 1, "before")


async def die_at(world: World, flow: str, method: str, path: str, time: int, moment: str = "after") -> None:
    """A run died at its n-th request of a kind, and its batch is nobody's by now."""
    seen = 0

    def hook(number: int, request: Any, when: str) -> None:
        nonlocal seen
        if when == moment and request.method == method and path in request.url.path:
            seen += 1
        if seen >= time:
            raise Killed

    world.hook = hook
    assert await until_killed(run(world, flow))
    heal(world)
    world.clock.advance(RECOVERY_PERIOD)


def _items(world: World, order: str) -> list[str]:
    """The marketplace's ids of an order's items."""
    return [item["id"] for item in world.market.sales.orders[order]["items"]]


def _insert(kind: str, *, extra: bool) -> str:
    return f"insert_product_{kind}s" + (f"_from_extra_{kind}_list" if extra else "")


async def _products_alone(world: World) -> None:
    """Good products are on the channel, without price and stock; one has two images."""
    await run(world, "insert_products", add_price=False, add_stock=False)
    await settle(world)
    add_image(world, good_products(world)[0])


def _offers_edited(kind: str, *, extra: bool) -> Callable[[World], Awaitable[None]]:
    """Two offers have changed since they were sent."""

    async def prepare(world: World) -> None:
        await _products_alone(world)
        await run(world, _insert(kind, extra=extra))
        await settle(world)
        for row in [row for row in offers_of(world, kind, extra=extra) if row["product"] in good_products(world)][:2]:
            edit_offer(world, kind, row)

    return prepare


def _offers_new_and_edited(kind: str) -> Callable[[World], Awaitable[None]]:
    """Two offers have changed, and a product has come."""
    edited = _offers_edited(kind, extra=False)

    async def prepare(world: World) -> None:
        await edited(world)
        world.hub.add_product()
        await run(world, "insert_products", add_price=False, add_stock=False)
        await settle(world)

    return prepare


def _offers_accepted(kind: str, *, extra: bool) -> Callable[[World], Awaitable[None]]:
    """The channel is about to answer for a batch of offers."""

    async def prepare(world: World) -> None:
        await _products_alone(world)
        await run(world, _insert(kind, extra=extra))
        for _ in range(2):
            await run(world, "verify_open_batches")

    return prepare


def _offers_abandoned(kind: str) -> Callable[[World], Awaitable[None]]:
    """A run died right after its first commit."""

    async def prepare(world: World) -> None:
        await _products_alone(world)
        with_kill(world, at=8, moment="after")
        await until_killed(run(world, _insert(kind, extra=False)))
        heal(world)
        world.clock.advance(RECOVERY_PERIOD)

    return prepare


def offers_of(world: World, kind: str, *, extra: bool = False) -> list[dict[str, Any]]:
    """The rows of one kind, of the catalog's own list or of the extra ones."""
    hub = world.hub.hub
    rows = hub.offered[f"product{kind}"]
    own = hub.catalog.get(f"{kind}_list")
    return [row for row in rows if (row.get(f"{kind}_list") != own) == extra]


def edit_offer(world: World, kind: str, row: dict[str, Any]) -> None:
    """Something new to send."""
    new = {"price": "9.90", "stock": 7, "image": f"{row.get('image')}?new"}[kind]
    world.hub.hub.edit(f"product{kind}", row["pk"], **{kind: new})


def add_image(world: World, product: int) -> dict[str, Any]:
    """One more picture of a product."""
    hub = world.hub.hub
    images = list(hub.goods.images.find("product", product))
    # Far from the keys of the products that may still come.
    pk = images[0]["pk"] + 10_000 * len(images)
    row = hub.goods.images.add({**images[0], "pk": pk, "modified_date": hub.stamps.next()})
    hub.offers.refresh(Key("productimage", row["pk"]))
    return row


def good_products(world: World) -> list[int]:
    """Products without a defect."""
    return [row["pk"] for row in world.hub.hub.goods.products if row["pk"] not in world.hub.defects]


SCENARIOS = [
    *(
        Scenario(flow, asynchronous, prepare)
        for asynchronous in (False, True)
        for flow, prepare in (
            ("insert_products", _nothing),
            ("update_products", _edited),
            ("insert_and_update_products", _edited),
            ("delete_products", _deleted),
            ("recover", _abandoned),
        )
    ),
    Scenario("verify_open_batches", True, _accepted),
    Scenario("verify_open_batches", True, _accepted_deletion, of="deletions"),
    *(
        Scenario(flow, asynchronous, prepare, offers=kind)
        for asynchronous in (False, True)
        for kind in KINDS
        for flow, prepare in (
            (f"insert_product_{kind}s", _products_alone),
            (f"update_product_{kind}s", _offers_edited(kind, extra=False)),
            (f"insert_and_update_{kind}s", _offers_new_and_edited(kind)),
            ("recover", _offers_abandoned(kind)),
        )
    ),
    *(
        Scenario(f"{verb}_product_{kind}s_from_extra_{kind}_list", asynchronous, prepare, offers=kind)
        for asynchronous in (False, True)
        for kind in KINDS_WITH_LISTS
        for verb, prepare in (("insert", _products_alone), ("update", _offers_edited(kind, extra=True)))
    ),
    *(Scenario("verify_open_batches", True, _offers_accepted(kind, extra=False), offers=kind) for kind in KINDS),
    *(
        Scenario("verify_open_batches", True, _offers_accepted(kind, extra=True), offers=kind)
        for kind in KINDS_WITH_LISTS
    ),
]
SALES = [
    Scenario("fetch_and_create_order", False, _ordered, sells=True),
    Scenario("update_orders", False, _changed_orders, sells=True),
    Scenario("update_orders", True, _changed_orders, sells=True),
    Scenario("verify_open_batches", True, _accepted_orders, of="orders", sells=True),
    Scenario("fetch_and_create_cancel", False, _cancelled, sells=True),
    Scenario("fetch_and_update_order_items", False, _changed_items, sells=True),
    Scenario("fetch_and_create_cancellation_requests", False, _requested, sells=True),
    Scenario("update_cancellation_requests", False, _decided, sells=True),
    Scenario("create_order_shipping_info", False, _imported, sells=True),
    Scenario("recover", False, _abandoned_import, of="orders", sells=True),
    Scenario("recover", False, _abandoned_update, of="order updates", sells=True),
]
SCENARIOS += SALES
ORDER_FLOWS = (
    "fetch_and_create_order",
    "fetch_and_create_cancel",
    "fetch_and_update_order_items",
    "fetch_and_create_cancellation_requests",
    "update_cancellation_requests",
    "create_order_shipping_info",
    "update_orders",
)


def with_kill(world: World, at: int, moment: str) -> None:
    """From request `at` on (counted from now), nothing is sent any more."""
    start = world.sent

    def hook(number: int, request: object, when: str) -> None:
        if number - start > at or (number - start == at and when == moment):
            raise Killed

    world.hook = hook


def heal(world: World) -> None:
    """Nothing goes wrong from now on."""
    world.hook = lambda number, request, moment: None
    world.fault = None
    world.hub.faults.clear()
    world.market.faults.clear()


async def until_killed(work: Coroutine[Any, Any, None]) -> bool:
    """Runs it to its end or to its death. True when it died."""
    try:
        await asyncio.create_task(_dying(work))
    except _DiedError:
        return True
    return False


class _DiedError(Exception):
    """`Killed`, in a form that leaves the event loop alone."""


async def _dying(work: Coroutine[Any, Any, None]) -> None:
    try:
        await work
    except BaseException as error:
        if _holds_kill(error):
            raise _DiedError from None
        raise


def _holds_kill(error: BaseException | None) -> bool:
    if isinstance(error, BaseExceptionGroup):
        return any(_holds_kill(inner) for inner in error.exceptions)
    return isinstance(error, Killed)


async def quiet(world: World) -> None:
    """Faults have stopped, and three scheduled cycles run."""
    for _ in range(CYCLES):
        world.clock.advance(RECOVERY_PERIOD)
        await run(world, "recover")
        await settle(world)
        world.clock.advance(RETRY_INTERVAL)
        for flow in (*PRODUCT_FLOWS, *(OFFER_FLOWS if world.sends_offers else ())):
            await run(world, flow)
            await settle(world)
        if world.market.sales.orders:
            for flow in ORDER_FLOWS:
                await run(world, flow)
            await settle(world)


async def begun(scenario: Scenario) -> tuple[World, Watch]:
    """A world in which the flow has something to do, watched from the start."""
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
