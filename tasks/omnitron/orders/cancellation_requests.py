"""Requests to cancel or refund an item, brought from the channel into Omnitron."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import field
from datetime import timedelta
from typing import Any

from clients.errors import MissingError, RefusedError
from dto.base import is_blank
from dto.enums import ContentType
from dto.omnitron import IntegrationAction
from dto.omnitron_orders import CancellationRequest, OrderItem
from dto.orders import CancellationRequestDto, CancellationStatus
from tasks.batch import Member
from tasks.concurrency import side_by_side
from tasks.create_once import create_once
from tasks.omnitron.command import OmnitronCommand
from tasks.omnitron.orders.arrivals import Arrival, ArrivalCommand, binding
from tasks.omnitron.orders.bound_items import (
    BoundItems,
    OrderItemAmbiguousError,
    OrderItemNotFoundError,
    order_named,
    orders_by_remote_id,
)
from tasks.omnitron.orders.cancellations import omnitron_reason
from tasks.omnitron.orders.channel_decisions import decided, is_noted, keep_in_step, name_of


class RequestIncompleteError(MissingError):
    """The request has no id on the channel."""

    code = "RequestIncomplete"


class GetMissingCancellationRequests(OmnitronCommand[Sequence[CancellationRequestDto], list[CancellationRequestDto]]):
    """Selects the channel's requests that are not bound in Omnitron, or whose order or decision is not noted there yet. Looks
    them up in bulk."""

    key = "get_missing_cancellation_requests"
    content_type = ContentType.cancellation_request

    async def send(self, requests: Sequence[CancellationRequestDto]) -> list[CancellationRequestDto]:
        bound = await _bound(self.integration, requests)
        return [request for request in requests if not is_noted(request, bound.get(request.remote_id, ()))]


async def _bound(integration: Any, requests: Sequence[CancellationRequestDto]) -> dict[str, list[IntegrationAction]]:
    """The channel's id → the actions of requests that are bound to it: several if the channel numbers them within orders."""
    bound: dict[str, list[IntegrationAction]] = {}
    for action in await integration.client.actions.find(
        content_type=ContentType.cancellation_request, remote_ids={request.remote_id for request in requests}
    ):
        bound.setdefault(action.remote_id or "", []).append(action)
    return bound


