"""The channel itself, its catalog, and the rows that describe it: category tree, attributes, their sets and values."""

from collections.abc import AsyncIterator, Mapping
from http import HTTPStatus
from typing import Any, Generic

from clients.errors import RefusedError
from clients.omnitron.connection import OmnitronConnection
from clients.omnitron.lists import EVERYTHING, Resource
from clients.omnitron.rows import Row
from dto.omnitron import Catalog, Channel


class OwnChannel:
    """The channel of the connection."""

    def __init__(self, connection: OmnitronConnection) -> None:
        self._connection = connection
        self._path = f"channels/{connection.channel_id}/"

    async def get(self) -> Channel:
        """The channel, with its conf. Values that stand there under the name of a credential are masked from now on."""
        channel = await self._connection.row(Channel, "GET", self._path)
        self._connection.redactor.learn_fields(channel.conf.model_dump())
        return channel

    async def update(self, fields: Mapping[str, Any]) -> Channel:
        """Changes fields of the channel."""
        return await self._connection.row(Channel, "PATCH", self._path, body=dict(fields))


class Catalogs:
    """The merchant's catalogs."""

    def __init__(self, connection: OmnitronConnection) -> None:
        self._connection = connection

    async def get(self, pk: int) -> Catalog:
        """One catalog."""
        return await self._connection.row(Catalog, "GET", f"catalogs/{pk}/")


class SetupRows(Generic[Row]):
    """The rows of one resource that describes the channel: `attributes`, `category_nodes`, ..."""

    def __init__(self, connection: OmnitronConnection, name: str, model: type[Row]) -> None:
        self._channel_id = connection.channel_id
        self._resource = Resource(connection, name, model)

    async def pages(self, **filters: Any) -> AsyncIterator[list[Row]]:
        """All rows that meet the filters, page by page; those of another channel are left out."""
        async for page in self._resource.pages({**filters, "sort": "id"}, wanted=EVERYTHING):
            yield self._ours(page)

    async def all(self, **filters: Any) -> list[Row]:
        """The same at once, for lists that fit into memory."""
        return [row async for page in self.pages(**filters) for row in page]

    async def find(self, **filters: Any) -> list[Row]:
        """The rows about one thing, which is created if there is no such row.

        Raises:
            UnreadableRowError: one of them does not fit the model.
        """
        return self._ours(await self._resource.look_up({**filters, "sort": "id"}))

    def _ours(self, rows: list[Row]) -> list[Row]:
        return [row for row in rows if getattr(row, "channel", None) in (None, self._channel_id)]

    async def get(self, pk: int, form: str = "") -> Row:
        """One row, in another `form` of the resource (`detailed`) if one is named."""
        return await self._resource.get(pk, form)

    async def create(self, fields: Mapping[str, Any]) -> Row:
        """A new row. It is not sent again when its answer is lost: look before you create again."""
        return await self._resource.create(fields)

    async def update(self, pk: int, fields: Mapping[str, Any]) -> Row:
        """Changes fields of a row; if none is given, only its `modified_date` moves."""
        return await self._resource.update(pk, fields)


class BulkRequests:
    """Requests that set up many rows at once, on hubs that have them."""

    def __init__(self, connection: OmnitronConnection) -> None:
        self._connection = connection

    async def create(self, resource: str, fields: Mapping[str, Any]) -> bool:
        """Makes missing rows and changes those that differ, in one request that may be repeated: Omnitron looks all of
        them up.

        Returns:
            False if this hub has no such route.
        """
        try:
            await self._connection.call("POST", self._connection.path(resource), body=dict(fields))
        except RefusedError as error:
            if error.status != HTTPStatus.NOT_FOUND:
                raise
            return False
        return True
