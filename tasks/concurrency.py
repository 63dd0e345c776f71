"""Structured concurrency: work side by side that ends together."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Hashable, Iterable
from contextlib import asynccontextmanager
from typing import Any, TypeVar, cast

Item = TypeVar("Item")
Result = TypeVar("Result")


async def side_by_side(*work: Coroutine[Any, Any, Any]) -> list[Any]:
    """The results of several coroutines, in order.

    The first error cancels the rest and is raised as it is, not as a group.
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
"""Items in progress in one `for_each`: more than a client sends at once, so that it never idles, and few enough that
requests of other commands do not queue behind all of them."""


async def for_each(
    items: Iterable[Item], work: Callable[[Item], Awaitable[Result]], at_once: int = AT_ONCE
) -> list[Result]:
    """Runs `work` for all items, `at_once` at a time; the results are in order. Errors end it as in `side_by_side`."""
    waiting = list(enumerate(items))
    results: dict[int, Result] = {}
    queue = iter(waiting)

    async def worker() -> None:
        for index, item in queue:
            results[index] = await work(item)

    await side_by_side(*(worker() for _ in range(min(at_once, len(waiting)))))
    return [results[index] for index, _ in waiting]


class KeyedLocks:
    """One lock for each key: of two callers that need the same object, the second finds it created."""

    def __init__(self) -> None:
        self._held: dict[Hashable, tuple[asyncio.Lock, int]] = {}

    @asynccontextmanager
    async def hold(self, key: Hashable) -> AsyncIterator[None]:
        """Waits for the key's lock, and holds it."""
        lock, users = self._held.get(key, (asyncio.Lock(), 0))
        self._held[key] = lock, users + 1
        try:
            async with lock:
                yield
        finally:
            lock, users = self._held.pop(key)
            if users > 1:
                self._held[key] = lock, users - 1


class Once:
    """Reads each value once, even if several callers need it at the same time. A failed read is not kept."""

    def __init__(self) -> None:
        self._kept: dict[Hashable, object] = {}
        self._locks = KeyedLocks()

    async def __call__(self, name: Hashable, read: Callable[[], Awaitable[Result]]) -> Result:
        """The result of `read`, kept under `name`."""
        if name not in self._kept:
            async with self._locks.hold(name):
                if name not in self._kept:
                    self._kept[name] = await read()
        return cast("Result", self._kept[name])
