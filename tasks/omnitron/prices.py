"""Prices that are due, of the catalog's own list and of the extra ones."""

from dto.enums import ContentType
from dto.omnitron import ProductPrice, ProductStock
from tasks.omnitron.offers import (
    AttachCounterpart,
    GetInsertedOffers,
    GetUpdatedOffers,
    OfExtraList,
    own_list,
)


class GetInsertedPrices(GetInsertedOffers[ProductPrice]):
    """Prices that the channel never had, each with its product's name there; a product that is not there:
    `ProductNotSent`."""

    key = "get_inserted_prices"
    content_type = ContentType.product_price


class GetUpdatedPrices(GetUpdatedOffers[ProductPrice]):
    """Prices that the channel has in an older version, each with its product's name there."""

    key = "get_updated_prices"
    content_type = ContentType.product_price


class GetInsertedPricesFromExtraPriceList(OfExtraList[ProductPrice], GetInsertedPrices):
    """The new ones of one extra price list, whose key is the input, with its code as `price.code`."""

    key = "get_inserted_prices_from_extra_price_list"
    codes = "CURRENCY_MAPPINGS"


class GetUpdatedPricesFromExtraPriceList(OfExtraList[ProductPrice], GetUpdatedPrices):
    """The changed ones of one extra price list, whose key is the input, with its code as `price.code`."""

    key = "get_updated_prices_from_extra_price_list"
    codes = "CURRENCY_MAPPINGS"


class GetStocksFromProductPrices(AttachCounterpart[ProductPrice]):
    """Attaches to each price its product's stock, as `price.productstock`; none: `StockNotFound`."""

    key = "get_stocks_from_product_prices"
    content_type = ContentType.product_price
    attribute = "productstock"
    missing = "StockNotFound"
    list_name = "stock_list"
    stock_list: int | None = None

    async def rows(self, products: list[int]) -> list[ProductStock]:
        own = own_list(self.integration.catalog, "stock_list")
        number = self.stock_list or own
        return await self.integration.client.stocks_of(products, number, extra=number != own)  # type: ignore[no-any-return]
