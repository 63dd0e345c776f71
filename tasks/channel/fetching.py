"""Commands that read from the channel."""

import math
from collections.abc import AsyncIterable, Iterable, Mapping
from dataclasses import field
from datetime import datetime
from typing import Any, ClassVar, Generic

from pydantic import BaseModel

from clients.errors import ContractError
from dto.base import Dto, is_blank
from dto.outcomes import Fetched
from dto.reports import ErrorReportDto
from tasks.channel.command import ChannelCommand, Connector, Item, several, shape_of
from tasks.channel.streams import Continuation, Stream
from tasks.command import In

PIECE = 500
"""Items of a stream that are taken together."""


class FetchCommand(ChannelCommand[In, Fetched[Item], Connector], Generic[In, Item, Connector]):
    """Reads from the channel, without side effects.

    Its steps answer one of: `Fetched(items)`; one item, or several as any iterable or generator, `async` or not; the
    documented triple `item or items, report, data`; or several such triples.

    Attributes:
        item: the type of the fetched items.
    """

    item: ClassVar[type[Dto]]

    async def outcome(self, answer: Any) -> Fetched[Item]:
        match answer:
            case Fetched():
                if not all(isinstance(part, list | tuple) for part in (answer.items, answer.reports)):
                    raise self.unexpected_answer(answer)
                self.unreadable = list(self.all_unreadable(answer.unreadable))
                pieces = [[*answer.items], [*answer.reports]]
                return await self._page(await Stream.of(pieces), self._next_of(answer))
            case None:
                return await self._page(await Stream.of(()))
            case _ if isinstance(answer, self.item) or _is_triple(answer):
                return await self._page(await Stream.of((answer,)))
            case list() | tuple():
                return await self._page(await Stream.of(answer))
            case str() | bytes() | Mapping() | BaseModel():
                raise self.unexpected_answer(answer)
            case AsyncIterable() | Iterable():
                return await self.of_stream(await Stream.of(answer))
        raise self.unexpected_answer(answer)

    async def of_stream(self, stream: Stream) -> Fetched[Item]:
        """All items of a stream."""
        return await self._page(stream)

    async def _page(self, stream: Stream, following: Any = None, *, at_most: float = math.inf) -> Fetched[Item]:
        """The items of a stream, up to about so many; the next page is then the rest of it."""
        items: list[Item] = []
        lines: list[ErrorReportDto] = []
        more = await stream.take(
            lambda piece: self._sort(piece, items, lines), lambda: len(items) + len(self.unreadable) >= at_most
        )
        if self.failed_object_list:
            raise ContractError(
                f"The connector `{self.integration.name}` failed an object in `{self.key}`, which fetches: there is no batch "
                "yet. Build the rows with `build_each`, which reports unreadable ones."
            )
        unreadable, self.unreadable = self.unreadable, []
        if more:
            following = Continuation(stream, lambda rest: self._page(rest, at_most=at_most))
        return Fetched(tuple(items), tuple(lines), tuple(unreadable), next=following)

    def _next_of(self, answer: Fetched[Any]) -> Any:
        """Where the next page begins: this command has no pages.

        Raises:
            ContractError: the connector says that it has.
        """
        if not is_blank(answer.next):
            raise ContractError(
                f"The connector `{self.integration.name}` answered `{self.key}` with a page and the `next` one, but this command "
                "is asked once: answer everything."
            )

    def _sort(self, piece: Any, items: list[Item], lines: list[ErrorReportDto]) -> None:
        """Adds the items and the reports of one piece to their lists."""
        found, reported, _ = piece if _is_triple(piece) else (piece, None, None)
        for entry in (*several(found), *several(reported)):
            if isinstance(entry, ErrorReportDto):
                lines.append(entry)
            elif isinstance(entry, self.item):
                items.append(entry)  # type: ignore[arg-type]  # `item` is what Item stands for
            else:
                raise self.unexpected_answer(entry)

    def unexpected_answer(self, answer: Any) -> ContractError:
        return ContractError(
            f"The connector `{self.integration.name}` answered `{self.key}` with {shape_of(answer)}. It answers "
            f"{self.item.__name__} objects, one or several, or `{self.item.__name__}, report, data`.{self.answered_in}"
        )


class FetchAll(FetchCommand[None, Item, Connector]):
    """Reads all items of a type from the channel."""

    objects: None = field(default=None, kw_only=False)


class FetchSince(FetchAll[Item, Connector]):
    """Reads the items of a type from the channel that are new or changed since a moment, at once or page by page. What a page
    brings is taken in before the next one is read.

    Attributes:
        rows_are_lines: whether the channel lists an order in several rows, one for each line or parcel, which may stand on
            different pages. New orders are then taken in after the last page.
        since: the moment.
        page: where the page begins: the `next` of the page before. None: it is the first one.
    """

    rows_are_lines: ClassVar[bool] = False

    since: datetime
    page: Any = None

    async def answered(self) -> Any:
        """The answer of the steps; a stream that was begun is read on instead."""
        return self.page if isinstance(self.page, Continuation) else await super().answered()

    async def outcome(self, answer: Any) -> Fetched[Item]:
        return await answer.read() if isinstance(answer, Continuation) else await super().outcome(answer)

    async def of_stream(self, stream: Stream) -> Fetched[Item]:
        return await self._page(stream, at_most=PIECE)

    def _next_of(self, answer: Fetched[Any]) -> Any:
        return None if is_blank(answer.next) else answer.next


def _is_triple(answer: Any) -> bool:
    """Whether it is `item or items, report or reports, data`."""
    if not (isinstance(answer, tuple) and len(answer) == 3):  # noqa: PLR2004
        return False
    return all(isinstance(line, ErrorReportDto) for line in several(answer[1]))
