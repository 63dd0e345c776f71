"""The merchant's decisions about requests to cancel or refund an item, on their way to the channel."""

from collections.abc import Sequence
from http import HTTPStatus

from clients.errors import ItemError, MissingError, RefusedError
from clients.omnitron.due import DueRows
from dto.enums import ContentType
from dto.omnitron_orders import CancellationRequest, Order
from dto.orders import ChannelCancellationRequestDto
from tasks.concurrency import for_each, side_by_side
from tasks.omnitron.enrichment import Enrichment
from tasks.omnitron.journal.due import GetDue
from tasks.omnitron.journal.settling import ProcessBatchRequests
from tasks.omnitron.orders.channel_decisions import is_the_channels_own


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
    on the channel fails: `NotBound`. One that the channel decided by itself is not told to it."""

    key = "translate_cancellation_requests"
    content_type = ContentType.cancellation_request
    attaches = ("for_channel",)

    async def send(self, requests: list[CancellationRequest]) -> list[CancellationRequest]:
        find = self.integration.client.actions.find
        item_keys = sorted({request.order_item for request in requests if request.order_item is not None})
        self._orders: dict[int, Order]
        own, items, self._orders = await side_by_side(
            find(content_type=ContentType.cancellation_request, object_ids=[request.pk for request in requests]),
            find(content_type=ContentType.order_item, object_ids=item_keys),
            self._orders_of(item_keys),
        )
        actions = {action.object_id: action for action in own}
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
            member.orders = frozenset(filter(None, (dto.order_remote_id, dto.order_number)))
            if is_the_channels_own(request.status, actions.get(request.pk)):
                member.settled = True
                continue
            translated.append(request.model_copy(update={"for_channel": dto}))
        return translated

    async def _orders_of(self, items: Sequence[int]) -> dict[int, Order]:
        """The order of each item, as far as Omnitron still has both."""
        client = self.integration.client
        of_item: dict[int, int] = {}

        async def read(pk: int) -> None:
            try:
                item = await client.order_items.get(pk)
            except RefusedError as error:
                if error.status != HTTPStatus.NOT_FOUND:
                    raise
                return
            if item.order is not None:
                of_item[pk] = item.order

        await for_each(items, read)
        orders = {order.pk: order for order in await client.orders.get_many(of_item.values())}
        return {item: orders[order] for item, order in of_item.items() if order in orders}

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
        order = self._orders.get(request.order_item or 0)
        return ChannelCancellationRequestDto(
            cancellation_type=request.cancellation_type,
            status=request.status,
            order_item=item,
            reason=reason,
            description=request.description,
            remote_id=remote_id,
            order_remote_id=order.remote_id if order else None,
            order_number=order.number if order else None,
        )


class ProcessCancellationRequests(ProcessBatchRequests):
    """Ends a batch of decided requests with the channel's results."""

    key = "process_cancellation_requests"
    content_type = ContentType.cancellation_request
