"""The channel's current listing, for comparison with Omnitron."""

from typing import Annotated

from dto.base import Dto, EmptyAsNone, Money, Whole
from dto.enums import ListingState


class ListedProductDto(Dto):
    """A product on the channel, whether buyers can see it or not. `sku` identifies it there. A value that is None is not
    compared."""

    sku: str
    """The product's sku, or its value at `remote_id_attribute`."""
    remote_id: Annotated[str | None, EmptyAsNone]
    """The channel's id of the product."""
    state: ListingState = ListingState.live
    """Whether buyers can see it."""
    message: Annotated[str | None, EmptyAsNone] = None
    """The channel's own words about the state, such as the reason of a rejection."""
    title: Annotated[str | None, EmptyAsNone] = None
    """Leave it out if the channel cuts or rewrites titles: each would be a difference."""
    price: Money | None = None
    """The price at which it is sold, with tax (assumed: as Omnitron's `price`)."""
    currency: Annotated[str | None, EmptyAsNone] = None
    """Compared with Omnitron's `currency_type`, in any letter case."""
    stock: Whole | None = None
    """Pieces for sale."""


class ListedPriceDto(Dto):
    """The price at which the channel sells a product. `sku` identifies the product on the channel."""

    sku: str
    """The product's sku, or its value at `remote_id_attribute`."""
    remote_id: Annotated[str | None, EmptyAsNone]
    """The channel's id of the product."""
    price: Money
    """The price at which it is sold, with tax (assumed: as Omnitron's `price`)."""
    currency: Annotated[str | None, EmptyAsNone] = None
    """Compared with Omnitron's `currency_type`, in any letter case; not compared if it is None."""


class ListedStockDto(Dto):
    """The stock of a product on the channel. `sku` identifies the product on the channel."""

    sku: str
    """The product's sku, or its value at `remote_id_attribute`."""
    remote_id: Annotated[str | None, EmptyAsNone]
    """The channel's id of the product."""
    stock: int
    """Pieces for sale."""
