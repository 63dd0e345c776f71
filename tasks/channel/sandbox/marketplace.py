"""The local marketplace: its settings, its connections, and its answers."""

from collections.abc import AsyncIterator
from datetime import datetime
from http import HTTPStatus
from operator import itemgetter
from typing import Any, NamedTuple

from tasks.channel import (
    Accepted,
    AnsweredCommand,
    Call,
    ChannelConf,
    ChannelIntegration,
    ChannelUnavailableError,
    Completed,
    ContentType,
    ContractError,
    ItemResult,
    Reply,
    SendOutcome,
    Transport,
    Url,
    setting,
)

PAGE = 500
"""Rows asked for in one page: the marketplace's maximum."""
MOST_PAGES = 10_000
"""A list that is longer than this never ends."""
NAMES = {ContentType.order: "number", ContentType.cancellation_request: "remote_id"}
"""The field that names an item in an answer, where that is not its sku."""

Row = dict[str, Any]


class Page(NamedTuple):
    """One page of a list."""

    rows: list[Row]
    next: int | None
    """The number of the page after it, if there is one."""


class MarketplaceConf(ChannelConf):
    """The settings that a merchant fills in."""

    base_url: Url = setting("Address of the marketplace", hint="as `channel-app sandbox` prints it")
    asynchronous: bool = setting("Send in batches that are asked for later", default=False)


class Marketplace(ChannelIntegration[MarketplaceConf]):
    """The connections to the local marketplace, which takes every call twice without harm."""

    name = "sandbox"
    max_batch_size = 1_000

    def connect(self) -> Transport:
        self.is_sync = not self.conf.asynchronous
        return Transport("The marketplace", self.conf.base_url, self.runtime, unavailable=ChannelUnavailableError)

    async def sign_of_life(self) -> None:
        await self.get("/health")

    async def get(self, path: str) -> Reply:
        """Reads something. The ids in its path are segments."""
        return await self.transport.send(Call("GET", path))

    async def page_of(self, path: str, since: datetime | None = None, number: int | None = None) -> Page:
        """A page of a list, by default the first one, of rows that have changed since a moment: least recently changed first.

        A row that changes while the pages are read moves to the end and may come twice, and another may be missed: the
        next reading of an overlapping window finds it.
        """
        window, number = {"since": since.isoformat()} if since else {}, number or 1
        reply = await self.transport.send(Call("GET", path, {**window, "page": number, "limit": PAGE}))
        rows = rows_in(reply, "results")
        if not reply.data.get("next"):
            return Page(rows, None)
        if number >= MOST_PAGES:
            raise ContractError(f"The marketplace's list {path} did not end after {MOST_PAGES} pages.")
        return Page(rows, number + 1)

    async def listed(self, path: str, since: datetime | None = None) -> AsyncIterator[Row]:
        """The rows of all pages of a list."""
        number: int | None = 1
        while number is not None:
            page = await self.page_of(path, since, number)
            for row in page.rows:
                yield row
            number = page.next

    async def hand_over(
        self, command: AnsweredCommand[Any, Any, Any], method: str, path: str, items: list[Row]
    ) -> SendOutcome:
        """Hands items over. The marketplace answers at once, or later under a batch id."""
        mode = {"async": "true"} if self.conf.asynchronous else {}
        reply = await self.transport.send(Call(method, path, mode, {"items": items}, repeatable=True))
        reports = tuple(command.create_report(reply))
        if reply.status == HTTPStatus.ACCEPTED:
            refused = results_of(command, rows_in(reply, "rejected"))
            return Accepted(str(reply.data.get("batch_id") or ""), refused, reports)
        return Completed(results_of(command, rows_in(reply, "results")), reports)


def rows_in(reply: Reply, name: str) -> list[Row]:
    """One list of objects in an answer, by its name."""
    rows = reply.data.get(name) if isinstance(reply.data, dict) else None
    if not (isinstance(rows, list) and all(isinstance(row, dict) for row in rows)):
        raise ContractError(f"The marketplace answered with no list of objects in `{name}`.")
    return rows


def results_of(command: AnsweredCommand[Any, Any, Any], rows: list[Row]) -> tuple[ItemResult, ...]:
    """The marketplace's rows as results: `{"sku" or "number", "remote_id", "status", "message"}`."""
    name = itemgetter(NAMES.get(command.content_type or ContentType.product, "sku"))

    def result(row: Row) -> ItemResult:
        if is_success(row):
            return command.accepted(name(row), remote_id=row.get("remote_id"), message=row.get("message"))
        return command.refused(name(row), row.get("message"), remote_id=row.get("remote_id"))

    return tuple(command.build_each(rows, result, name))


def is_success(row: Row) -> bool:
    """Whether the marketplace took an item. Of those that it refuses at once it gives no status."""
    return bool(row.get("status") == "SUCCESS")
