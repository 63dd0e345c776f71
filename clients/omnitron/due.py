"""Lists of due objects: those that Omnitron wants the channel to be told of."""

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Generic, NamedTuple

from clients.errors import ContractError
from clients.omnitron.connection import OmnitronConnection
from clients.omnitron.listings import LISTINGS
from clients.omnitron.lists import PAGE, Page, RowList, key_of, rows_in_all
from clients.omnitron.rows import NO_VERSION, Row, UnreadableRow
from dto.enums import ContentType


class DueRows(NamedTuple, Generic[Row]):
    """Due objects that a run takes up."""

    rows: list[Row]
    total: int
    """Rows of the whole list as Omnitron counted them; 0 if it did not."""
    unreadable: list[UnreadableRow]
    """Due objects that cannot be read, but whose keys and versions can: each is to fail with its reason."""
    waiting: tuple[int, ...] = ()
    """Keys of due objects that cannot be taken up yet."""


class DueHead(NamedTuple, Generic[Row]):
    """The beginning of a list, and its length."""

    total: int
    page: Page[Row]


Ready = Callable[[Sequence[Row]], Awaitable[list[Row]]]
"""Those of some due rows that can be taken up now."""


class DueList(Generic[Row]):
    """One list of due objects.

    Args:
        which: the list's name: `inserts`, `updates`, `inserts_or_updates` (products) or `deleted` (product actions).
        extra_list: the price or stock list beside the catalog's own whose objects are listed.
    """

    def __init__(
        self,
        connection: OmnitronConnection,
        content_type: ContentType,
        which: str,
        model: type[Row],
        extra_list: int | None = None,
    ) -> None:
        listing = LISTINGS[content_type]
        self._connection = connection
        prefix = "" if extra_list is None else "extra_"
        self._list = RowList(connection, connection.path(f"{prefix}{listing.resource}/{which}"), model)
        self._filters = dict(listing.due_filters)
        self._list_filter, self._extra_list = listing.list_filter, extra_list
        if content_type is ContentType.integration_action:
            self._filters["channel_id"] = connection.channel_id
        if extra_list is not None and listing.list_filter is not None:
            self._filters[listing.list_filter] = extra_list

    def _is_asked(self, row: Row | UnreadableRow) -> bool:
        """Whether a row is of the list that was asked for: a hub that does not know the filter answers every list's."""
        if self._extra_list is None or self._list_filter is None:
            return True
        name = self._list_filter
        number = row.number(name) if isinstance(row, UnreadableRow) else getattr(row, name, None)
        return number in (None, self._extra_list)

    async def read(
        self,
        wanted: int,
        skip: Collection[int] = (),
        headers: Mapping[str, str] | None = None,
        ready: Ready[Row] | None = None,
        waiting: Collection[int] = (),
    ) -> DueRows[Row]:
        """The first `wanted` rows that are `ready`, and whose keys are neither in `skip` nor among those that are known to be
        `waiting` at the head of the list: the reading begins behind these, a page back for rows that move. A row that moved to
        another page meanwhile counts once.

        A row whose version cannot be read is left out; other unreadable rows come along, and take no place of a sound one.

        Raises:
            ContractError: a page or more came, and no row of it can be used: then no row is at fault.
        """
        found: dict[int, Row] = {}
        candidates: dict[int, Row] = {}
        not_ready: set[int] = set()
        skipped = {*skip, *waiting}

        async def choose() -> None:
            rows = list(candidates.values())
            chosen = rows if ready is None else await ready(rows)
            found.update((key_of(row), row) for row in chosen)
            not_ready.update(key for key in candidates if key not in found)
            candidates.clear()

        unreadable: dict[int, UnreadableRow] = {}
        total: int | None = None
        problems: list[str] = []
        is_usable = False
        # Less than a page of those that wait stand behind a row that was ready and not taken: no such row is passed over.
        start = max(1, len(waiting) // PAGE)
        async for page in self._list.counted_pages(self._sorted, wanted=wanted, headers=headers, start=start):
            total = page.total if total is None else total
            for row in page.rows:
                if self._is_asked(row) and not self._has_version(row):
                    problems.append(NO_VERSION)
                    continue
                is_usable = True
                if self._is_asked(row) and key_of(row) not in skipped and key_of(row) not in found:
                    candidates[key_of(row)] = row
            for odd in page.unreadable:
                problems.append(odd.why)
                if self._is_asked(odd) and odd.key not in skipped and odd.version is not None:
                    unreadable[odd.key] = odd
            if len(found) + len(candidates) >= wanted:
                await choose()
            if len(found) >= wanted:
                break
        if candidates:
            await choose()
        if len(problems) >= PAGE and not is_usable:
            raise ContractError(
                f"Omnitron's list {self._list.path} cannot be used: none of its {len(problems)} rows can be read, the first "
                f"because of {problems[0]}. Has its API changed? `channel-app check` compares it with the contract."
            )
        rows = list(found.values())[:wanted]
        failing = list(unreadable.values())[: wanted - len(rows)]
        return DueRows(rows, total or 0, failing, tuple(sorted(not_ready)))

    def _has_version(self, row: Row) -> bool:
        """Whether it says at which version it is; if not, it is left out."""
        if isinstance(getattr(row, "modified_date", None), datetime):
            return True
        self._connection.left_out.add([UnreadableRow(self._list.name, key_of(row), NO_VERSION, {})])
        return False

    def pages(self, wanted: int) -> AsyncIterator[list[Row]]:
        """The list's pages, for who may stop before `wanted` rows."""
        return self._asked_pages(wanted)

    async def _asked_pages(self, wanted: int) -> AsyncIterator[list[Row]]:
        async for rows in self._list.pages(self._sorted, wanted=wanted):
            yield [row for row in rows if self._is_asked(row)]

    async def count(self) -> int:
        """How many objects are due."""
        return await self._list.count(self._filters, is_asked=self._is_asked)

    async def holds(self, key: int) -> bool:
        """Whether one object is due now."""
        return await self._list.holds(self._filters, key)

    async def head(self) -> DueHead[Row]:
        """The first page, which tells how many objects are due."""
        (page,) = await self._list.first(self._filters, 1)
        return DueHead(rows_in_all(page, self._list.path, self._is_asked), page)

    async def first_keys(self, pages: int, head: DueHead[Row] | None = None) -> tuple[set[int], int | None]:
        """The keys on the first pages, and the last of them; None if the list ends there. `head` is not read again."""
        first = await self._list.first(self._filters, pages, head.page if head else None)
        keys = {key for page in first for key in page.keys}  # what cannot be read is due all the same
        return keys, max(keys, default=0) if first[-1].has_next else None

    @property
    def _sorted(self) -> dict[str, Any]:
        return {**self._filters, "sort": "id"}
