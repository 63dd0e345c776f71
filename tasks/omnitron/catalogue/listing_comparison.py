"""Compares the products that Omnitron has recorded as sent with those that the channel knows. Changes nothing."""

from collections.abc import Iterator, Mapping, Sequence
from typing import ClassVar, NamedTuple

from dto.enums import ContentType, IntegrationActionStatus, ListingState
from dto.listing import ListedProductDto
from dto.omnitron import ProductPrice, ProductStock
from tasks.concurrency import side_by_side
from tasks.omnitron.catalogue.comparison import (
    Compare,
    Compared,
    Comparison,
    ComparisonResult,
    Sent,
    is_same_price,
    price_text,
)
from tasks.omnitron.catalogue.offer_lists import own_list

_RECORDED = {
    IntegrationActionStatus.success: "sent",
    IntegrationActionStatus.error: "failed",
    IntegrationActionStatus.processing: "in a batch",
}
_DECIDED = {
    ListingState.in_review: ComparisonResult.in_review,
    ListingState.rejected: ComparisonResult.rejected,
    ListingState.delisted: ComparisonResult.delisted,
}


class _Offers(NamedTuple):
    """A product's price and stock in the catalog's own lists, if they were read."""

    price: ProductPrice | None
    stock: ProductStock | None


class CompareListing(Compare[ListedProductDto]):
    """Compares the record of each product with its state on the channel, and its title, price and stock if the channel tells
    them."""

    key = "compare_listing"
    content_type: ClassVar = ContentType.product

    async def send(self, items: Sequence[ListedProductDto]) -> Comparison:
        self._has_prices = any(item.price is not None for item in items)
        self._has_stocks = any(item.stock is not None for item in items)
        return await super().send(items)

    async def rows(self, products: list[int]) -> Mapping[int, _Offers]:
        prices, stocks = await side_by_side(self._prices(products), self._stocks(products))
        price_of = {row.product: row for row in prices}
        stock_of = {row.product: row for row in stocks}
        return {product: _Offers(price_of.get(product), stock_of.get(product)) for product in products}

    async def _prices(self, products: list[int]) -> list[ProductPrice]:
        if not self._has_prices:
            return []
        return await self.integration.client.prices.find(products, own_list(self.integration.catalog, "price_list"))

    async def _stocks(self, products: list[int]) -> list[ProductStock]:
        if not self._has_stocks:
            return []
        return await self.integration.client.stocks.find(products, own_list(self.integration.catalog, "stock_list"))

    def compare(self, sent: Sent, item: ListedProductDto) -> Compared:
        is_wanted = sent.product.is_active is not False
        if item.state is ListingState.live:
            if not is_wanted or self._counts_as_failed(sent):
                return Compared(self.in_omnitron(sent), self.on_channel(item), ComparisonResult.different)
            if values := list(_different_values(sent, item)):
                here, there = (", ".join(side) for side in zip(*values, strict=True))
                return Compared(here, there, ComparisonResult.different)
            return Compared("", "", ComparisonResult.same)
        if item.state is ListingState.delisted and not is_wanted:
            return Compared("", "", ComparisonResult.same)
        return Compared(self.in_omnitron(sent), self.on_channel(item), _DECIDED[item.state])

    def _counts_as_failed(self, sent: Sent) -> bool:
        """Whether it never got to the channel, as far as Omnitron knows."""
        return sent.action.status is IntegrationActionStatus.error and not sent.action.remote_id

    def in_omnitron(self, sent: Sent) -> str:
        return "switched off" if sent.product.is_active is False else _RECORDED[sent.action.status]

    def on_channel(self, item: ListedProductDto) -> str:
        return f"{item.state}: {item.message}" if item.message else item.state


def _different_values(sent: Sent, item: ListedProductDto) -> Iterator[tuple[str, str]]:
    """Omnitron's value and the channel's, for each value that differs."""
    product, offers, version = sent.product, sent.row, sent.action.version_date
    is_edited = version is None or product.modified_date is None or product.modified_date > version
    if item.title is not None and item.title != product.name and not is_edited:
        yield f"title `{product.name}`", f"title `{item.title}`"
    price, stock = offers.price, offers.stock
    if item.price is not None and price is not None and not is_same_price(price, item.price, item.currency):
        yield (
            f"price {price_text(price.price, price.currency_type)}",
            f"price {price_text(item.price, item.currency)}",
        )
    if item.stock is not None and stock is not None and item.stock != stock.stock:
        yield f"stock {stock.stock}", f"stock {item.stock}"
