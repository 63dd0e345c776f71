"""Stocks that are due, of the catalog's own list and of the extra ones."""

from dto.enums import ContentType
from dto.omnitron import ProductPrice, ProductStock
from tasks.omnitron.catalogue.counterparts import AttachCounterpart
from tasks.omnitron.catalogue.offer_lists import own_list
from tasks.omnitron.catalogue.offers import GetInsertedOffers, GetOffersOfExtraList, GetUpdatedOffers


class GetInsertedStocks(GetInsertedOffers[ProductStock]):
    """Reads stocks that the channel never had, each with its product's name there. A stock whose product is not there
    waits; if the command runs alone, it fails: `ProductNotSent`."""

    key = "get_inserted_stocks"
    content_type = ContentType.product_stock


class GetUpdatedStocks(GetUpdatedOffers[ProductStock]):
    """Reads stocks that the channel has in an older version, each with its product's name there."""

    key = "get_updated_stocks"
    content_type = ContentType.product_stock


class GetInsertedStocksFromExtraStockList(GetOffersOfExtraList[ProductStock], GetInsertedStocks):
    """Reads the new stocks of one extra stock list, with its code as `stock.code`. The input is the list's key."""

    key = "get_inserted_stocks_from_extra_stock_list"
    codes = "WAREHOUSE_CODES"


class GetUpdatedStocksFromExtraStockList(GetOffersOfExtraList[ProductStock], GetUpdatedStocks):
    """Reads the changed stocks of one extra stock list, with its code as `stock.code`. The input is the list's key."""

    key = "get_updated_stocks_from_extra_stock_list"
    codes = "WAREHOUSE_CODES"


class GetPricesFromProductStocks(AttachCounterpart[ProductStock]):
    """Attaches to each stock its product's price, as `stock.productprice`. A stock without one fails: `PriceNotFound`."""

    key = "get_prices_from_product_stocks"
    content_type = ContentType.product_stock
    attribute = "productprice"
    attaches = (attribute,)
    missing = "PriceNotFound"
    list_name = "price_list"
    price_list: int | None = None

    async def rows(self, products: list[int]) -> list[ProductPrice]:
        own = own_list(self.integration.catalog, "price_list")
        number = self.price_list or own
        return await self.integration.client.prices.find(products, number, extra=number != own)
