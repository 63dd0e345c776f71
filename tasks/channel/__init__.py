"""The one door of a connector: all that it needs is imported from here.

The bases of its commands are in the modules `products`, `prices`, `stocks`, `images`, `orders` and `setup`; the ways in which
channels sign their events in `webhooks`.
"""

from clients import webhooks
from clients.answers import Reply
from clients.calls import Call
from clients.errors import (
    AuthError,
    ChannelAppError,
    ChannelUnavailableError,
    ConfigError,
    ContractError,
    MissingError,
    RateLimitedError,
    RefusedError,
    RejectedError,
)
from clients.file_rows import csv_rows, json_lines
from clients.kept_key import KeptKey
from clients.log_in import Key, LogIn, Send, bearer
from clients.paths import segment
from clients.rates import Rate
from clients.runtime import Runtime
from clients.settings import checked_url
from clients.state import State
from clients.transport import Transport
from dto.batches import (
    BatchRequestResponseDto,
    ImageBatchRequestResponseDto,
    OrderBatchRequestResponseDto,
    ProductBatchRequestResponseDto,
)
from dto.enums import CancellationType, ContentType, FailedReasonType, ListingState, OrderStatus, ResponseStatus
from dto.events import ChannelEvent, EventType
from dto.listing import ListedPriceDto, ListedProductDto, ListedStockDto
from dto.omnitron import (
    AttributeIds,
    Channel,
    ChannelConf,
    IntegrationAction,
    Product,
    ProductImage,
    ProductPrice,
    ProductStock,
)
from dto.omnitron_orders import Order, OrderItem
from dto.orders import (
    AddressDto,
    CancellationRequestDto,
    CancellationStatus,
    CancelOrderDto,
    ChannelCancellationRequestDto,
    ChannelCreateOrderDto,
    ChannelOrderDto,
    ChannelUpdateOrderItemDto,
    CustomerDto,
    OrderItemDto,
)
from dto.outcomes import (
    Accepted,
    CheckOutcome,
    Completed,
    Fetched,
    InProgress,
    ItemResult,
    SendOutcome,
    Unknown,
    Unreadable,
)
from dto.setup import (
    AttributeDto,
    AttributeValueDto,
    CategoryAttributeDto,
    CategoryAttributeValueDto,
    CategoryDto,
    CategoryNodeDto,
    CategoryTreeDto,
    ChannelConfSchemaField,
)
from tasks.batch import Batch
from tasks.channel import images, orders, prices, products, setup, stocks
from tasks.channel.amounts import split_amount
from tasks.channel.command import AnsweredCommand, ChannelCommand
from tasks.channel.conf import Url, setting
from tasks.channel.integration import ChannelIntegration
from tasks.channel_key import channel_key
from tasks.integration import Actions, commands_of

__all__ = [
    "Accepted",
    "Actions",
    "AddressDto",
    "AnsweredCommand",
    "AttributeDto",
    "AttributeIds",
    "AttributeValueDto",
    "AuthError",
    "Batch",
    "BatchRequestResponseDto",
    "Call",
    "CancelOrderDto",
    "CancellationRequestDto",
    "CancellationStatus",
    "CancellationType",
    "CategoryAttributeDto",
    "CategoryAttributeValueDto",
    "CategoryDto",
    "CategoryNodeDto",
    "CategoryTreeDto",
    "Channel",
    "ChannelAppError",
    "ChannelCancellationRequestDto",
    "ChannelCommand",
    "ChannelConf",
    "ChannelConfSchemaField",
    "ChannelCreateOrderDto",
    "ChannelEvent",
    "ChannelIntegration",
    "ChannelOrderDto",
    "ChannelUnavailableError",
    "ChannelUpdateOrderItemDto",
    "CheckOutcome",
    "Completed",
    "ConfigError",
    "ContentType",
    "ContractError",
    "CustomerDto",
    "EventType",
    "FailedReasonType",
    "Fetched",
    "ImageBatchRequestResponseDto",
    "InProgress",
    "IntegrationAction",
    "ItemResult",
    "KeptKey",
    "Key",
    "ListedPriceDto",
    "ListedProductDto",
    "ListedStockDto",
    "ListingState",
    "LogIn",
    "MissingError",
    "Order",
    "OrderBatchRequestResponseDto",
    "OrderItem",
    "OrderItemDto",
    "OrderStatus",
    "Product",
    "ProductBatchRequestResponseDto",
    "ProductImage",
    "ProductPrice",
    "ProductStock",
    "Rate",
    "RateLimitedError",
    "RefusedError",
    "RejectedError",
    "Reply",
    "ResponseStatus",
    "Runtime",
    "Send",
    "SendOutcome",
    "State",
    "Transport",
    "Unknown",
    "Unreadable",
    "Url",
    "bearer",
    "channel_key",
    "checked_url",
    "commands_of",
    "csv_rows",
    "images",
    "json_lines",
    "orders",
    "prices",
    "products",
    "segment",
    "setting",
    "setup",
    "split_amount",
    "stocks",
    "webhooks",
]
