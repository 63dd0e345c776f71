"""A connector's commands for orders, cancellations and refund requests. It subclasses those that its channel supports and
lists them in its `actions`.

Every run fetches the whole window; Omnitron's side drops the items that it has already.
"""

from typing import Any

from dto.enums import ContentType
from dto.omnitron_orders import Order
from dto.orders import (
    CancellationRequestDto,
    CancelOrderDto,
    ChannelCancellationRequestDto,
    ChannelCreateOrderDto,
    ChannelUpdateOrderItemDto,
)
from dto.outcomes import Completed
from tasks.channel.checking import CheckCommand
from tasks.channel.command import AnsweredCommand, Connector
from tasks.channel.fetching import FetchSince
from tasks.channel.sending import SendCommand


class GetOrders(FetchSince[ChannelCreateOrderDto, Connector]):
    """Reads orders that were placed or changed on the channel since a moment."""

    key = "get_orders"
    content_type = ContentType.order
    item = ChannelCreateOrderDto


class AcknowledgeOrders(AnsweredCommand[list[ChannelCreateOrderDto], Completed, Connector]):
    """Tells the channel that orders have arrived: those that `get_orders` lists with `is_acknowledged=False`, once they are in
    Omnitron and bound. It is told again in each run until the channel lists them otherwise, so it must be idempotent. Answers
    `Completed` with a result for each order that the channel refused, or for all."""

    key = "acknowledge_orders"
    content_type = ContentType.order

    def outcome(self, answer: Any) -> Completed:
        if isinstance(answer, Completed):
            self.checked(answer.results, answer.reports)
            return answer
        results, lines = self.parts(answer)
        return Completed(results, lines)


class SendUpdatedOrders(SendCommand[list[Order], Connector]):
    """Sends orders that changed in Omnitron: `order.remote_id` is the channel's id, `order.orderitem_set` its items if
    the flow attaches them. Answers a result for each, by the order's number."""

    key = "send_updated_orders"
    content_type = ContentType.order


class CheckOrders(CheckCommand[Connector]):
    """Asks for the results of orders that were sent."""

    key = "check_orders"
    content_type = ContentType.order


class GetCancelledOrders(FetchSince[CancelOrderDto, Connector]):
    """Reads cancellations that happened on the channel since a moment."""

    key = "get_cancelled_orders"
    content_type = ContentType.order
    item = CancelOrderDto


class GetUpdatedOrderItems(FetchSince[ChannelUpdateOrderItemDto, Connector]):
    """Reads order items that changed on the channel since a moment."""

    key = "get_updated_order_items"
    content_type = ContentType.order_item
    item = ChannelUpdateOrderItemDto


class GetCancellationRequests(FetchSince[CancellationRequestDto, Connector]):
    """Reads requests to cancel or refund an item that were made on the channel since a moment."""

    key = "get_cancellation_requests"
    content_type = ContentType.cancellation_request
    item = CancellationRequestDto


class UpdateCancellationRequest(SendCommand[list[ChannelCancellationRequestDto], Connector]):
    """Sends the merchant's decisions about requests. Answers a result for each, by the channel's id of the request.
    Must be idempotent."""

    key = "update_cancellation_request"
    content_type = ContentType.cancellation_request

    def get_data(self) -> list[ChannelCancellationRequestDto]:
        """The requests in the channel's terms."""
        return [getattr(request, "for_channel", None) or request for request in self.objects]
