"""Creating something exactly once, though answers get lost."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from clients.clock import Clock
from clients.errors import LostAnswerError

Created = TypeVar("Created")

PAUSES = (1.0, 3.0)
"""Seconds for which a create whose answer was lost may still be under way."""


async def create_once(
    create: Callable[[], Awaitable[Created]], find: Callable[[], Awaitable[Created | None]], clock: Clock
) -> Created:
    """What `create` made. Where its answer was lost, `find` looks for it before anything is created again.

    Raises:
        LostAnswerError: the answer was lost every time, and nothing was found: the next run looks again.
    """
    for pause in PAUSES:
        try:
            return await create()
        except LostAnswerError:
            await clock.sleep(pause)
            found = await find()
            if found is not None:
                return found
    try:
        return await create()
    except LostAnswerError:
        found = await find()
        if found is None:
            raise
        return found
