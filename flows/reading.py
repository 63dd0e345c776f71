"""Reading the channel: page by page, each thing once, and whatever is new is taken in before the list has ended.

Of what was read, digests alone are remembered: the memory does not grow with the window.
"""

import hashlib
from collections.abc import Awaitable, Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from clients.errors import ContractError, ItemError
from dto.base import Dto
from dto.outcomes import Fetched
from flows.receiving import Receiving
from tasks.channel.fetching import FetchSince
from tasks.channel.streams import Continuation
from tasks.command import CommandInterface
from tasks.omnitron.orders.arrivals import ArrivalCommand
from tasks.omnitron.orders.joining import RowsApartError, RowsDifferError, not_joined

Item = TypeVar("Item", bound=Dto)
Missing = type[CommandInterface[Any, list[Any], Any]]
"""A command that selects, of the listed things, those that are not known."""

TOGETHER = 500
"""Things that are taken in together."""
DIGEST = 8
"""Bytes by which a row is recognised."""


@dataclass(frozen=True, slots=True)
class Listing(Generic[Item]):
    """What the channel lists of one kind, and how rows about one thing are recognised.

    Attributes:
        kind: its name for people.
        identity: equal for rows about one thing.
        name: the thing's name for people.
        joined: makes one of several different rows about one thing, or raises an ItemError. None: such rows contradict one
            another.
        content: equal for rows that say the same.
        matters: whether a known thing is of interest still.
        waits: whether it is taken in after the last page only, because a later row may say more.
    """

    kind: str
    identity: Callable[[Item], Hashable]
    name: Callable[[Item], str]
    joined: Callable[[Sequence[Item]], Item] | None = None
    content: Callable[[Item], str] = Dto.model_dump_json
    matters: Callable[[Item], bool] = lambda _: False
    waits: Callable[[Item], bool] = lambda _: False


