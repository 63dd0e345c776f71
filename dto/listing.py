"""The channel's current listing, for comparison with Omnitron."""

from typing import Annotated

from dto.base import Dto, EmptyAsNone, Money


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
