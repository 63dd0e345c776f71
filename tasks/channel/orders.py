"""What a connector answers about orders, cancellations and refund requests. It subclasses what its channel can do and lists
it in its `actions`.

What is fetched is read back over a window on every run; what Omnitron has already is dropped there, not here.
"""

from datetime import datetime

from dto.enums import ContentType
from dto.omnitron_orders import Order
from dto.orders import (
    CancellationRequestDto,
    CancelOrderDto,
    ChannelCancellationRequestDto,
    ChannelCreateOrderDto,
    ChannelUpdateOrderItemDto,
)
from tasks.channel.command import CheckCommand, FetchCommand, SendCommand


class GetOrders(FetchCommand[None, ChannelCreateOrderDto]):
    """Orders that were placed or changed on the channel since a moment."""

    key = "get_orders"
    content_type = ContentType.order
    item = ChannelCreateOrderDto
    since: datetime


class SendUpdatedOrders(SendCommand[list[Order]]):
    """Orders that changed in Omnitron: `order.remote_id` is the channel's id, `order.orderitem_set` its items where the
    flow was asked for them. Answers `OrderBatchRequestResponseDto` for each."""

    key = "send_updated_orders"
    content_type = ContentType.order


class CheckOrders(CheckCommand):
    """Results of orders that were sent."""

    key = "check_orders"
    content_type = ContentType.order


class GetCancelledOrders(FetchCommand[None, CancelOrderDto]):
    """Cancellations that happened on the channel since a moment."""

    key = "get_cancelled_orders"
    content_type = ContentType.order
    item = CancelOrderDto
    since: datetime


class GetUpdatedOrderItems(FetchCommand[None, ChannelUpdateOrderItemDto]):
    """Order items that changed on the channel since a moment."""

    key = "get_updated_order_items"
    content_type = ContentType.order_item
    item = ChannelUpdateOrderItemDto
    since: datetime


class GetCancellationRequests(FetchCommand[None, CancellationRequestDto]):
    """Requests to cancel or refund an item that were raised on the channel since a moment."""

    key = "get_cancellation_requests"
    content_type = ContentType.cancellation_request
    item = CancellationRequestDto
    since: datetime


class UpdateCancellationRequest(SendCommand[list[ChannelCancellationRequestDto]]):
    """What the merchant decided about requests, for the channel. Answers `BatchRequestResponseDto` for each, by its
    `remote_id`. Telling a decision twice must do no harm."""

    key = "update_cancellation_request"
    content_type = ContentType.cancellation_request
