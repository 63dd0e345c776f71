"""Prices that are due, of the catalog's own list and of the extra ones."""

from dto.enums import ContentType
from dto.omnitron import ProductPrice, ProductStock
from tasks.omnitron.catalogue.counterparts import AttachCounterpart
from tasks.omnitron.catalogue.offer_lists import own_list
from tasks.omnitron.catalogue.offers import GetInsertedOffers, GetOffersOfExtraList, GetUpdatedOffers


class GetInsertedPrices(GetInsertedOffers[ProductPrice]):
    """Reads prices that the channel never had, each with its product's name there. A price whose product is not there
    waits; if the command runs alone, it fails: `ProductNotSent`."""

    key = "get_inserted_prices"
    content_type = ContentType.product_price


class GetUpdatedPrices(GetUpdatedOffers[ProductPrice]):
    """Reads prices that the channel has in an older version, each with its product's name there."""

    key = "get_updated_prices"
    content_type = ContentType.product_price


class GetInsertedPricesFromExtraPriceList(GetOffersOfExtraList[ProductPrice], GetInsertedPrices):
    """Reads the new prices of one extra price list, with its code as `price.code`. The input is the list's key."""

    key = "get_inserted_prices_from_extra_price_list"
    codes = "CURRENCY_MAPPINGS"


class GetUpdatedPricesFromExtraPriceList(GetOffersOfExtraList[ProductPrice], GetUpdatedPrices):
    """Reads the changed prices of one extra price list, with its code as `price.code`. The input is the list's key."""

    key = "get_updated_prices_from_extra_price_list"
    codes = "CURRENCY_MAPPINGS"


class GetStocksFromProductPrices(AttachCounterpart[ProductPrice]):
    """Attaches to each price its product's stock, as `price.productstock`. A price without one fails: `StockNotFound`."""

    key = "get_stocks_from_product_prices"
    content_type = ContentType.product_price
    attribute = "productstock"
    attaches = (attribute,)
    missing = "StockNotFound"
    list_name = "stock_list"
    stock_list: int | None = None

    async def rows(self, products: list[int]) -> list[ProductStock]:
        own = own_list(self.integration.catalog, "stock_list")
        number = self.stock_list or own
        return await self.integration.client.stocks.find(products, number, extra=number != own)
