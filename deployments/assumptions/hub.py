"""A hub on trial: raw requests to it, and batches that are always ended."""

import asyncio
import math
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Any

from clients.errors import ChannelAppError, ContractError, RefusedError
from clients.omnitron import OmnitronClient
from clients.omnitron.lists import PAGE
from dto.batches import BatchRequest, BatchRequestObjectsDto
from dto.enums import BatchRequestStatus as Status
from dto.enums import ContentType

QUIET_TYPE = ContentType.product_image
"""Trial batches have this type: few flows use it, so they rarely disturb a run."""


class CannotTryError(ChannelAppError):
    """A line cannot be tried here and now; the message gives the reason."""


class TriedHub:
    """Creates batches on a hub, and ends every one of them."""

    def __init__(self, client: OmnitronClient) -> None:
        self.client = client
        self.left_open: list[str] = []
        """Batches that could not be ended, each with the reason."""

    def path(self, resource: str) -> str:
        """The path of one of the channel's resources."""
        return f"channel/{self.client.channel_id}/{resource}/"

    async def get(self, resource: str, **params: Any) -> Any:
        """The unparsed answer to a GET."""
        return (await self.client.connection.call("GET", self.path(resource), params=params)).data

    async def rows(self, resource: str, **params: Any) -> list[Any]:
        """The unparsed rows of a list's first page."""
        return rows_of(await self.get(resource, **params), resource)

    async def last_rows(self, resource: str, **params: Any) -> list[Any]:
        """The unparsed rows of a list's last page, by age: the newest rows."""
        query = {"limit": PAGE, "sort": "id", **params}
        data = await self.get(resource, **query)
        rows = rows_of(data, resource)
        if rows and isinstance(data, dict) and data.get("next"):
            rows = await self.rows(resource, **query, page=math.ceil(int(data["count"]) / len(rows)))
        return rows

    async def batch_fields(self, pk: int) -> dict[str, Any]:
        """Every field of a batch, as the hub shows it."""
        data = await self.get(f"batch_requests/{pk}")
        if not isinstance(data, dict):
            raise ContractError(
                f"Omnitron answered GET batch_requests/{pk}/ with {type(data).__name__}, not an object."
            )
        return data

    async def move(self, pk: int, status: Status, **fields: Any) -> Any:
        """Moves a batch; returns the unparsed answer."""
        body = {"channel": self.client.channel_id, "status": status, **fields}
        return (await self.client.connection.call("PATCH", self.path(f"batch_requests/{pk}"), body=body)).data

    @asynccontextmanager
    async def batch(self) -> AsyncIterator[BatchRequest]:
        """A new batch, which is failed at the end of the block unless it has ended."""
        batch = await self.client.batches.create()
        try:
            yield batch
        finally:
            await self._end(batch)

    @asynccontextmanager
    async def committed(
        self, content_type: ContentType = QUIET_TYPE, objects: Sequence[BatchRequestObjectsDto] = ()
    ) -> AsyncIterator[BatchRequest]:
        """A new batch in commit.

        Raises:
            CannotTryError: a run holds the content type.
        """
        async with self.batch() as batch:
            await self.commit(batch, content_type, objects)
            yield batch

    async def commit(
        self,
        batch: BatchRequest,
        content_type: ContentType = QUIET_TYPE,
        objects: Sequence[BatchRequestObjectsDto] = (),
    ) -> Any:
        """Commits a batch; returns the unparsed answer.

        Raises:
            CannotTryError: a run holds the content type.
        """
        entries = [entry.model_dump(mode="json") for entry in objects]
        try:
            return await self.move(batch.pk, Status.commit, content_type=content_type, objects=entries)
        except RefusedError as refused:
            if refused.status != HTTPStatus.NOT_ACCEPTABLE:
                raise
            holders = await self.client.batches.find([Status.commit], content_type=content_type)
            if not holders:
                raise
            names = ", ".join(row.local_batch_id for row in holders)
            raise CannotTryError(
                f"batch {names} of {content_type} is in commit: its run is at work or has died. Try again later "
                "(`channel-app recover` ends the batch of a dead run)"
            ) from refused

    async def _end(self, batch: BatchRequest) -> None:
        try:
            await self._fail(batch)
        except asyncio.CancelledError:
            # Cancelled during this very request: try once more before giving way.
            await self._fail(batch)
            raise

    async def _fail(self, batch: BatchRequest) -> None:
        try:
            await self.client.batches.move(batch.pk, Status.fail)
        except ChannelAppError as error:
            if not await self._has_ended(batch):
                self.left_open.append(f"{batch.local_batch_id}: {error.message}")

    async def _has_ended(self, batch: BatchRequest) -> bool:
        try:
            return (await self.client.batches.get(batch.pk)).status in (Status.done, Status.fail)
        except ChannelAppError:
            return False


def rows_of(data: Any, resource: str) -> list[Any]:
    """The rows of a list's page.

    Raises:
        ContractError: it is not a list.
    """
    rows = data.get("results") if isinstance(data, dict) else data
    if not isinstance(rows, list):
        raise ContractError(f"Omnitron answered GET {resource} without a list: `results` is missing.")
    return rows
