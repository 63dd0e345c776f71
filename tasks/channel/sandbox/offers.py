"""Prices, stocks and images on the local marketplace. It names them by the ids of their products."""

from tasks.channel import (
    ListedPriceDto,
    ListedStockDto,
    ProductImage,
    ProductPrice,
    ProductStock,
    SendOutcome,
    images,
    prices,
    stocks,
)
from tasks.channel.sandbox.marketplace import Marketplace, Row


def offer_of(row: ProductPrice | ProductStock | ProductImage, *fields: str) -> Row:
    """A price, stock or image in the marketplace's terms, with its version."""
    data = row.model_dump(mode="json", include={*fields, "modified_date"})
    return {**{name: data[name] for name in fields}, "version": data["modified_date"]}


class SendInsertedPrices(prices.SendInsertedPrices[Marketplace]):
    """Upserts: sending a price twice is the same as once."""

    also = (prices.SendUpdatedPrices,)

    def transform_data(self, data: list[ProductPrice]) -> list[Row]:
        return [
            {"remote_id": row.remote_id, "list": row.code, **offer_of(row, "price", "currency_type")} for row in data
        ]

    async def send(self, items: list[Row]) -> SendOutcome:
        return await self.integration.hand_over(self, "PUT", "/prices", items)


class SendInsertedStocks(stocks.SendInsertedStocks[Marketplace]):
    """Upserts: sending a stock twice is the same as once."""

    also = (stocks.SendUpdatedStocks,)

    def transform_data(self, data: list[ProductStock]) -> list[Row]:
        return [{"remote_id": row.remote_id, "list": row.code, **offer_of(row, "stock")} for row in data]

    async def send(self, items: list[Row]) -> SendOutcome:
        return await self.integration.hand_over(self, "PUT", "/stocks", items)


class SendInsertedImages(images.SendInsertedImages[Marketplace]):
    """Upserts: sending an image twice is the same as once. The answer names all images of a product by its sku."""

    also = (images.SendUpdatedImages,)

    def transform_data(self, data: list[ProductImage]) -> list[Row]:
        return [{"remote_id": row.remote_id, "pk": row.pk, **offer_of(row, "image", "order")} for row in data]

    async def send(self, items: list[Row]) -> SendOutcome:
        return await self.integration.hand_over(self, "PUT", "/images", items)


class GetListedPrices(prices.GetListedPrices[Marketplace]):
    """All listed products that have a price."""

    async def send(self, _: None) -> list[ListedPriceDto]:
        rows = [row async for row in self.integration.listed("/listing") if row.get("price")]
        return self.build_each(rows, self.price, lambda row: row["sku"])

    def price(self, row: Row) -> ListedPriceDto:
        """One price in Omnitron's terms."""
        price, currency = row["price"]["price"], row["price"]["currency_type"]
        return ListedPriceDto(sku=row["sku"], remote_id=row["remote_id"], price=price, currency=currency)


class GetListedStocks(stocks.GetListedStocks[Marketplace]):
    """All listed products that have a stock."""

    async def send(self, _: None) -> list[ListedStockDto]:
        rows = [row async for row in self.integration.listed("/listing") if row.get("stock")]
        return self.build_each(rows, self.stock, lambda row: row["sku"])

    def stock(self, row: Row) -> ListedStockDto:
        """One stock in Omnitron's terms."""
        return ListedStockDto(sku=row["sku"], remote_id=row["remote_id"], stock=row["stock"]["stock"])
