"""The channel's current listing, for comparison with Omnitron."""

from typing import Annotated

from dto.base import Dto, EmptyAsNone, Money


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