class CreateCancellationRequests(ArrivalCommand[CancellationRequestDto]):
    """Brings the channel's requests into Omnitron, where the merchant decides; each is created once. A request without its
    binding, because an earlier run died, is bound. A decision that the channel made by itself is written into Omnitron.

    Omnitron does not refuse a duplicate request. So an empty batch is committed before the first request is created: a
    second run at the same time meets its lock.
    """

    key = "create_cancellation_requests"
    content_type = ContentType.cancellation_request
    binds = True
    activity = "bringing in cancellation requests"

    def name(self, request: CancellationRequestDto) -> str:
        return f"request {name_of(request)}"

    def group(self, request: CancellationRequestDto) -> Hashable:
        # Two requests for one item must not be confused.
        return request.order_item

    async def prepare(self, requests: Sequence[CancellationRequestDto]) -> None:
        self._orders: dict[str, IntegrationAction]
        self._items: BoundItems
        self._bound: dict[str, list[IntegrationAction]]
        self._orders, self._items, self._bound = await side_by_side(
            orders_by_remote_id(self.integration, {request.order_remote_id or "" for request in requests} - {""}),
            BoundItems.read(self.integration, [request.order_item for request in requests]),
            _bound(self.integration, requests),
        )
        self._requests = requests
        self._is_locked = False
        self._taken: set[int] = set()

    async def take_in(self, request: CancellationRequestDto, arrival: Arrival) -> list[Member]:
        if is_blank(request.remote_id):
            raise RequestIncompleteError(
                f"The request about item {request.order_item} has no id on the channel, so it could not be bound, and would "
                "be created on every run. Give it one in the connector."
            )
        item = await self._item(request)
        known = await self._known(request, item)
        if known is None:
            fields = {
                "order_item": item.pk,
                "reason": omnitron_reason(self.integration.channel.conf, request.reason),
                "remote_id": request.remote_id,
                "description": request.description,
                "cancellation_type": request.cancellation_type,
            }
            if not self._is_locked:
                await self._take_lock()
                self._bound = await _bound(self.integration, self._requests)
                self._is_locked = True
                known = await self._known(request, item)
            if known is None:
                row = await self._unbound(item.pk, request)
                arrival.outcome = "repaired" if row is not None else "created"
                row = row or await self._create(item.pk, request, fields)
                self._taken.add(row.pk)
                row = await decided(self.integration, request, row)
                return [binding(ContentType.cancellation_request, _at_known_version(row, request), request.remote_id)]
        arrival.outcome = await keep_in_step(self.integration, request, known)
        return []

    async def _item(self, request: CancellationRequestDto) -> OrderItem:
        """Omnitron's one item for the channel's; within its order, where the channel names that.

        Raises:
            OrderItemNotFoundError: it is not there.
            OrderItemAmbiguousError: it is several.
        """
        if request.order is None:
            items = await self._items.without_order(request.order_item)
        else:
            order = await order_named(self.integration, self._orders, request.order_remote_id, request.order_number)
            items = [] if order is None else (await self._items.of_order(order)).get(request.order_item, [])
        if not items:
            of_order = f" in order {request.order}" if request.order else ""
            raise OrderItemNotFoundError(
                f"Omnitron has no item that is bound to the channel's {request.order_item}{of_order}. The request is taken in "
                "when its order is there."
            )
        if len(items) > 1:
            raise OrderItemAmbiguousError(
                f"The channel's item {request.order_item} is {len(items)} items in Omnitron "
                f"({', '.join(str(item.pk) for item in items)}), and the request does not say which one. Cancel or refund it "
                "in Omnitron by hand."
            )
        return items[0]

    async def _known(self, request: CancellationRequestDto, item: OrderItem) -> IntegrationAction | None:
        """The action of this request, if it is bound; another order's request may have the same id."""
        actions = self._bound.get(request.remote_id, [])
        if request.order is None or not actions:
            return next(iter(actions), None)
        rows = await self.integration.client.cancellation_requests.of_item(item.pk)
        keys = {row.pk for row in rows}
        return next((action for action in actions if action.object_id in keys), None)

    async def _take_lock(self) -> None:
        try:
            await self.integration.commit()
        except RefusedError as error:
            # An empty commit is an assumption. Without it, only Prefect's concurrency limit keeps two runs apart.
            self.log.info(
                "Omnitron refuses an empty commit (%s): the first request is created without a lock.", error.message
            )

    async def _create(
        self, item: int, request: CancellationRequestDto, fields: Mapping[str, Any]
    ) -> CancellationRequest:
        client = self.integration.client
        return await create_once(
            lambda: client.cancellation_requests.create(fields),
            lambda: self._unbound(item, request),
            self.integration.runtime.clock,
        )

    async def _unbound(self, order_item: int, request: CancellationRequestDto) -> CancellationRequest | None:
        """The oldest unbound request for this item of the same type."""
        client = self.integration.client
        rows = [
            row
            for row in await client.cancellation_requests.of_item(order_item)
            if row.cancellation_type == request.cancellation_type and row.pk not in self._taken
        ]
        if not rows:
            return None
        actions = await client.actions.look_up(ContentType.cancellation_request, [row.pk for row in rows])
        bound = {action.object_id for action in actions if action.remote_id}
        return min((row for row in rows if row.pk not in bound), key=lambda row: row.pk, default=None)


def _at_known_version(row: CancellationRequest, request: CancellationRequestDto) -> CancellationRequest:
    """The request at the version that the channel knows. If the merchant decided before it was bound, an older version is
    bound, so that the decision is still due."""
    if row.status in (CancellationStatus.waiting_approval, request.decision) or row.modified_date is None:
        return row
    return row.model_copy(update={"modified_date": row.modified_date - timedelta(seconds=1)})


class GetCancellationRequests(OmnitronCommand[Mapping[str, Any] | None, list[CancellationRequest]]):
    """Reads requests by conditions such as `{"status": "approved", "cancellation_type": "refund"}`, without a commit."""

    key = "get_cancellation_requests"
    content_type = ContentType.cancellation_request
    objects: Mapping[str, Any] | None = field(default=None, kw_only=False)

    async def send(self, conditions: Mapping[str, Any] | None) -> list[CancellationRequest]:
        conditions = dict(conditions or {})
        rows: list[CancellationRequest] = await self.integration.client.cancellation_requests.find(conditions)
        return [
            row
            for row in rows
            if all(str(getattr(row, name, value)) == str(value) for name, value in conditions.items())
        ]
