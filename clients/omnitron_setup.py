"""The part of Omnitron's API that describes a channel: its category tree, its attributes, its configuration's schema."""

from collections.abc import AsyncIterator, Mapping
from typing import Any

from clients.errors import RefusedError
from clients.omnitron_connection import OmnitronConnection, Row
from dto.enums import ContentType
from dto.omnitron import Channel, IntegrationAction
from dto.omnitron_setup import OperationalEvent

EVERYTHING = 10**9
"""Rows wanted where a list is read to its end."""


class SetupCalls(OmnitronConnection):
    """What is asked and written about the channel itself.

    A resource is named by its path below the channel: `attributes`, `category_nodes`, ...
    """

    async def row_pages(self, resource: str, model: type[Row], **filters: Any) -> AsyncIterator[list[Row]]:
        """All rows to which the filters apply, page by page; those of another channel are left out."""
        path, params = self._path(resource), {**filters, "sort": "id"}
        async for page in self.pages(path, model, params, wanted=EVERYTHING):
            yield [row for row in page if getattr(row, "channel", None) in (None, self.channel_id)]

    async def rows(self, resource: str, model: type[Row], **filters: Any) -> list[Row]:
        """The same at once, for lists that are short."""
        return [row async for page in self.row_pages(resource, model, **filters) for row in page]

    async def row(self, resource: str, model: type[Row], pk: int, form: str = "") -> Row:
        """One row, in another `form` of the resource (`detailed`) where one is named."""
        path = self._path(f"{resource}/{pk}/{form}".rstrip("/"))
        return self._parse(model, (await self.call("GET", path)).data, f"GET {path}")

    async def create_row(self, resource: str, model: type[Row], fields: Mapping[str, Any]) -> Row:
        """A new row. It is not repeated when its answer is lost: look first."""
        path = self._path(resource)
        reply = await self.call("POST", path, body=dict(fields), repeatable=False)
        return self._parse(model, reply.data, f"POST {path}")

    async def change_row(self, resource: str, model: type[Row], pk: int, fields: Mapping[str, Any]) -> Row:
        """Changes fields of a row; without any, its `modified_date` alone moves."""
        path = self._path(f"{resource}/{pk}")
        return self._parse(model, (await self.call("PATCH", path, body=dict(fields))).data, f"PATCH {path}")

    async def action_pages(self, content_type: ContentType) -> AsyncIterator[list[IntegrationAction]]:
        """All actions of a type, page by page."""
        filters = {"channel_id": self.channel_id, "content_type_name": content_type}
        async for page in self.row_pages("integration_actions", IntegrationAction, **filters):
            yield [row for row in page if row.content_type.model == content_type]

    async def update_channel(self, fields: Mapping[str, Any]) -> Channel:
        """Changes the channel itself."""
        path = f"channels/{self.channel_id}/"
        return self._parse(Channel, (await self.call("PATCH", path, body=dict(fields))).data, f"PATCH {path}")

    async def create_in_bulk(self, resource: str, fields: Mapping[str, Any]) -> bool:
        """Makes what is missing and changes what differs, in one request. It may be repeated: Omnitron looks all of it up.

        Returns:
            False where this hub has no such route.
        """
        try:
            await self.call("POST", self._path(resource), body=dict(fields))
        except RefusedError as error:
            if error.status != 404:  # noqa: PLR2004
                raise
            return False
        return True

    async def operational_events(self) -> list[OperationalEvent]:
        """The hub's own monitoring, oldest first; empty where this hub does not let it be read."""
        try:
            return await self.rows("operational_events", OperationalEvent)
        except RefusedError as error:
            if error.status not in (404, 405):
                raise
            return []
