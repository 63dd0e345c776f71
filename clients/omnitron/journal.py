"""Batches and integration actions."""

from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence
from http import HTTPStatus
from typing import Any

from clients.errors import RefusedError
from clients.omnitron.catalogue import PRODUCTS_PER_FILTER
from clients.omnitron.connection import OmnitronConnection
from clients.omnitron.due import DueList, DueRows
from clients.omnitron.listings import LISTINGS
from clients.omnitron.lists import EVERYTHING, PAGE, Resource
from clients.omnitron.rows import UnreadableRow, of_no_type
from dto.base import is_blank
from dto.batches import BatchRequest, BatchRequestObjectsDto
from dto.enums import BatchRequestStatus, ContentType, IntegrationActionStatus
from dto.omnitron import IntegrationAction


class Batches:
    """The channel's batch requests."""

    def __init__(self, connection: OmnitronConnection) -> None:
        self._connection = connection
        self._resource = Resource(connection, "batch_requests", BatchRequest)

    async def create(self) -> BatchRequest:
        """A new batch. When the answer is lost, another one is made.

        Looking for the first one would not help: Omnitron names batches itself, so one that another run has just made looks
        the same, and objects of two runs in one batch would be lost. The first one holds no object and no lock; `recover` ends
        it.
        """
        return await self._resource.create({"channel": self._connection.channel_id}, repeatable=True)

    async def get(self, pk: int) -> BatchRequest:
        """A batch as it stands."""
        return await self._resource.get(pk)

    def url(self, pk: int) -> str:
        """The address of a batch, for people."""
        return self._connection.url(self._resource.row_path(pk))

    async def move(
        self,
        pk: int,
        status: BatchRequestStatus,
        *,
        content_type: ContentType | None = None,
        remote_batch_id: str | None = None,
        objects: Sequence[BatchRequestObjectsDto] | None = None,
    ) -> None:
        """Moves a batch and reports the outcome of its objects.

        Raises:
            RefusedError: 406, the move is not allowed (any more).
        """
        body: dict[str, Any] = {"channel": self._connection.channel_id, "status": status}
        if content_type is not None:
            body["content_type"] = content_type
        if remote_batch_id is not None:
            body["remote_batch_id"] = remote_batch_id
        if objects is not None:
            body["objects"] = [entry.model_dump(mode="json") for entry in objects]
        elif status is BatchRequestStatus.fail:
            body["objects"] = None
        await self._connection.call("PATCH", self._resource.row_path(pk), body=body)

    async def find(
        self,
        statuses: Iterable[BatchRequestStatus],
        *,
        content_type: ContentType | None = None,
        remote_batch_id: str | None = None,
    ) -> list[BatchRequest]:
        """All batches of this channel in one of the statuses, oldest first."""
        statuses = list(statuses)
        if not statuses or remote_batch_id == "":  # an empty filter would match everything
            return []
        params = self._in_statuses(statuses)
        if content_type is not None:
            params["content_type"] = content_type
        if remote_batch_id is not None:
            params["remote_batch_id"] = remote_batch_id
        return [
            row
            for row in await self._resource.all(params)
            if row.status in statuses
            and self._is_ours(row)
            and content_type in (None, row.content_type)
            and remote_batch_id in (None, row.remote_batch_id)
        ]

    async def newest(self, wanted: int) -> list[BatchRequest]:
        """The newest batches of the channel, in any status."""
        rows, _ = await self._resource.last({"channel": self._connection.channel_id}, wanted)
        return [row for row in rows if self._is_ours(row)]

    async def oldest(self, statuses: Sequence[BatchRequestStatus], pages: int) -> tuple[list[BatchRequest], bool]:
        """The oldest batches in one of the statuses, and whether these are all."""
        first = await self._resource.first(self._in_statuses(statuses), pages)
        rows = [row for page in first for row in page.rows]
        return [row for row in rows if row.status in statuses and self._is_ours(row)], not first[-1].has_next

    def _in_statuses(self, statuses: Sequence[BatchRequestStatus]) -> dict[str, Any]:
        return {"channel": self._connection.channel_id, "status": [str(status) for status in statuses], "sort": "id"}

    def _is_ours(self, row: BatchRequest) -> bool:
        return row.channel in (None, self._connection.channel_id)


