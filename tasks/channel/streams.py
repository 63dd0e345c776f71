"""Streams: what a connector answers piece by piece, as an iterable or a generator, `async` or not."""

from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Iterable, Iterator
from typing import Any, Self

from clients.errors import ContractError, RetryableError
from dto.outcomes import Fetched
from tasks.command import in_thread


class Stream:
    """The pieces of an answer, taken one after the other."""

    def __init__(self, pieces: Iterator[Any] | AsyncIterator[Any]) -> None:
        self._pieces = pieces

    @classmethod
    async def of(cls, answer: Iterable[Any] | AsyncIterable[Any]) -> Self:
        """Begins with an answer."""
        return cls(aiter(answer) if isinstance(answer, AsyncIterable) else await in_thread(iter, answer))

    async def take(self, sort: Callable[[Any], None], is_enough: Callable[[], bool]) -> bool:
        """Hands pieces to `sort` until it is enough; whether more may follow."""
        pieces = self._pieces
        if isinstance(pieces, AsyncIterator):
            async for piece in pieces:
                sort(piece)
                if is_enough():
                    return True
            return False

        def take_some() -> bool:
            for piece in pieces:
                sort(piece)
                if is_enough():
                    return True
            return False

        return await in_thread(take_some)  # a generator may read the channel page by page, and block

    async def aclose(self) -> None:
        """Ends a generator in the middle: its own `finally` runs."""
        if isinstance(self._pieces, AsyncIterator):
            if hasattr(self._pieces, "aclose"):
                await self._pieces.aclose()
        elif hasattr(self._pieces, "close"):
            await in_thread(self._pieces.close)


class Continuation:
    """Where the next page of a stream begins. It is read once: a generator that has raised an error is over, and its end must not
    be taken for the end of the list."""

    def __init__(self, stream: Stream, read: Callable[[Stream], Awaitable[Fetched[Any]]]) -> None:
        self._stream = stream
        self._read = read
        self._is_spent = False

    async def read(self) -> Fetched[Any]:
        """The next page.

        Raises:
            ContractError: it was read before.
            RetryableError: of the generator's; marked as spent.
        """
        if self._is_spent:
            raise ContractError(
                "A generator cannot be read on from a place where it has been already: read it again from the start."
            )
        self._is_spent = True
        try:
            return await self._read(self._stream)
        except RetryableError as error:
            error.context["spent"] = True
            raise

    async def aclose(self) -> None:
        """Ends the stream."""
        await self._stream.aclose()
