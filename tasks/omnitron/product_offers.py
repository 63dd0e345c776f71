"""What a product is sold for and how many there are: its price and its stock, from the catalog's own lists."""

from typing import Any, ClassVar

from dto.enums import ContentType, FailedReasonType, IntegrationActionStatus
from dto.omnitron import Product, ProductPrice, ProductStock
from tasks.batch import Member, version_of
from tasks.command import OmnitronCommand
from tasks.concurrency import side_by_side
from tasks.omnitron.offers import own_list


class _AttachOffer(OmnitronCommand[list[Product], list[Product]]):
    """Attaches one row of a list to each product; a product without one fails.

    With `commits` the rows become objects of the batch and end with their product. A row that another open batch
    processes is attached for reference only: committing it here would take it away from there.
    """

    content_type = ContentType.product
    offer_type: ClassVar[ContentType]
    attribute: ClassVar[str]
    missing: ClassVar[str]
    commits: ClassVar[bool] = True

    async def rows(self, products: list[int]) -> list[Any]:
        """The rows of the catalog's list for these products."""
        raise NotImplementedError

    async def send(self, products: list[Product]) -> list[Product]:
        if not products:
            return []
        found, elsewhere = await side_by_side(self.rows([product.pk for product in products]), self._held_elsewhere())
        rows = {row.product: row for row in found}
        attached = [self._attach(product, rows.get(product.pk)) for product in products]
        complete = [product for product in attached if product is not None]
        if self.commits and self.batch_request is not None:
            for product in complete:
                row = rows[product.pk]
                if row.pk not in elsewhere:
                    owner = (ContentType.product, product.pk)
                    self.batch_request.hold(Member(self.offer_type, row.pk, version_of(row), owner=owner))
        return complete

    async def _held_elsewhere(self) -> set[int]:
        """Rows that another open batch processes."""
        if not self.commits or self.batch_request is None:
            return set()
        busy = await self.integration.client.actions(
            content_type=self.offer_type, status=IntegrationActionStatus.processing
        )
        return {action.object_id for action in busy if action.local_batch_id != self.batch_request.local_batch_id}

    def _attach(self, product: Product, row: Any) -> Product | None:
        if row is None:
            what = "price" if self.offer_type is ContentType.product_price else "stock"
            message = f"Product {product.sku} has no {what} in the catalog's {what} list. Add it there."
            self.fail(product, FailedReasonType.channel_app, message, self.missing)
            return None
        return product.model_copy(update={self.attribute: row})


class GetProductPrices(_AttachOffer):
    """Attaches to each product its price, as `product.productprice`; none: `PriceNotFound`."""

    key = "get_product_prices"
    offer_type = ContentType.product_price
    attribute = "productprice"
    missing = "PriceNotFound"

    async def rows(self, products: list[int]) -> list[ProductPrice]:
        number = own_list(self.integration.catalog, "price_list")
        return await self.integration.client.prices_of(products, number)  # type: ignore[no-any-return]


class GetProductPricesWithoutCommit(GetProductPrices):
    """The same for reference: the prices are no part of the batch."""

    key = "get_product_prices_without_commit"
    commits = False


class GetProductStocks(_AttachOffer):
    """Attaches to each product its stock, as `product.productstock`; none: `StockNotFound`."""

    key = "get_product_stocks"
    offer_type = ContentType.product_stock
    attribute = "productstock"
    missing = "StockNotFound"
    filter_out_of_stock_products: bool = False
    """A product with no piece left fails as `OutOfStockOnInsert`."""

    async def rows(self, products: list[int]) -> list[ProductStock]:
        number = own_list(self.integration.catalog, "stock_list")
        return await self.integration.client.stocks_of(products, number)  # type: ignore[no-any-return]

    def _attach(self, product: Product, row: Any) -> Product | None:
        if row is not None and self.filter_out_of_stock_products and row.stock <= 0:
            message = f"Product {product.sku} has {row.stock} pieces, and products without stock are left out."
            self.fail(product, FailedReasonType.channel_app, message, "OutOfStockOnInsert")
            return None
        return super()._attach(product, row)


class GetProductStocksWithoutCommit(GetProductStocks):
    """The same for reference: the stocks are no part of the batch."""

    key = "get_product_stocks_without_commit"
    commits = False
