"""Omnitron's lists: read page by page, counted, read from their ends, and halved to find one row."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from http import HTTPStatus
from typing import Any, Generic, NamedTuple, Protocol, cast

from pydantic import BaseModel

from clients.errors import ContractError, RefusedError
from clients.omnitron.connection import OmnitronConnection
from clients.omnitron.rows import Row, UnreadableRow, readable, refuse

PAGE = 100
"""Rows asked for in one page: a server may cap it there (assumed)."""
EVERYTHING = 10**9
"""Rows wanted if a list is read to its end, as many pages at once as possible."""
MOST_PAGES = 100_000
"""A list that is longer than this never ends."""
LAST_PAGES = 6
"""Most pages read at the end of a list."""
PAGES_AHEAD = 64
"""Pages that are asked for side by side: enough to keep a client busy, few enough to be held at once."""


class _HasKey(Protocol):
    pk: int


def key_of(row: BaseModel) -> int:
    """The key of a row: every model of a list that is read by key has one."""
    return cast("_HasKey", row).pk


def chunks(keys: Iterable[Any], size: int) -> list[list[Any]]:
    """`keys` in lists of at most `size`."""
    keys = list(keys)
    return [keys[start : start + size] for start in range(0, len(keys), size)]


def pages_for(rows: int, size: int) -> int:
    """Pages of `size` that hold so many rows. In whole numbers: a count from outside may be too large for a float."""
    return -(-rows // size)


class Page(NamedTuple, Generic[Row]):
    """One page of a list."""

    rows: list[Row]
    total: int
    """Rows of the whole list as Omnitron counted them; 0 if it did not."""
    has_next: bool
    unreadable: list[UnreadableRow]
    """Rows that do not fit the model."""

    @property
    def received(self) -> int:
        """The number of rows that came, readable or not: it says how many come at a time."""
        return len(self.rows) + len(self.unreadable)

    @property
    def keys(self) -> list[int]:
        """The keys of all rows that came, in their order."""
        return sorted([*map(key_of, self.rows), *(row.key for row in self.unreadable)])


def rows_in_all(page: Page[Row], path: str, is_asked: Callable[[Row], bool]) -> int:
    """How many rows a list has by its first page.

    Raises:
        ContractError: a row was not asked for, so the hub counted everything; or the hub did not count.
    """
    if not all(map(is_asked, page.rows)):
        raise ContractError(f"Omnitron answered GET {path} with rows that were not asked for.", path=path)
    if page.has_next and page.total < page.received:
        raise ContractError(f"Omnitron's list {path} goes on, and does not say how many rows it has.", path=path)
    return page.total if page.has_next else page.received


class RowList(Generic[Row]):
    """One list of Omnitron, by its full path.

    A row that does not fit the model is left out, and noted in `connection.left_out`: it stops no other. `look_up` alone
    answers a question whose answer would be wrong without that row.
    """

    def __init__(self, connection: OmnitronConnection, path: str, model: type[Row]) -> None:
        self.connection = connection
        self.path = path
        self.model = model
        self.name = path.removeprefix(connection.path("")[:-1]).split("/", 1)[0]
        """The list as Omnitron calls it, such as `product_stocks`."""

    async def page(
        self, number: int, params: Mapping[str, Any] | None = None, headers: Mapping[str, str] | None = None
    ) -> Page[Row]:
        """One page of the list, the first is 1; empty if the list has shrunk and no longer has it.

        Raises:
            ContractError: it is no list, or a row that does not fit has no key.
        """
        query = {"limit": PAGE, **(params or {})}
        if number > 1:
            query["page"] = number
        try:
            reply = await self.connection.call("GET", self.path, params=query, headers=headers)
        except RefusedError as error:
            if number > 1 and error.status == HTTPStatus.NOT_FOUND:
                return Page([], 0, False, [])
            raise
        data = reply.data
        if isinstance(data, list):
            rows, total, has_next = data, len(data), False
        elif isinstance(data, dict) and isinstance(data.get("results"), list):
            rows, has_next = data["results"], bool(data.get("next"))
            total = data["count"] if isinstance(data.get("count"), int) else 0
        else:
            raise ContractError(
                f"Omnitron answered GET {self.path} with no list: `results` is missing.", path=self.path
            )
        found, unreadable = readable(self.model, rows, self.name, self.connection.redactor)
        return Page(found, total, has_next, unreadable)

    async def _pages(
        self, params: Mapping[str, Any] | None, wanted: int, headers: Mapping[str, str] | None = None, start: int = 1
    ) -> AsyncIterator[Page[Row]]:
        first = await self.page(start, params, headers)
        yield first
        size, total, has_next, done = first.received, first.total, first.has_next, start
        wanted += (start - 1) * size
        while has_next:
            if done >= MOST_PAGES:
                raise ContractError(f"Omnitron's list {self.path} did not end after {done} pages.", path=self.path)
            missing = min(wanted, total) - done * size
            ahead = max(1, min(pages_for(missing, size), MOST_PAGES - done, PAGES_AHEAD)) if size else 1
            batch = await asyncio.gather(*(self.page(done + 1 + index, params, headers) for index in range(ahead)))
            for page in batch:
                done += 1
                yield page
                has_next = page.has_next
                if not has_next:
                    return

    async def counted_pages(
        self,
        params: Mapping[str, Any] | None = None,
        *,
        wanted: int = PAGE,
        headers: Mapping[str, str] | None = None,
        start: int = 1,
    ) -> AsyncIterator[Page[Row]]:
        """The pages in order from the page `start` on, each with the list's total.

        The first tells how many rows there are and how many come at a time; after it, as many pages are asked for at
        once as `wanted` rows need.
        """
        async for page in self._pages(params, wanted, headers, start):
            yield self._noted(page)

    def _noted(self, page: Page[Row]) -> Page[Row]:
        self.connection.left_out.add(page.unreadable)
        return page

    async def pages(
        self,
        params: Mapping[str, Any] | None = None,
        *,
        wanted: int = PAGE,
        headers: Mapping[str, str] | None = None,
    ) -> AsyncIterator[list[Row]]:
        """The rows of the pages in order, as `counted_pages` reads them."""
        async for page in self.counted_pages(params, wanted=wanted, headers=headers):
            yield page.rows

    async def all(self, params: Mapping[str, Any] | None = None) -> list[Row]:
        """All rows, for lists that are short."""
        return [row async for page in self.pages(params, wanted=10 * PAGE) for row in page]

    async def look_up(self, params: Mapping[str, Any]) -> list[Row]:
        """All rows about one thing, where to miss one would be a wrong answer: what is not found is created.

        Raises:
            UnreadableRowError: one of them does not fit the model.
        """
        rows: list[Row] = []
        async for page in self._pages(params, wanted=10 * PAGE):
            refuse(page.unreadable)
            rows += page.rows
        return rows

    async def with_keys(
        self, name: str, keys: Iterable[Any], size: int, params: Mapping[str, Any] | None = None
    ) -> list[Row]:
        """All rows whose `name` filter holds one of the keys, asked for in chunks of `size` side by side."""
        asked = (
            self.all({**(params or {}), name: ",".join(map(str, chunk)), "sort": "id"}) for chunk in chunks(keys, size)
        )
        return [row for rows in await asyncio.gather(*asked) for row in rows]

    async def count(
        self, params: Mapping[str, Any] | None = None, *, is_asked: Callable[[Row], bool] = lambda _: True
    ) -> int:
        """How many rows the list has, taken from a page of one row. A bare list has no count: its rows are counted.

        Raises:
            ContractError: a row was not asked for, so the hub counted everything; or the hub did not count.
        """
        return rows_in_all(await self.page(1, {**(params or {}), "limit": 1}), self.path, is_asked)

    async def first(self, params: Mapping[str, Any], pages: int, known: Page[Row] | None = None) -> list[Page[Row]]:
        """The first pages in the order of their keys: at least one. The first one is not read again if it is `known`."""
        found = [known or self._noted(await self.page(1, {**params, "sort": "id"}))]
        while found[-1].has_next and len(found) < pages:
            found.append(self._noted(await self.page(len(found) + 1, {**params, "sort": "id"})))
        return found

    async def last(self, params: Mapping[str, Any], wanted: int) -> tuple[list[Row], int]:
        """The last rows in the order of their keys, newest first, and how many the list has: at most `wanted` rows, and
        no more than a few pages hold."""
        query = {**params, "sort": "id"}
        first = self._noted(await self.page(1, query))
        size = first.received
        if not first.has_next or not size:
            return first.rows[::-1][:wanted], size
        last = max(1, pages_for(first.total, size))
        start = max(2, last - min(pages_for(wanted, size), LAST_PAGES - 1))
        pages = await asyncio.gather(*(self.page(number, query) for number in range(start, last + 1)))
        found = [row for page in pages for row in self._noted(page).rows]
        if start == 2:  # noqa: PLR2004  # the page after the first, which is here already
            found = [*first.rows, *found]
        return found[::-1][:wanted], first.total

    async def holds(self, params: Mapping[str, Any], key: int) -> bool:
        """Whether the list has a row with this key: its pages, in the order of their keys, are halved instead of read."""
        query = {**params, "sort": "id"}
        page = await self.page(1, query)
        goes_on = page.has_next and page.received
        first, last, number = 1, pages_for(page.total, page.received) if goes_on else 1, 1
        while True:
            keys = page.keys
            if key in keys:
                return True
            if keys and key > keys[-1]:
                first = number + 1
            elif keys and key > keys[0]:
                return False
            else:
                last = number - 1
            if first > last:
                return False
            number = (first + last) // 2
            page = await self.page(number, query)


class Resource(RowList[Row]):
    """A list below the channel whose rows are also read and written one by one."""

    def __init__(self, connection: OmnitronConnection, name: str, model: type[Row]) -> None:
        super().__init__(connection, connection.path(name), model)

    def row_path(self, pk: int, form: str = "") -> str:
        """The path of one row, in another `form` of the resource (`detailed`) if one is named."""
        return f"{self.path}{pk}/{form}/" if form else f"{self.path}{pk}/"

    async def get(self, pk: int, form: str = "") -> Row:
        """One row, in another `form` of the resource (`detailed`) if one is named."""
        return await self.connection.row(self.model, "GET", self.row_path(pk, form))

    async def create(self, fields: Mapping[str, Any], *, repeatable: bool = False) -> Row:
        """A new row. It is not sent again when its answer is lost: look before you create again. `repeatable` is for rows
        of which a second one does no harm."""
        return await self.connection.row(self.model, "POST", self.path, body=dict(fields), repeatable=repeatable)

    async def update(self, pk: int, fields: Mapping[str, Any]) -> Row:
        """Changes fields of a row; if none is given, only its `modified_date` moves."""
        return await self.connection.row(self.model, "PATCH", self.row_path(pk), body=dict(fields))
