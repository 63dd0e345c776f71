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


async def for_each(items: Iterable[Item], work: Callable[[Item], Awaitable[Result]]) -> list[Result]:
    """`work` for all items at once (the client bounds the requests), in their order; ends as `side_by_side` does."""

    async def one(item: Item) -> Result:
        return await work(item)

    return await side_by_side(*map(one, items))
