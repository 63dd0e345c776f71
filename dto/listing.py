"""What the channel lists at this moment, to be compared with what Omnitron says."""

from typing import Annotated

from dto.base import Dto, EmptyAsNone, Money


class ListedPriceDto(Dto):
    """The price at which the channel sells a product. `sku` holds whatever identifies a product on the channel."""

    sku: str
    remote_id: Annotated[str | None, EmptyAsNone]
    price: Money
    currency: Annotated[str | None, EmptyAsNone] = None


class ListedStockDto(Dto):
    """How many pieces of a product the channel has. `sku` holds whatever identifies a product on the channel."""

    sku: str
    remote_id: Annotated[str | None, EmptyAsNone]
    stock: int
