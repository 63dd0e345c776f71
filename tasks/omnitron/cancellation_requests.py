"""Requests to cancel or refund an item: from the channel into Omnitron, and the merchant's decision back."""

from collections.abc import Collection, Hashable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from clients.errors import ItemError, MissingError, RefusedError
from dto.enums import ContentType
from dto.omnitron_orders import CancellationRequest
from dto.orders import CancellationRequestDto, CancellationStatus, ChannelCancellationRequestDto
from tasks.batch import Member, version_of
from tasks.command import OmnitronCommand
from tasks.concurrency import side_by_side
from tasks.create_once import create_once
from tasks.omnitron.arrivals import Arrival, Arriving, binding
from tasks.omnitron.batch_requests import ProcessProductBatchRequests
from tasks.omnitron.cancellations import omnitron_reason
from tasks.omnitron.order_items import OrderItemNotFoundError, items_by_remote_id
from tasks.omnitron.products import unseen


class OrderItemAmbiguousError(ItemError):
    """One item of the channel's is several in Omnitron: which one the request means is unknown."""

    code = "OrderItemAmbiguous"


class NotBoundError(MissingError):
    """Something that the channel has to be told about has no id there."""

    code = "NotBound"


class GetMissingCancellationRequests(OmnitronCommand[Sequence[CancellationRequestDto], list[CancellationRequestDto]]):
    """Of the channel's requests, those that are not bound in Omnitron. Looked up in bulk."""

    key = "get_missing_cancellation_requests"
    content_type = ContentType.cancellation_request

    async def send(self, requests: Sequence[CancellationRequestDto]) -> list[CancellationRequestDto]:
        known = await _known(self.integration, requests)
        return [request for request in requests if request.remote_id not in known]


async def _known(integration: Any, requests: Sequence[CancellationRequestDto]) -> set[str]:
    """Those of the channel's ids that are bound."""
    actions = await integration.client.actions(
        content_type=ContentType.cancellation_request, remote_ids={request.remote_id for request in requests}
    )
    return {action.remote_id for action in actions}


class CreateCancellationRequests(Arriving[CancellationRequestDto]):
    """Brings the channel's requests into Omnitron, where the merchant decides; each is made once. One that is there
    without its binding, because an earlier run died, is bound.

    Omnitron refuses no request that it has already. So the batch is committed, still empty, before the first is made:
    another run at the same time meets the lock.
    """

    key = "create_cancellation_requests"
    content_type = ContentType.cancellation_request
    binds = True
    doing = "bringing in cancellation requests"

    def name(self, request: CancellationRequestDto) -> str:
        return f"request {request.remote_id}"

    def group(self, request: CancellationRequestDto) -> Hashable:
        # Two requests for one item must not be taken for one another.
        return request.order_item

    async def prepare(self, requests: Sequence[CancellationRequestDto]) -> None:
        self._items = await items_by_remote_id(self.integration, [request.order_item for request in requests])
        self._requests = requests
        self._known: set[str] | None = None
        self._taken: set[int] = set()

    async def take_in(self, request: CancellationRequestDto, arrival: Arrival) -> list[Member]:
        keys = self._items.get(request.order_item, [])
        if not keys:
            raise OrderItemNotFoundError(
                f"Omnitron has no item that is bound to the channel's {request.order_item}. When its order is there, the "
                "request is taken in."
            )
        if len(keys) > 1:
            raise OrderItemAmbiguousError(
                f"The channel's item {request.order_item} is {len(keys)} items in Omnitron ({', '.join(map(str, keys))}): "
                "which one the request means is unknown. Cancel or refund it in Omnitron by hand."
            )
        fields = {
            "order_item": keys[0],
            "reason": omnitron_reason(self.integration.channel.conf, request.reason),
            "remote_id": request.remote_id,
            "description": request.description,
            "cancellation_type": request.cancellation_type,
        }
        if self._known is None:
            await self._take_lock()
            self._known = await _known(self.integration, self._requests)
        if request.remote_id in self._known:
            arrival.ending = "known"
            return []
        row = await self._unbound(keys[0], request)
        arrival.ending = "repaired" if row is not None else "created"
        row = row or await self._create(keys[0], request, fields)
        self._taken.add(row.pk)
        return [binding(ContentType.cancellation_request, _as_told(row), request.remote_id)]

    async def _take_lock(self) -> None:
        try:
            await self.integration.commit()
        except RefusedError as error:
            # That a commit may be empty is assumed. Without it, Prefect's limit alone keeps two runs apart.
            self.log.info(
                "Omnitron takes no empty commit (%s): the first request is made without its lock.", error.message
            )

    async def _create(
        self, item: int, request: CancellationRequestDto, fields: Mapping[str, Any]
    ) -> CancellationRequest:
        client = self.integration.client
        return await create_once(
            lambda: client.create_cancellation_request(fields),
            lambda: self._unbound(item, request),
            self.integration.runtime.clock,
        )

    async def _unbound(self, order_item: int, request: CancellationRequestDto) -> CancellationRequest | None:
        """A request for this item and of this kind that is bound to none of the channel's."""
        client = self.integration.client
        rows = [
            row
            for row in await client.cancellation_requests({"order_item": order_item})
            if row.order_item == order_item
            and row.cancellation_type == request.cancellation_type
            and row.pk not in self._taken
        ]
        if not rows:
            return None
        actions = await client.actions(
            content_type=ContentType.cancellation_request, object_ids=[row.pk for row in rows]
        )
        bound = {action.object_id for action in actions if action.remote_id}
        return min((row for row in rows if row.pk not in bound), key=lambda row: row.pk, default=None)


