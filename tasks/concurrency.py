"""Work side by side that ends together."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Hashable, Iterable
from contextlib import asynccontextmanager
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


async def for_each(
    items: Iterable[Item], work: Callable[[Item], Awaitable[Result]], at_once: int = AT_ONCE
) -> list[Result]:
    """`work` for all items, `at_once` at a time, in their order; ends as `side_by_side` does."""
    waiting = list(enumerate(items))
    results: dict[int, Result] = {}
    queue = iter(waiting)

    async def worker() -> None:
        for index, item in queue:
            results[index] = await work(item)

    await side_by_side(*(worker() for _ in range(min(at_once, len(waiting)))))
    return [results[index] for index, _ in waiting]


class Turns:
    """One at a time for each key: who needs the same thing made finds it made."""

    def __init__(self) -> None:
        self._held: dict[Hashable, tuple[asyncio.Lock, int]] = {}

    @asynccontextmanager
    async def of(self, key: Hashable) -> AsyncIterator[None]:
        """Waits for the key's turn, and holds it."""
        lock, users = self._held.get(key, (asyncio.Lock(), 0))
        self._held[key] = lock, users + 1
        try:
            async with lock:
                yield
        finally:
            lock, users = self._held.pop(key)
            if users > 1:
                self._held[key] = lock, users - 1
