"""Running flows in a world, killing them, healing it, and letting time pass until it is quiet."""

import asyncio
import contextlib
from collections.abc import Callable, Coroutine
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from clients import runtime
from dto.batch_states import OPEN_REMOTELY
from flows.registry import FLOWS
from flows.run import RunFailedError
from tests.world.loopback import Killed, World

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
"""The flows on a shop's schedule."""
ORDER_FLOWS = (
    "fetch_and_create_order",
    "fetch_and_create_cancel",
    "fetch_and_update_order_items",
    "fetch_and_create_cancellation_requests",
    "update_cancellation_requests",
    "create_order_shipping_info",
    "update_orders",
)


SCHEDULED: dict[str, dict[str, Any]] = {"update_orders": {"add_order_items": True}}
"""The parameters of flows on a shop's schedule."""


class _InThisThread(ThreadPoolExecutor):
    """Does at once what would be done in a thread: how far a thread is, and with it the order of the requests, would depend on
    the machine."""

    def submit(self, work: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        done: Future[Any] = Future()
        try:
            done.set_result(work(*args, **kwargs))
        except BaseException as error:  # the future carries it, as a thread's would
            done.set_exception(error)
        return done


async def run(world: World, flow: str, **parameters: Any) -> None:
    """One flow run, as the scheduler starts it: the next run repairs a failed one. The same world sends the same requests."""
    asyncio.get_running_loop().set_default_executor(_InThisThread())
    world.clock.advance(world.pause)
    with runtime.using(world.runtime()), contextlib.suppress(RunFailedError):
        await FLOWS[flow].fn(**{**SCHEDULED.get(flow, {}), **parameters})


async def settle(world: World) -> None:
    """Lets the channel finish the batches that it accepted."""
    for _ in range(3):
        if any(row["status"] in OPEN_REMOTELY for row in world.batches.table):
            await run(world, "verify_open_batches")


def with_kill(world: World, at: int, moment: str) -> None:
    """From request `at` on (counted from now), nothing is sent any more."""
    start = world.sent

    def hook(number: int, request: object, when: str) -> None:
        if number - start > at or (number - start == at and when == moment):
            raise Killed

    world.hook = hook


async def die_at(
    world: World, flow: str, method: str, path: str, time: int, moment: str = "after", body: bytes = b""
) -> None:
    """A run died at its n-th request of a kind, which holds `body`, and its batch has been abandoned."""
    seen = 0

    def hook(number: int, request: Any, when: str) -> None:
        nonlocal seen
        if when == moment and request.method == method and path in request.url.path and body in request.content:
            seen += 1
        if seen >= time:
            raise Killed

    world.hook = hook
    assert await until_killed(run(world, flow))
    heal(world)
    world.clock.advance(RECOVERY_PERIOD)


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


def good_products(world: World) -> list[int]:
    """Products without a defect."""
    return [row["pk"] for row in world.products if row["pk"] not in world.hub.defects]
