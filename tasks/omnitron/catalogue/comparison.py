"""Compares Omnitron's products, prices and stocks with those that the channel lists. Changes nothing."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Any, ClassVar, Generic, NamedTuple, TypeVar

from dto.enums import ContentType
from dto.listing import ListedPriceDto, ListedProductDto, ListedStockDto
from dto.omnitron import IntegrationAction, Product, ProductPrice, ProductStock
from tasks.channel_key import channel_key
from tasks.concurrency import side_by_side
from tasks.omnitron.catalogue.offer_lists import own_list
from tasks.omnitron.command import OmnitronCommand

DIFFERENCES_KEPT = 1_000
"""Differences that a comparison keeps; all are counted."""

Listed = TypeVar("Listed", ListedPriceDto, ListedStockDto, ListedProductDto)


class ComparisonResult(StrEnum):
    """The result of comparing one product in Omnitron with the channel's listing."""

    same = "same"
    in_review = "in review"
    different = "different"
    missing = "missing on the channel"
    rejected = "rejected by the channel"
    delisted = "delisted on the channel"
    unknown = "unknown in Omnitron"


AS_EXPECTED = (ComparisonResult.same, ComparisonResult.in_review)
"""Results that are no difference."""


class Difference(NamedTuple):
    """One product that differs between Omnitron and the channel."""

    sku: str
    in_omnitron: str
    on_channel: str
    result: ComparisonResult


@dataclass(slots=True)
class Comparison:
    """The number of products by result, and their differences."""

    counts: Counter[ComparisonResult] = field(default_factory=Counter)
    differences: list[Difference] = field(default_factory=list)

    def add(self, sku: str, in_omnitron: str, on_channel: str, result: ComparisonResult) -> None:
        """Adds one product."""
        self.counts[result] += 1
        if result not in AS_EXPECTED and len(self.differences) < DIFFERENCES_KEPT:
            self.differences.append(Difference(sku, in_omnitron, on_channel, result))

    @property
    def differing(self) -> int:
        """The number of all differences."""
        return sum(number for result, number in self.counts.items() if result not in AS_EXPECTED)


class Sent(NamedTuple):
    """A product that Omnitron has a record of, and its value there."""

    action: IntegrationAction
    product: Product
    row: Any


class Compared(NamedTuple):
    """The two values of a product, for people, and the result of comparing them."""

    in_omnitron: str
    on_channel: str
    result: ComparisonResult


class _Listing(Generic[Listed]):
    """The channel's listing. Each item can be taken once, by remote id or else by sku."""

    def __init__(self, items: Iterable[Listed]) -> None:
        self.left: dict[int, Listed] = dict(enumerate(items))
        self._by_remote_id: dict[str, int] = {
            item.remote_id: number for number, item in self.left.items() if item.remote_id
        }
        self._by_sku: dict[str, int] = {item.sku: number for number, item in self.left.items()}

    def take(self, remote_id: str | None, sku: str | None) -> Listed | None:
        for number in (self._by_remote_id.get(remote_id or ""), self._by_sku.get(sku or "")):
            if number is not None and number in self.left:
                return self.left.pop(number)
        return None


class Compare(OmnitronCommand[Sequence[Listed], Comparison]):
    """Compares the channel's listing with Omnitron's values of all products that have a record, a page of them at a time."""

    async def send(self, items: Sequence[Listed]) -> Comparison:
        comparison, listing = Comparison(), _Listing(items)
        progress = self.integration.progress("comparing", len(items), self.batch_request)
        async for actions in self.integration.client.actions.pages(ContentType.product):
            await self._compare(actions, listing, comparison)
            progress.step(len(actions))
        for item in listing.left.values():
            comparison.add(item.sku, "", self.on_channel(item), ComparisonResult.unknown)
        return comparison

    async def _compare(
        self, actions: Sequence[IntegrationAction], listing: _Listing[Listed], comparison: Comparison
    ) -> None:
        keys = sorted({action.object_id for action in actions})
        found, rows = await side_by_side(self.integration.client.products.get_many(keys), self.rows(keys))
        products: dict[int, Product] = {product.pk: product for product in found}
        for action in actions:
            product, row = products.get(action.object_id), rows.get(action.object_id)
            if product is None or row is None:
                continue  # Omnitron has no value: if the channel lists one, it counts as unknown
            sent = Sent(action, product, row)
            item = listing.take(action.remote_id, channel_key(product, self.integration.channel.conf))
            if item is not None:
                comparison.add(product.sku, *self.compare(sent, item))
            elif action.remote_id:  # without it, the product has not been there
                comparison.add(product.sku, self.in_omnitron(sent), "", ComparisonResult.missing)

    def compare(self, sent: Sent, item: Listed) -> Compared:
        """Compares the values of one product."""
        result = ComparisonResult.same if self.is_same(sent.row, item) else ComparisonResult.different
        return Compared(self.in_omnitron(sent), self.on_channel(item), result)

    async def rows(self, products: list[int]) -> Mapping[int, Any]:
        """Omnitron's values of these products, by their keys."""
        raise NotImplementedError

    def is_same(self, row: Any, item: Listed) -> bool:
        """Whether the two values are equal."""
        raise NotImplementedError

    def in_omnitron(self, sent: Sent) -> str:
        """Omnitron's value, for people."""
        raise NotImplementedError

    def on_channel(self, item: Listed) -> str:
        """The channel's value, for people."""
        raise NotImplementedError


class ComparePrices(Compare[ListedPriceDto]):
    """Compares exact prices, and currencies if both sides name one."""

    key = "compare_prices"
    content_type: ClassVar = ContentType.product_price

    async def rows(self, products: list[int]) -> Mapping[int, ProductPrice]:
        number = own_list(self.integration.catalog, "price_list")
        return {row.product: row for row in await self.integration.client.prices.find(products, number)}

    def is_same(self, row: ProductPrice, item: ListedPriceDto) -> bool:
        return is_same_price(row, item.price, item.currency)

    def in_omnitron(self, sent: Sent) -> str:
        return price_text(sent.row.price, sent.row.currency_type)

    def on_channel(self, item: ListedPriceDto) -> str:
        return price_text(item.price, item.currency)


class CompareStocks(Compare[ListedStockDto]):
    """Compares stock quantities."""

    key = "compare_stocks"
    content_type: ClassVar = ContentType.product_stock

    async def rows(self, products: list[int]) -> Mapping[int, ProductStock]:
        number = own_list(self.integration.catalog, "stock_list")
        return {row.product: row for row in await self.integration.client.stocks.find(products, number)}

    def is_same(self, row: ProductStock, item: ListedStockDto) -> bool:
        return row.stock == item.stock

    def in_omnitron(self, sent: Sent) -> str:
        return str(sent.row.stock)

    def on_channel(self, item: ListedStockDto) -> str:
        return str(item.stock)


def is_same_price(row: ProductPrice, price: Decimal, currency: str | None) -> bool:
    """Whether the channel has Omnitron's price; currencies count if both sides name one."""
    currencies = {text.casefold() for text in (row.currency_type, currency) if text}
    return row.price == price and len(currencies) <= 1


def price_text(price: Decimal, currency: str | None) -> str:
    """A price, for people."""
    return f"{price:f} {currency or ''}".strip()
