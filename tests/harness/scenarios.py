"""The flows of the harness, each in the state of a shop in which it has something to do, and what comes after."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from clients import runtime
from flows.registry import FLOWS
from flows.run import RunFailedError
from tests.harness.loopback import Killed, World
from tests.harness.promises import Watch, broken_promises

RECOVERY_PERIOD = 900 + 300
RETRY_INTERVAL = 3_600
CYCLES = 3


@dataclass(frozen=True)
class Scenario:
    """A flow, and what has to have happened for it to have work."""

    flow: str
    asynchronous: bool
    prepare: Callable[[World], Awaitable[None]]

    def __str__(self) -> str:
        return f"{self.flow}-{'async' if self.asynchronous else 'sync'}"

    def world(self) -> World:
        return World(products=8, failing=0.5, asynchronous=self.asynchronous)


async def run(world: World, flow: str, **parameters: Any) -> None:
    """One flow run, as the scheduler starts it: a failed run is the next run's business."""
    with runtime.using(world.runtime()), contextlib.suppress(RunFailedError):
        await FLOWS[flow].fn(**parameters)


async def settle(world: World) -> None:
    """Lets the channel finish what it accepted."""
    for _ in range(3):
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
    Scenario("verify_open_batches", True, _accepted_deletion),
]


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
        for flow in ("insert_products", "update_products", "delete_products"):
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
