"""Lists and moves batches."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from clients.errors import ConfigError
from dto.batch_states import OPEN_REMOTELY
from dto.batches import BatchRequest
from dto.enums import BatchRequestStatus, ContentType
from tasks.batch import Batch
from tasks.omnitron.command import OmnitronQuery
from tasks.omnitron.journal.conditions import conditions_on_batches


class GetBatchRequests(OmnitronQuery[list[BatchRequest]]):
    """Reads the channel's batches in the given statuses, oldest first; by default those that wait for the channel.

    Attributes:
        params: the Celery version's conditions, in place of the other parameters: `status`, `content_type`,
            `remote_batch_id`.
    """

    key = "get_batch_requests"
    content_type = ContentType.batch_request
    statuses: Sequence[BatchRequestStatus] = OPEN_REMOTELY
    of_type: ContentType | None = None
    remote_batch_id: str | None = None
    params: Mapping[str, Any] | None = None

    async def send(self, _: None) -> list[BatchRequest]:
        if self.params is not None:
            conditions = {"statuses": OPEN_REMOTELY, **conditions_on_batches(self.key, self.params)}
            return await self.integration.client.batches.find(**conditions)
        return await self.integration.client.batches.find(
            self.statuses, content_type=self.of_type, remote_batch_id=self.remote_batch_id
        )


class BatchRequestUpdate(OmnitronQuery[Batch]):
    """Moves the batch to a status and names its new objects; reports failures first."""

    key = "batch_request_update"
    content_type = ContentType.batch_request
    status: BatchRequestStatus = BatchRequestStatus.commit

    async def send(self, _: None) -> Batch:
        await self.integration.report_failures(self.batch_request)
        moves: dict[BatchRequestStatus, Callable[[], Any]] = {
            BatchRequestStatus.commit: self.batch_request.commit,
            BatchRequestStatus.sent_to_remote: self.batch_request.sent_to_remote,
            BatchRequestStatus.ongoing: self.batch_request.ongoing,
            BatchRequestStatus.done: self.batch_request.done,
            BatchRequestStatus.fail: self.batch_request.fail,
        }
        if self.status not in moves:
            raise ConfigError(f"A batch cannot be moved to `{self.status}`. Known: {', '.join(moves)}.")
        await moves[self.status]()
        return self.batch_request
