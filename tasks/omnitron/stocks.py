"""Stocks that are due, of the catalog's own list and of the extra ones."""

from dto.enums import ContentType
from dto.omnitron import ProductPrice, ProductStock
from tasks.omnitron.offers import (
    AttachCounterpart,
    GetInsertedOffers,
    GetUpdatedOffers,
    OfExtraList,
    own_list,
)


class GetInsertedStocks(GetInsertedOffers[ProductStock]):
    """Stocks that the channel never had, each with its product's name there; a product that is not there:
    `ProductNotSent`."""

    key = "get_inserted_stocks"
    content_type = ContentType.product_stock


class GetUpdatedStocks(GetUpdatedOffers[ProductStock]):
    """Stocks that the channel has in an older version, each with its product's name there."""

    key = "get_updated_stocks"
    content_type = ContentType.product_stock


class GetInsertedStocksFromExtraStockList(OfExtraList[ProductStock], GetInsertedStocks):
    """The new ones of one extra stock list, whose key is the input, with its code as `stock.code`."""

    key = "get_inserted_stocks_from_extra_stock_list"
    codes = "WAREHOUSE_CODES"


class GetUpdatedStocksFromExtraStockList(OfExtraList[ProductStock], GetUpdatedStocks):
    """The changed ones of one extra stock list, whose key is the input, with its code as `stock.code`."""

    key = "get_updated_stocks_from_extra_stock_list"
    codes = "WAREHOUSE_CODES"


class GetPricesFromProductStocks(AttachCounterpart[ProductStock]):
    """Attaches to each stock its product's price, as `stock.productprice`; none: `PriceNotFound`."""

    key = "get_prices_from_product_stocks"
    content_type = ContentType.product_stock
    attribute = "productprice"
    missing = "PriceNotFound"
    list_name = "price_list"
    price_list: int | None = None

    async def rows(self, products: list[int]) -> list[ProductPrice]:
        own = own_list(self.integration.catalog, "price_list")
        number = self.price_list or own
        return await self.integration.client.prices_of(products, number, extra=number != own)  # type: ignore[no-any-return]
