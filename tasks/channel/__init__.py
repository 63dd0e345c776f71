"""The one door of a connector: all that it needs is imported from here.

The bases of its commands are in the modules `products`, `prices`, `stocks`, `images`, `orders` and `setup`.
"""

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
from clients.log_in import Key, LogIn, Send, bearer
from clients.paths import segment
from clients.rates import Rate
from clients.runtime import Runtime
from clients.settings import checked_url
from clients.transport import Transport
from dto.batches import (
    BatchRequestResponseDto,
    ImageBatchRequestResponseDto,
    OrderBatchRequestResponseDto,
    ProductBatchRequestResponseDto,
)
from dto.enums import CancellationType, ContentType, FailedReasonType, OrderStatus, ResponseStatus
from dto.listing import ListedPriceDto, ListedStockDto
from dto.omnitron import Channel, ChannelConf, IntegrationAction, Product, ProductImage, ProductPrice, ProductStock
from dto.omnitron_orders import Order, OrderItem
from dto.orders import (
    AddressDto,
    CancellationRequestDto,
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
    "AttributeValueDto",
    "AuthError",
    "Batch",
    "BatchRequestResponseDto",
    "Call",
    "CancelOrderDto",
    "CancellationRequestDto",
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
    "FailedReasonType",
    "Fetched",
    "ImageBatchRequestResponseDto",
    "InProgress",
    "IntegrationAction",
    "ItemResult",
    "Key",
    "ListedPriceDto",
    "ListedStockDto",
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
    "Transport",
    "Unknown",
    "Unreadable",
    "Url",
    "bearer",
    "channel_key",
    "checked_url",
    "commands_of",
    "images",
    "orders",
    "prices",
    "products",
    "segment",
    "setting",
    "setup",
    "split_amount",
    "stocks",
]
