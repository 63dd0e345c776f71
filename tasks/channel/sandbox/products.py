"""Products on the local marketplace, and the results of all that was sent to it."""

from http import HTTPStatus
from typing import Any

from tasks.channel import (
    Batch,
    CheckOutcome,
    Completed,
    InProgress,
    IntegrationAction,
    ListedProductDto,
    Product,
    RefusedError,
    SendOutcome,
    Unknown,
    channel_key,
    images,
    orders,
    prices,
    products,
    segment,
    stocks,
)
from tasks.channel.sandbox.marketplace import Marketplace, Row, results_of, rows_in
from tasks.channel.sandbox.offers import offer_of


class SendInsertedProducts(products.SendInsertedProducts[Marketplace]):
    """Upserts: sending a product twice is the same as once."""

    also = (products.SendUpdatedProducts,)

    def transform_data(self, data: list[Product]) -> list[Row]:
        return [self.item(product) for product in data]

    def item(self, product: Product) -> Row:
        """A product in the marketplace's terms. Fields that are left out stay unchanged there."""
        row = product.model_dump(mode="json", include={"name", "base_code", "attributes", "modified_date"})
        mapping, price, stock = product.mapped_attributes, product.productprice, product.productstock
        return {
            "sku": channel_key(product, self.integration.conf),
            "name": row["name"],
            "group": row["base_code"],
            "version": row["modified_date"],
            "attributes": mapping.mapped_attributes if mapping else row["attributes"],
            "category": product.category_nodes[-1].name if product.category_nodes else None,
            **({"price": offer_of(price, "price", "currency_type")} if price else {}),
            **({"stock": offer_of(stock, "stock")} if stock else {}),
            "image_urls": [image.image for image in product.productimage_set],
        }

    async def send(self, items: list[Row]) -> SendOutcome:
        return await self.integration.hand_over(self, "PUT", "/products", items)


class SendDeletedProducts(products.SendDeletedProducts[Marketplace]):
    """Takes products off the market by their remote ids. An unknown one counts as deleted."""

    def transform_data(self, data: list[IntegrationAction]) -> list[Row]:
        return [{"remote_id": action.remote_id} for action in data]

    async def send(self, items: list[Row]) -> SendOutcome:
        return await self.integration.hand_over(self, "POST", "/products/delete", items)


class CheckProducts(products.CheckProducts[Marketplace]):
    """Asks for the results once. The marketplace answers in the same form for all that it is sent."""

    also = (
        products.CheckDeletedProducts,
        prices.CheckPrices,
        stocks.CheckStocks,
        images.CheckImages,
        orders.CheckOrders,
    )

    async def send(self, batch: Batch) -> CheckOutcome:
        try:
            reply = await self.integration.get(f"/batches/{segment(str(batch.remote_batch_id))}")
        except RefusedError as error:
            if error.status != HTTPStatus.NOT_FOUND:
                raise
            return Unknown("The marketplace does not know this batch any more.")
        data: Any = reply.data
        if not isinstance(data, dict) or data.get("status") != "done":
            return InProgress()
        return Completed(results_of(self, rows_in(reply, "results")), tuple(self.create_report(reply)))


class GetListing(products.GetListing[Marketplace]):
    """All products that the marketplace knows."""

    async def send(self, _: None) -> list[ListedProductDto]:
        rows = [row async for row in self.integration.listed("/listing")]
        return self.build_each(rows, _listed, lambda row: row["sku"])


def _listed(row: dict[str, Any]) -> ListedProductDto:
    price, stock = row.get("price") or {}, row.get("stock") or {}
    return ListedProductDto(
        sku=row["sku"],
        remote_id=row["remote_id"],
        state=row["state"],
        message=row["message"],
        title=row.get("name"),
        price=price.get("price"),
        currency=price.get("currency_type"),
        stock=stock.get("stock"),
    )
