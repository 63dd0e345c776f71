"""The content types that flows move, in one table: their words, due lists, and the commands that settle their batches."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dto.enums import ContentType
from tasks.channel.checking import CheckCommand
from tasks.channel.images import CheckImages
from tasks.channel.orders import CheckOrders
from tasks.channel.prices import CheckPrices
from tasks.channel.products import CheckDeletedProducts, CheckProducts
from tasks.channel.stocks import CheckStocks
from tasks.omnitron.journal.settling import (
    ProcessDeleteProductBatchRequests,
    ProcessImageBatchRequests,
    ProcessPriceBatchRequests,
    ProcessProductBatchRequests,
    ProcessStockBatchRequests,
    SettleCommand,
)
from tasks.omnitron.orders.cancellation_updates import ProcessCancellationRequests
from tasks.omnitron.orders.order_updates import ProcessOrderBatchRequests


@dataclass(frozen=True, slots=True)
class Kind:
    """A content type as the flows treat it.

    Attributes:
        noun, plural: the words for one object and for several, in messages.
        settle: the command that ends a batch with the channel's results.
        check: the command that asks the channel about a batch; None if the channel must answer at once.
        due_lists: Omnitron's lists of due objects.
        named_by: the kind of name by which people know an object.
        success_label: the word for an object that was sent successfully.
    """

    noun: str
    plural: str
    settle: type[SettleCommand]
    check: type[CheckCommand[Any]] | None
    due_lists: tuple[str, ...] = ("inserts", "updates")
    named_by: str = "sku"
    success_label: str = "integrated"


KINDS: Mapping[ContentType, Kind] = {
    ContentType.product: Kind("product", "products", ProcessProductBatchRequests, CheckProducts),
    ContentType.product_price: Kind("price", "prices", ProcessPriceBatchRequests, CheckPrices),
    ContentType.product_stock: Kind("stock", "stocks", ProcessStockBatchRequests, CheckStocks),
    ContentType.product_image: Kind("image", "images", ProcessImageBatchRequests, CheckImages),
    ContentType.order: Kind(
        "order",
        "orders",
        ProcessOrderBatchRequests,
        CheckOrders,
        due_lists=("updates",),
        named_by="order",
        success_label="updated",
    ),
    ContentType.cancellation_request: Kind(
        "cancellation request",
        "cancellation requests",
        ProcessCancellationRequests,
        None,
        due_lists=("updates",),
        named_by="cancellation request",
        success_label="updated",
    ),
    ContentType.integration_action: Kind(
        "deletion",
        "deletions",
        ProcessDeleteProductBatchRequests,
        CheckDeletedProducts,
        due_lists=("deleted",),
        named_by="remote id",
        success_label="deleted",
    ),
}
"""In the order in which people think of them. Due orders and requests are those whose changes the channel does not know
yet; new ones come from the channel itself."""


def kind_of(content_type: ContentType | str | None) -> Kind | None:
    """The entry of a content type; None if no flow moves it."""
    return KINDS.get(ContentType(content_type)) if content_type else None


def noun_of(content_type: str) -> str:
    """The word for one object of a type; the type itself if no flow moves it."""
    return _NOUNS.get(content_type, content_type)


_NOUNS: Mapping[str, str] = {content_type: kind.noun for content_type, kind in KINDS.items()}
