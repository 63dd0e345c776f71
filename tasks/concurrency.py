"""Work side by side that ends together."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from typing import Any, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


async def side_by_side(*work: Coroutine[Any, Any, Any]) -> list[Any]:
    """The results of several pieces of work, in their order.

    The first error ends the rest and is raised as it is, not as a group.
    """
    try:
        async with asyncio.TaskGroup() as group:
            running = [group.create_task(piece) for piece in work]
    except BaseExceptionGroup as errors:
        first: BaseException = errors
        while isinstance(first, BaseExceptionGroup):
            first = first.exceptions[0]
        raise first from None
    return [task.result() for task in running]


AT_ONCE = 64
"""Pieces of work that one `for_each` has under way: more than a client lets through, so that it never waits for work, and
few enough that what other commands ask for meanwhile is not queued behind all of it."""


async def for_each(items: Iterable[Item], work: Callable[[Item], Awaitable[Result]]) -> list[Result]:
    """`work` for all items, many at a time, in their order; ends as `side_by_side` does."""
    waiting = list(enumerate(items))
    results: dict[int, Result] = {}
    queue = iter(waiting)

    async def worker() -> None:
        for index, item in queue:
            results[index] = await work(item)

    await side_by_side(*(worker() for _ in range(min(AT_ONCE, len(waiting)))))
    return [results[index] for index, _ in waiting]
