"""The merchant's decisions about requests to cancel or refund an item, on their way to the channel."""

from clients.errors import ItemError, MissingError
from clients.omnitron.due import DueRows
from dto.enums import ContentType
from dto.omnitron_orders import CancellationRequest
from dto.orders import ChannelCancellationRequestDto
from tasks.concurrency import side_by_side
from tasks.omnitron.enrichment import Enrichment
from tasks.omnitron.journal.due import GetDue
from tasks.omnitron.journal.settling import ProcessBatchRequests


class NotBoundError(MissingError):
    """An object that the channel must hear about has no id there."""

    code = "NotBound"


class GetCancellationRequestsUpdate(GetDue[None, CancellationRequest]):
    """Reads requests with decisions that the channel does not know yet. Run alone, it attaches each in the channel's
    terms."""

    key = "get_cancellation_requests_update"
    content_type = ContentType.cancellation_request
    which = "updates"
    objects: None = None

    async def get_data(self) -> DueRows[CancellationRequest]:
        return await self.integration.client.cancellation_requests.due(self.limit, self.skip)

    async def identify(self, rows: list[CancellationRequest]) -> list[CancellationRequest]:
        return await self.integration.do_action(TranslateCancellationRequests, objects=rows)


class TranslateCancellationRequests(Enrichment[CancellationRequest]):
    """Attaches to each decided request its form in the channel's terms, as `request.for_channel`. A request without an id
    on the channel fails: `NotBound`."""

    key = "translate_cancellation_requests"
    content_type = ContentType.cancellation_request
    attaches = ("for_channel",)

    async def send(self, requests: list[CancellationRequest]) -> list[CancellationRequest]:
        find = self.integration.client.actions.find
        own, items = await side_by_side(
            find(content_type=ContentType.cancellation_request, object_ids=[request.pk for request in requests]),
            find(
                content_type=ContentType.order_item,
                object_ids=[request.order_item for request in requests if request.order_item is not None],
            ),
        )
        self._remote_ids = {action.object_id: action.remote_id for action in own}
        self._items = {action.object_id: action.remote_id for action in items}
        translated = []
        for request in requests:
            try:
                dto = self.in_channel_terms(request)
            except ItemError as error:
                self.fail(request, error.reason, error.message, error.code)
                continue
            member = self.batch_request.members[(ContentType.cancellation_request, request.pk)]
            member.remote_id = member.key = dto.remote_id
            translated.append(request.model_copy(update={"for_channel": dto}))
        return translated

    def in_channel_terms(self, request: CancellationRequest) -> ChannelCancellationRequestDto:
        """The request with the channel's ids and reason.

        Raises:
            NotBoundError: the request or its item has no id on the channel.
        """
        remote_id, item = self._remote_ids.get(request.pk), self._items.get(request.order_item or 0)
        if not remote_id or not item:
            what = "the request" if not remote_id else f"its item {request.order_item}"
            raise NotBoundError(f"Request {request.pk} cannot be sent to the channel: {what} has no id there.")
        # The decision counts, not the reason's name: a reason without a counterpart stays empty.
        mapping = self.integration.channel.conf.reason_mapping
        reason = next((name for name, pk in mapping.items() if pk == request.reason), "")
        return ChannelCancellationRequestDto(
            cancellation_type=request.cancellation_type,
            status=request.status,
            order_item=item,
            reason=reason,
            description=request.description,
            remote_id=remote_id,
        )


class ProcessCancellationRequests(ProcessBatchRequests):
    """Ends a batch of decided requests with the channel's results."""

    key = "process_cancellation_requests"
    content_type = ContentType.cancellation_request
