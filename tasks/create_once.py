"""Creates an object exactly once, even if answers get lost."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from clients.clock import Clock
from clients.errors import LostAnswerError, RefusedError

Created = TypeVar("Created")

PAUSES = (1.0, 3.0)
"""Seconds to wait after a lost answer: the request may still be in progress."""


async def create_once(
    create: Callable[[], Awaitable[Created]],
    find: Callable[[], Awaitable[Created | None]],
    clock: Clock,
    *,
    may_exist: bool = False,
) -> Created:
    """The result of `create`. After a lost answer, `find` looks for the object before it is created again.

    With `may_exist`, a refusal may mean that the object exists already; then the result is that of `find`.

    Raises:
        LostAnswerError: every answer was lost, and nothing was found; the next run looks again.
        RefusedError: it was refused, and nothing was found.
    """
    for pause in (*PAUSES, None):
        try:
            return await create()
        except LostAnswerError:
            if pause is not None:
                await clock.sleep(pause)
            found = await find()
            if found is not None:
                return found
            if pause is None:
                raise
        except RefusedError:
            found = await find() if may_exist else None
            if found is None:
                raise
            return found
    raise AssertionError("the last try returns or raises")