class Reading(Generic[Item]):
    """One reading of a list of the channel.

    If a page cannot be read, what the earlier ones brought is taken in, and then the run ends with the error. Of things that wait
    for the last page, nothing is taken in.
    """

    def __init__(
        self,
        receiving: Receiving,
        command: type[FetchSince[Item]],
        listing: Listing[Item],
        *,
        log: bool,
        missing: Missing | None = None,
    ) -> None:
        self.receiving = receiving
        self.run = receiving.run
        self._command = command
        self._listing = listing
        self._log = log
        self._missing = missing
        own = receiving.channel.get_action(command)
        self._rows_are_lines = listing.joined is not None and getattr(own, "rows_are_lines", False)
        self._pages: list[Any] = []
        self._rows: set[bytes] = set()
        self._things: set[bytes] = set()
        self._taken: set[bytes] = set()
        self._apart: set[bytes] = set()
        self._new: dict[bytes, list[Item]] = {}
        self._waiting: dict[bytes, list[Item]] = {}
        self._known: dict[bytes, Item] = {}

    async def take_in(self, command: type[ArrivalCommand[Any]]) -> None:
        """Has a command take everything in."""

        async def take(new: Sequence[Item], _: Sequence[Item]) -> None:
            await self.receiving.take_in(command, self._listing.kind, new)

        await self.each(take)

    async def each(
        self, take: Callable[[Sequence[Item], Sequence[Item]], Awaitable[None]], together: int = TOGETHER
    ) -> None:
        """Reads to the end. `take` is handed new things, so many together, and the known ones that matter."""
        page: Any = None
        try:
            while page is not None or not self._pages:
                try:
                    fetched = await self._read(page)
                except Exception:
                    await self._hand_over(take, together)
                    raise
                page = fetched.next
                await self._sort(fetched)
                while max(len(self._new), len(self._known)) >= together:
                    await self._hand_over(take, together)
        finally:
            if isinstance(page, Continuation):
                await page.aclose()
        self._new |= self._waiting
        while self._new or self._known:
            await self._hand_over(take, together)

    async def _read(self, page: Any) -> Fetched[Item]:
        """One page.

        Raises:
            ContractError: it was read already.
        """
        if page in self._pages:
            shown = self.run.runtime.redactor.text(str(page), limit=100)
            raise ContractError(
                f"The connector `{self.receiving.channel.name}` answered `{self._command.key}` with a `next` page that was read "
                f"already, `{shown}`: the list would never end. Leave `next` out on the last page."
            )
        self._pages.append(page)
        since = self.receiving.since
        # A command that an integrator made from scratch may know no pages.
        given = {} if page is None else {"page": page}
        fetched: Fetched[Item] = await self.receiving.channel.do_action(self._command, since=since, **given)
        return fetched

    async def _sort(self, fetched: Fetched[Item]) -> None:
        """Puts each row of a page where it belongs."""
        receiving, kind = self.receiving, self._listing.kind
        await receiving.hub.tell([line for line in fetched.reports if self._log or not line.is_ok])
        lines = self.run.add_unreadable(kind, fetched.unreadable)
        rows = self._not_seen(fetched.items)
        missing = rows
        if self._missing is not None and rows:
            missing = await receiving.hub.do_action(self._missing, objects=rows)
        by_thing = {self._key(item) for item in missing}
        for item in rows:
            key = self._key(item)
            if key not in by_thing:
                self.run.counts["known"] += key not in self._things  # once, however many rows it has
                self._things.add(key)
                if self._listing.matters(item):
                    self._known.setdefault(key, item)
        for item in missing:
            key = self._key(item)
            if key in self._taken:
                if key not in self._apart:
                    lines.append(receiving.failed(kind, self._listing.name(item), *self._why_apart()))
                self._apart.add(key)
            else:
                waits = self._rows_are_lines or self._listing.waits(item)
                (self._waiting if waits else self._new).setdefault(key, []).append(item)
        self._things.update(map(self._key, rows))
        await self.run.told.tell(lines, receiving.hub.tell, receiving.hub.logger())

    def _not_seen(self, items: Sequence[Item]) -> list[Item]:
        """The rows that no page has had yet. One that is listed twice is counted, and dropped: pages shift meanwhile."""
        rows = []
        for item in items:
            content = _digest(self._listing.content(item))
            if content in self._rows:
                self.run.irregularities["duplicated"] += 1
            else:
                self._rows.add(content)
                rows.append(item)
        return rows

    async def _hand_over(
        self, take: Callable[[Sequence[Item], Sequence[Item]], Awaitable[None]], together: int
    ) -> None:
        """Has the first things taken in. Rows about one that contradict one another are reported."""
        receiving, listing = self.receiving, self._listing
        known, self._known = list(self._known.values()), {}
        new, lines = [], []
        for key in list(self._new)[:together]:
            rows = self._new.pop(key)
            self._taken.add(key)
            try:
                new.append(rows[0] if len(rows) == 1 else (listing.joined or not_joined)(rows))
            except ItemError as error:
                lines.append(receiving.failed(listing.kind, listing.name(rows[0]), error.code, error.message))
        await self.run.told.tell(lines, receiving.hub.tell, receiving.hub.logger())
        if new or known:
            await take(new, known)

    def _why_apart(self) -> tuple[str, str]:
        """The code and the words for a further row of a thing that this run has taken in from an earlier page."""
        again = (
            "The channel lists it again on a later page, in a row that differs, when the first row was handled already."
        )
        if self._listing.joined is None:
            return RowsDifferError.code, f"{again} The next run reads it again."
        return RowsApartError.code, (
            f"{again} If the channel has a row for each line, say `rows_are_lines = True` in the connector's "
            f"`{self._command.key}`: all rows are then joined first. If it changed while the pages were read, the next run finds "
            "it whole."
        )

    def _key(self, item: Item) -> bytes:
        return _digest(repr(self._listing.identity(item)))


def _digest(text: str) -> bytes:
    return hashlib.blake2b(text.encode(errors="surrogatepass"), digest_size=DIGEST).digest()
