"""The channel's current listing, for comparison with Omnitron."""

from typing import Annotated

from dto.base import Dto, EmptyAsNone, Money, Whole
from dto.enums import ListingState


class ListedProductDto(Dto):
    """A product on the channel, whether buyers can see it or not. `sku` identifies it there. A value that is None is not
    compared."""

    sku: str
    remote_id: Annotated[str | None, EmptyAsNone]
    state: ListingState = ListingState.live
    message: Annotated[str | None, EmptyAsNone] = None
    """The channel's own words about the state, such as the reason of a rejection."""
    title: Annotated[str | None, EmptyAsNone] = None
    """Leave it out if the channel cuts or rewrites titles: each would be a difference."""
    price: Money | None = None
    currency: Annotated[str | None, EmptyAsNone] = None
    stock: Whole | None = None


class ListedPriceDto(Dto):
    """The price at which the channel sells a product. `sku` identifies the product on the channel."""

    sku: str
    remote_id: Annotated[str | None, EmptyAsNone]
    price: Money
    currency: Annotated[str | None, EmptyAsNone] = None


class ListedStockDto(Dto):
    """The stock of a product on the channel. `sku` identifies the product on the channel."""

    sku: str
    remote_id: Annotated[str | None, EmptyAsNone]
    stock: int
