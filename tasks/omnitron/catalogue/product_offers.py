"""The price and the stock of each product, from the catalog's own lists."""

from collections.abc import Container
from typing import Any, ClassVar

from clients.errors import UnreadableRowError
from dto.enums import ContentType, FailedReasonType, IntegrationActionStatus
from dto.omnitron import IntegrationAction, Product, ProductPrice, ProductStock
from tasks.batch import Member, version_of
from tasks.concurrency import side_by_side
from tasks.omnitron.catalogue.offer_lists import own_list, unreadable_offer
from tasks.omnitron.enrichment import Enrichment


class _AttachOffer(Enrichment[Product]):
    """Attaches one row of a list to each product; a product without one fails.

    With `commits`, the rows become objects of the batch and have their product's result. To commit a row of another open
    batch would take it away from there, so its product waits. If the batch cannot give the product back, the row is attached
    only.
    """

    content_type = ContentType.product
    adds: ClassVar[ContentType]
    attribute: ClassVar[str]
    missing: ClassVar[str]
    commits: bool = True
    """Make the rows objects of the batch."""

    async def rows(self, products: list[int]) -> list[Any]:
        """The rows of the catalog's own list for these products."""
        raise NotImplementedError

    async def send(self, products: list[Product]) -> list[Product]:
        if not products:
            return []
        if self.commits and self.batch_request is not None:
            in_work = self.integration.client.actions.first_in_work(self.adds)
            found, first = await side_by_side(self.rows([product.pk for product in products]), in_work)
            elsewhere = await self._held_elsewhere({row.pk for row in found}, *first)
        else:
            found, elsewhere = await self.rows([product.pk for product in products]), set()
        rows = {row.product: row for row in found}
        complete = []
        for product in products:
            row = rows.get(product.pk)
            if row is not None and row.pk in elsewhere and self._may_wait(product):
                self.batch_request.held_back.add((ContentType.product, product.pk))
                continue
            try:
                attached = self._attach(product, row)
                if attached is None:
                    continue
                self._commit(product, row, elsewhere)
            except UnreadableRowError as error:
                self.fail(product, error.reason, f"Product {product.sku}: {error.message}", error.code)
            else:
                complete.append(attached)
        return complete

    def _may_wait(self, product: Product) -> bool:
        """Whether it is known how the product stood before the batch, if it is locked already."""
        batch = self.batch_request
        return not batch.is_open or (ContentType.product, product.pk) in batch.before

    def _commit(self, product: Product, row: Any, elsewhere: Container[int]) -> None:
        """Makes the row an object of the batch.

        Raises:
            UnreadableRowError: its version is unknown.
        """
        if not self.commits or self.batch_request is None:
            return
        if row.pk not in elsewhere:
            owner = (ContentType.product, product.pk)
            self.batch_request.add(Member(self.adds, row.pk, version_of(row), owner=owner))

    async def _held_elsewhere(self, rows: set[int], held: list[IntegrationAction], is_all: bool) -> set[int]:
        """The keys of the rows that are in other open batches: known from the first page of what is held, or asked for. So a
        batch costs no more, however many others are open."""
        if not is_all:
            held = await self.integration.client.actions.find(
                content_type=self.adds, object_ids=rows, status=IntegrationActionStatus.processing
            )
        return {action.object_id for action in held if action.local_batch_id != self.batch_request.local_batch_id}

    def _attach(self, product: Product, row: Any) -> Product | None:
        if row is None:
            odd = unreadable_offer(self.integration.client, self.adds, product.pk)
            if odd is not None:
                self.fail(product, FailedReasonType.channel_app, odd.message(product.sku), UnreadableRowError.code)
                return None
            what = "price" if self.adds is ContentType.product_price else "stock"
            message = f"Product {product.sku} has no {what} in the catalog's {what} list. Add it there."
            self.fail(product, FailedReasonType.channel_app, message, self.missing)
            return None
        return product.model_copy(update={self.attribute: row})


class GetProductPrices(_AttachOffer):
    """Attaches to each product its price, as `product.productprice`. A product without one fails: `PriceNotFound`."""

    key = "get_product_prices"
    adds = ContentType.product_price
    attribute = "productprice"
    attaches = (attribute,)
    missing = "PriceNotFound"

    async def rows(self, products: list[int]) -> list[ProductPrice]:
        number = own_list(self.integration.catalog, "price_list")
        return await self.integration.client.prices.find(products, number)


class GetProductPricesWithoutCommit(GetProductPrices):
    """The same for reference: the prices are not part of the batch."""

    key = "get_product_prices_without_commit"
    commits: bool = False


class GetProductStocks(_AttachOffer):
    """Attaches to each product its stock, as `product.productstock`. A product without one fails: `StockNotFound`."""

    key = "get_product_stocks"
    adds = ContentType.product_stock
    attribute = "productstock"
    attaches = (attribute,)
    missing = "StockNotFound"
    filter_out_of_stock_products: bool = False
    """Fail products that are out of stock: `OutOfStockOnInsert`."""

    async def rows(self, products: list[int]) -> list[ProductStock]:
        number = own_list(self.integration.catalog, "stock_list")
        return await self.integration.client.stocks.find(products, number)

    def _attach(self, product: Product, row: Any) -> Product | None:
        if row is not None and self.filter_out_of_stock_products and row.stock <= 0:
            message = f"Product {product.sku} has a stock of {row.stock}, and products out of stock are left out."
            self.fail(product, FailedReasonType.channel_app, message, "OutOfStockOnInsert")
            return None
        return super()._attach(product, row)


class GetProductStocksWithoutCommit(GetProductStocks):
    """The same for reference: the stocks are not part of the batch."""

    key = "get_product_stocks_without_commit"
    commits: bool = False
