"""The part of Omnitron's API that describes a channel: its category tree, its attributes, its configuration's schema."""

from collections.abc import AsyncIterator, Mapping
from typing import Any, TypeVar

from pydantic import BaseModel

from clients.errors import RefusedError
from clients.omnitron import OmnitronClient
from dto.enums import ContentType
from dto.omnitron import CategoryTree, Channel, IntegrationAction
from dto.omnitron_setup import OperationalEvent

Row = TypeVar("Row", bound=BaseModel)

EVERYTHING = 10**9
"""Rows wanted where a list is read to its end."""


class SetupCalls:
    """Calls over an open client. Raises what the client raises."""

    def __init__(self, client: OmnitronClient) -> None:
        self._client = client

    # -- rows of any resource --------------------------------------------------------------------------------------

    async def pages(self, resource: str, model: type[Row], **filters: Any) -> AsyncIterator[list[Row]]:
        """All rows that answer to the filters, page by page, those of another channel left out."""
        path = self._client._path(resource)
        params = {**filters, "sort": "id"}
        async for page in self._client.pages(path, model, params, wanted=EVERYTHING):
            yield [row for row in page if getattr(row, "channel", None) in (None, self._client.channel_id)]

    async def rows(self, resource: str, model: type[Row], **filters: Any) -> list[Row]:
        """The same at once, for lists that are short."""
        return [row async for page in self.pages(resource, model, **filters) for row in page]

    async def row(self, resource: str, model: type[Row], pk: int) -> Row:
        """One row."""
        path = self._client._path(f"{resource}/{pk}")
        return self._client._parse(model, (await self._client.call("GET", path)).data, f"GET {path}")

    async def create(self, resource: str, model: type[Row], fields: Mapping[str, Any]) -> Row:
        """A new row. It is not repeated when its answer is lost: look first."""
        path = self._client._path(resource)
        reply = await self._client.call("POST", path, body=dict(fields), repeatable=False)
        return self._client._parse(model, reply.data, f"POST {path}")

    async def change(self, resource: str, model: type[Row], pk: int, fields: Mapping[str, Any]) -> Row:
        """Fields of a row; none at all moves its `modified_date`."""
        path = self._client._path(f"{resource}/{pk}")
        reply = await self._client.call("PATCH", path, body=dict(fields))
        return self._client._parse(model, reply.data, f"PATCH {path}")

    # -- what is special -------------------------------------------------------------------------------------------

    async def actions(self, content_type: ContentType) -> AsyncIterator[list[IntegrationAction]]:
        """All actions of a type, page by page."""
        filters = {"channel_id": self._client.channel_id, "content_type_name": content_type}
        async for page in self.pages("integration_actions", IntegrationAction, **filters):
            yield [row for row in page if row.content_type.model == content_type]

    async def trees(self) -> list[CategoryTree]:
        """All category trees."""
        return await self.rows("category_trees", CategoryTree)

    async def update_channel(self, fields: Mapping[str, Any]) -> Channel:
        """Changes the channel itself."""
        path = f"channels/{self._client.channel_id}/"
        reply = await self._client.call("PATCH", path, body=dict(fields))
        return self._client._parse(Channel, reply.data, f"PATCH {path}")

    async def in_bulk(self, resource: str, body: Mapping[str, Any]) -> bool:
        """Creates and updates in one request, which may be repeated: everything in it is looked up by its name.

        Returns:
            False where this hub has no such route.
        """
        try:
            await self._client.call("POST", self._client._path(resource), body=dict(body))
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
