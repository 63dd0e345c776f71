"""The lines that tell of batches and objects: error reports and events, with the ids of content types that they need."""

import asyncio
from collections.abc import Collection, Mapping
from http import HTTPStatus
from typing import Any

from clients.errors import ContractError, RefusedError
from clients.omnitron.connection import OmnitronConnection
from clients.omnitron.lists import PAGE, Resource, RowList
from clients.omnitron.setup import SetupRows
from dto.omnitron import ContentTypeRow
from dto.omnitron_setup import OperationalEvent
from dto.reports import ErrorReportRow


class ContentTypes:
    """Omnitron's ids of its model names."""

    def __init__(self, connection: OmnitronConnection) -> None:
        self._list = RowList(connection, "content_types/", ContentTypeRow)
        self._ids: dict[str, int] = {}
        self._looking_up: dict[str, asyncio.Lock] = {}

    async def get_id(self, model: str) -> int:
        """The id of a model name; looked up once, however many ask at the same time."""
        lock = self._looking_up.setdefault(model, asyncio.Lock())
        async with lock:
            if model not in self._ids:
                matching = [row.id for row in await self._list.all({"model": model}) if row.model == model]
                if len(matching) != 1:
                    raise ContractError(f"Omnitron knows {len(matching)} content types named `{model}`, not one.")
                self._ids[model] = matching[0]
            return self._ids[model]


class ErrorReports:
    """The merchant's log."""

    def __init__(self, connection: OmnitronConnection, content_types: ContentTypes) -> None:
        self._connection = connection
        self._content_types = content_types
        self._resource = Resource(connection, "error_reports", ErrorReportRow)

    async def create(self, fields: Mapping[str, Any]) -> None:
        """Writes a line at least once: a repeated one shows by its code."""
        await self._connection.call("POST", self._resource.path, body=dict(fields))

    async def find(self, content_type: str, object_id: int) -> list[ErrorReportRow] | None:
        """The newest lines about one object, newest first; None if this hub does not let them be read."""
        params = {
            "action_content_type": await self._content_types.get_id(content_type),
            "action_object_id": object_id,
            "sort": "-id",
        }
        try:
            rows = (await self._resource.page(1, params)).rows
        except RefusedError as error:
            if error.status in (HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED):
                return None
            raise
        return [row for row in rows if row.action_object_id in (None, object_id)]

    async def newest_failures(
        self, content_type: str, object_ids: Collection[int], most_pages: int
    ) -> list[ErrorReportRow] | None:
        """The newest line about the failure of each object, as far as the newest `most_pages` of its type's lines hold one; None
        if this hub does not let them be read. Several hundred objects cost a few requests."""
        kind = await self._content_types.get_id(content_type)
        missing, found, read = set(object_ids), list[ErrorReportRow](), 0
        params = {"action_content_type": kind, "sort": "-id"}
        try:
            async for page in self._resource.counted_pages(params, wanted=min(len(missing), most_pages * PAGE)):
                for row in page.rows:
                    is_asked = row.action_content_type in (None, kind, str(kind), content_type)
                    if is_asked and not row.is_ok and row.action_object_id in missing:
                        found.append(row)
                        missing.discard(row.action_object_id)
                read += 1
                if not missing or read >= most_pages:
                    break
        except RefusedError as error:
            if error.status in (HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED):
                return None
            raise
        return found


class OperationalEvents:
    """The hub's own monitoring. Older hubs have none."""

    def __init__(self, connection: OmnitronConnection) -> None:
        self._connection = connection
        self._rows = SetupRows(connection, "operational_events", OperationalEvent)
        self._is_missing = False

    async def create(self, fields: Mapping[str, Any]) -> bool:
        """Writes an event. False on a hub without events, which is not asked again."""
        if self._is_missing:
            return False
        try:
            await self._connection.call("POST", self._connection.path("operational_events"), body=dict(fields))
        except RefusedError as error:
            if error.status != HTTPStatus.NOT_FOUND:
                raise
            self._is_missing = True
        return not self._is_missing

    async def all(self) -> list[OperationalEvent]:
        """All events, oldest first; empty if this hub does not let them be read."""
        try:
            return await self._rows.all()
        except RefusedError as error:
            if error.status not in (HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED):
                raise
            return []
