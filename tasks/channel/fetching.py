"""Commands that read from the channel."""

from collections.abc import AsyncIterable, Iterable, Mapping
from dataclasses import field
from datetime import datetime
from typing import Any, ClassVar, Generic

from pydantic import BaseModel

from clients.errors import ContractError
from dto.base import Dto
from dto.outcomes import Fetched
from dto.reports import ErrorReportDto
from tasks.channel.command import ChannelCommand, Connector, Item, several, shape_of
from tasks.command import In, in_thread


class FetchCommand(ChannelCommand[In, Fetched[Item], Connector], Generic[In, Item, Connector]):
    """Reads from the channel, without side effects.

    Its steps answer one of: `Fetched(items)`; one item, or several as any iterable or generator, `async` or not; the
    documented triple `item or items, report, data`; or several such triples.

    Attributes:
        item: the type of the fetched items.
    """

    item: ClassVar[type[Dto]]

    async def outcome(self, answer: Any) -> Fetched[Item]:
        if self.failed_object_list:
            raise ContractError(
                f"The connector `{self.integration.name}` failed an object in `{self.key}`, which fetches: there is no batch "
                "yet. Build the rows with `build_each`, which reports unreadable ones."
            )
        if isinstance(answer, Fetched):
            if not all(isinstance(part, list | tuple) for part in (answer.items, answer.reports)):
                raise self.unexpected_answer(answer)
            pieces: list[Any] = [[*answer.items], [*answer.reports]]
            self.unreadable = list(self.all_unreadable(answer.unreadable))
        else:
            pieces = await self._pieces(answer)
        items: list[Item] = []
        lines: list[ErrorReportDto] = []
        for piece in pieces:
            self._sort(piece, items, lines)
        return Fetched(tuple(items), tuple(lines), tuple(self.unreadable))

    async def _pieces(self, answer: Any) -> list[Any]:
        """The answer as pieces, each an item, several, or a triple."""
        if answer is None:
            return []
        if isinstance(answer, self.item) or _is_triple(answer):
            return [answer]
        if isinstance(answer, AsyncIterable):
            return [piece async for piece in answer]
        if isinstance(answer, list | tuple):
            return list(answer)
        if isinstance(answer, Iterable) and not isinstance(answer, str | bytes | Mapping | BaseModel):
            # A generator may read the channel page by page, and block.
            return await in_thread(list, answer)
        raise self.unexpected_answer(answer)

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
    """Reads the items of a type from the channel that are new or changed since a moment."""

    since: datetime


def _is_triple(answer: Any) -> bool:
    """Whether it is `item or items, report or reports, data`."""
    if not (isinstance(answer, tuple) and len(answer) == 3):  # noqa: PLR2004
        return False
    return all(isinstance(line, ErrorReportDto) for line in several(answer[1]))