def _as_told(row: CancellationRequest) -> CancellationRequest:
    """The request in the version that the channel knows. A decision that the merchant took before it was bound has still
    to be told there, so it is bound as it was before."""
    if row.status is CancellationStatus.waiting_approval or row.modified_date is None:
        return row
    return row.model_copy(update={"modified_date": row.modified_date - timedelta(seconds=1)})


class GetCancellationRequests(OmnitronCommand[Mapping[str, Any], list[CancellationRequest]]):
    """Requests by conditions such as `{"status": "approved", "cancellation_type": "refund"}`; read, not committed."""

    key = "get_cancellation_requests"
    content_type = ContentType.cancellation_request

    async def send(self, conditions: Mapping[str, Any] | None) -> list[CancellationRequest]:
        conditions = dict(conditions or {})
        rows: list[CancellationRequest] = await self.integration.client.cancellation_requests(conditions)
        return [
            row
            for row in rows
            if all(str(getattr(row, name, value)) == str(value) for name, value in conditions.items())
        ]


class GetCancellationRequestsUpdate(OmnitronCommand[None, list[CancellationRequest]]):
    """Requests that the merchant has decided since the channel was last told, committed to the run's batch; each with
    itself in the channel's words, as `request.for_channel`."""

    key = "get_cancellation_requests_update"
    content_type = ContentType.cancellation_request
    limit: int = 1_000
    skip: Collection[int] = ()

    async def get_data(self) -> list[CancellationRequest]:
        pages = self.integration.client.due_cancellation_requests(self.limit)
        return await unseen(pages, self.skip, self.limit)

    async def send(self, requests: list[CancellationRequest]) -> list[CancellationRequest]:
        if not requests or not self.integration.create_batch:
            return requests
        await self.integration.ready()
        for request in requests:
            reference = (ContentType.cancellation_request, request.pk)
            self.batch_request.hold(Member(*reference, version_of(request), owner=reference))
        await self.integration.commit()
        actions = self.integration.client.actions
        own, items = await side_by_side(
            actions(content_type=ContentType.cancellation_request, object_ids=[request.pk for request in requests]),
            actions(
                content_type=ContentType.order_item,
                object_ids=[request.order_item for request in requests if request.order_item is not None],
            ),
        )
        self._remote_ids = {action.object_id: action.remote_id for action in own}
        self._items = {action.object_id: action.remote_id for action in items}
        told = []
        for request in requests:
            try:
                dto = self.in_channels_words(request)
            except ItemError as error:
                self.fail(request, error.reason, error.message, error.code)
                continue
            member = self.batch_request.members[(ContentType.cancellation_request, request.pk)]
            member.remote_id = member.key = dto.remote_id
            told.append(request.model_copy(update={"for_channel": dto}))
        return told

    def in_channels_words(self, request: CancellationRequest) -> ChannelCancellationRequestDto:
        """The request with the channel's ids and reason.

        Raises:
            NotBoundError: the request or its item has no id on the channel.
        """
        remote_id, item = self._remote_ids.get(request.pk), self._items.get(request.order_item or 0)
        if not remote_id or not item:
            what = "the request" if not remote_id else f"its item {request.order_item}"
            raise NotBoundError(f"Request {request.pk} cannot be told to the channel: {what} has no id there.")
        # The merchant's decision counts, whatever the reason is called: one without a counterpart stays empty.
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


class ProcessCancellationRequests(ProcessProductBatchRequests):
    """Ends a batch of decided requests with the channel's results."""

    key = "process_cancellation_requests"
    content_type = ContentType.cancellation_request
