"""Where Omnitron lists the objects of a content type, and which filters its lists know."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from dto.enums import ContentType


@dataclass(frozen=True, slots=True)
class Listing:
    """The lists of one content type."""

    resource: str
    """The list's name below the channel. Lists beside the catalog's own are called `extra_...`."""
    key_filter: str = "pk__in"
    """The filter that takes keys."""
    list_filter: str | None = None
    """The field and filter that name the price or stock list; None for other types."""
    due: tuple[str, ...] = ()
    """The lists of due objects below the resource."""
    due_filters: Mapping[str, Any] = field(default_factory=dict)
    """Filters that every list of due objects takes."""


LISTINGS: Mapping[ContentType, Listing] = {
    ContentType.product: Listing(
        "products", due=("inserts", "updates", "inserts_or_updates"), due_filters={"product_type": 0}
    ),
    ContentType.product_price: Listing("product_prices", list_filter="price_list", due=("inserts", "updates")),
    ContentType.product_stock: Listing("product_stocks", list_filter="stock_list", due=("inserts", "updates")),
    ContentType.product_image: Listing("product_images", key_filter="id__in", due=("inserts", "updates")),
    ContentType.order: Listing("orders", due=("updates",)),
    ContentType.cancellation_request: Listing("cancellation_requests", due=("updates",)),
    ContentType.integration_action: Listing(
        "integration_actions", due=("deleted",), due_filters={"model": ContentType.product}
    ),
}


def is_listed(content_type: ContentType, which: str) -> bool:
    """Whether Omnitron has this list of due objects."""
    return content_type in LISTINGS and which in LISTINGS[content_type].due