class Actions:
    """The channel's integration actions: one for each object that was ever sent, with its state there."""

    def __init__(self, connection: OmnitronConnection) -> None:
        self._connection = connection
        self._resource = Resource(connection, LISTINGS[ContentType.integration_action].resource, IntegrationAction)

    async def find(
        self,
        *,
        content_type: ContentType | None = None,
        object_ids: Iterable[int] | None = None,
        remote_ids: Iterable[str] | None = None,
        local_batch_id: str | None = None,
        status: IntegrationActionStatus | None = None,
    ) -> list[IntegrationAction]:
        """The channel's integration actions that meet all given conditions. A blank remote id is none."""
        if local_batch_id == "":  # an empty filter would match everything
            return []
        params: dict[str, Any] = {**self._conditions(content_type, status), "sort": "id"}
        if local_batch_id is not None:
            params["local_batch_id"] = local_batch_id
        objects = None if object_ids is None else set(object_ids)
        remotes = None if remote_ids is None else {remote for remote in remote_ids if not is_blank(remote)}
        if objects is not None:
            rows = await self._resource.with_keys("object_id__in", sorted(objects), PAGE, params)
        elif remotes is not None:
            rows = await self._named(remotes, params)
        else:
            rows = await self._resource.all(params)
        return [
            row
            for row in rows
            if self._is_ours(row)
            and (content_type is None or row.content_type.model == content_type)
            and (objects is None or row.object_id in objects)
            and (remotes is None or row.remote_id in remotes)
            and (local_batch_id is None or row.local_batch_id == local_batch_id)
            and (status is None or row.status == status)
        ]

    async def look_up(self, content_type: ContentType, object_ids: Collection[int]) -> list[IntegrationAction]:
        """The actions of a few objects, where one that is missed would be a wrong answer.

        Raises:
            UnreadableRowError: one of them does not fit the contract.
        """
        if not object_ids:  # an empty filter would match everything
            return []
        keys = ",".join(map(str, sorted(object_ids)))
        params = {**self._conditions(content_type, None), "object_id__in": keys, "sort": "id"}
        return [
            row
            for row in await self._resource.look_up(params)
            if self._is_ours(row) and row.content_type.model == content_type and row.object_id in object_ids
        ]

    async def held_by(self, local_batch_id: str) -> tuple[list[IntegrationAction], list[UnreadableRow]]:
        """The actions that a batch holds in `processing`, and those that cannot be read: a batch ends with all of them."""
        processing = IntegrationActionStatus.processing
        if not local_batch_id:  # an empty filter would match everything
            return [], []
        rows: list[IntegrationAction] = []
        unreadable: list[UnreadableRow] = []
        params = {**self._conditions(None, processing), "local_batch_id": local_batch_id, "sort": "id"}
        async for page in self._resource.counted_pages(params, wanted=10 * PAGE):
            held = [
                row
                for row in page.rows
                if self._is_ours(row) and row.local_batch_id == local_batch_id and row.status is processing
            ]
            odd = [
                of_no_type(self._resource.name, row) for row in held if row.content_type.model not in tuple(ContentType)
            ]
            self._connection.left_out.add(odd)
            rows += [row for row in held if row.content_type.model in tuple(ContentType)]
            unreadable += [*odd, *(row for row in page.unreadable if row.text("local_batch_id") == local_batch_id)]
        return rows, unreadable

    async def _named(self, remote_ids: set[str], params: Mapping[str, Any]) -> list[IntegrationAction]:
        plain = sorted(remote for remote in remote_ids if "," not in remote)
        rows = await self._resource.with_keys("remote_id__in", plain, PRODUCTS_PER_FILTER, params)
        for remote in sorted(remote for remote in remote_ids if "," in remote):
            rows += await self._resource.all({**params, "remote_id__exact": remote})
        return rows

    async def pages(self, content_type: ContentType) -> AsyncIterator[list[IntegrationAction]]:
        """All actions of a type, page by page."""
        params = {**self._conditions(content_type, None), "sort": "id"}
        async for page in self._resource.pages(params, wanted=EVERYTHING):
            yield [row for row in page if self._is_ours(row) and row.content_type.model == content_type]

    async def first_in_work(self, content_type: ContentType) -> tuple[list[IntegrationAction], bool]:
        """The first page of the actions that open batches hold, and whether these are all."""
        processing = IntegrationActionStatus.processing
        (page,) = await self._resource.first(self._conditions(content_type, processing), 1)
        held = [row for row in page.rows if self._is_ours(row) and row.content_type.model == content_type]
        return [row for row in held if row.status is processing], not page.has_next

    async def due(self, wanted: int, skip: Collection[int] = ()) -> DueRows[IntegrationAction]:
        """The first actions of products that no longer belong on the channel."""
        due_list = DueList(self._connection, ContentType.integration_action, "deleted", IntegrationAction)
        return await due_list.read(wanted, skip)

    async def create(self, fields: Mapping[str, Any]) -> IntegrationAction:
        """A new action. A second one for the same object is refused: look for the first by its object id."""
        return await self._resource.create(fields)

    async def update(self, pk: int, fields: Mapping[str, Any]) -> IntegrationAction:
        """Changes fields of an action."""
        return await self._resource.update(pk, fields)

    async def fail(self, pk: int) -> None:
        """Makes an error of an action that may not be readable: its object is offered again after the hub's interval."""
        await self._connection.call(
            "PATCH", self._resource.row_path(pk), body={"status": IntegrationActionStatus.error}
        )

    async def delete(self, pk: int) -> None:
        """Deletes an action; one that is gone already counts as deleted."""
        try:
            await self._connection.call("DELETE", self._resource.row_path(pk))
        except RefusedError as error:
            # A 404 that is not Omnitron's own JSON comes from something in front of it, and proves nothing.
            if error.status != HTTPStatus.NOT_FOUND or error.body is None:
                raise

    async def count(
        self, content_type: ContentType | None = None, status: IntegrationActionStatus | None = None
    ) -> int:
        """How many actions the channel has: of one type or of any, in one status or in any."""

        def is_asked(row: IntegrationAction) -> bool:
            return content_type in (None, row.content_type.model) and status in (None, row.status)

        return await self._resource.count(self._conditions(content_type, status), is_asked=is_asked)

    async def newest_failed(self, wanted: int) -> tuple[list[IntegrationAction], int]:
        """The newest actions in `error`, and how many there are in all."""
        rows, count = await self._resource.last(self._conditions(None, IntegrationActionStatus.error), wanted)
        return [row for row in rows if row.status is IntegrationActionStatus.error], count

    def _conditions(self, content_type: ContentType | None, status: IntegrationActionStatus | None) -> dict[str, Any]:
        conditions: dict[str, Any] = {"channel_id": self._connection.channel_id}
        if content_type is not None:
            conditions["content_type_name"] = content_type
        if status is not None:
            conditions["status"] = status
        return conditions

    def _is_ours(self, row: IntegrationAction) -> bool:
        return row.channel in (None, self._connection.channel_id)
