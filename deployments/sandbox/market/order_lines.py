"""The lines of the local marketplace's orders: a line for each piece that a buyer orders."""

import itertools
import random
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from deployments.sandbox.base.amounts import money
from deployments.sandbox.market.item_numbers import item_id as numbered

Item = dict[str, Any]
OrderedItem = tuple[str, int | str | Decimal]
"""A sku, and how many of it, or at which price."""

CURRENCY, NEW = "TRY", "NEW"
FIRST_ID = 5001
"""The ids of orders, items, cancellations and requests overlap on purpose: only their kind tells them apart."""


class OrderLines:
    """Makes lines.

    Args:
        rng: decides every value that is not given.
        listed: the items on the market, by sku.
        product_id: the market's id of a sku.
        numbers_items: whether an item's id is its number within its order.
    """

    def __init__(
        self, rng: random.Random, listed: Mapping[str, Item], product_id: Callable[[str], str], *, numbers_items: bool
    ) -> None:
        self._random = rng
        self._listed = listed
        self._product_id = product_id
        self._numbers_items = numbers_items
        self._ids = itertools.count(FIRST_ID)

    def of(self, order_id: str, items: Sequence[OrderedItem] | None) -> list[Item]:
        """The lines of an order; of one to three listed products where none are given.

        Raises:
            ValueError: nothing is on the market.
        """
        return [self._line(order_id, number, *piece) for number, piece in enumerate(self._pieces(items), 1)]

    def next_id(self) -> str:
        """An id that no line has had."""
        return str(next(self._ids))

    def _pieces(self, items: Sequence[OrderedItem] | None) -> list[tuple[str, str]]:
        """`(sku, price)` of each piece."""
        rng = self._random
        if items is None:
            skus = list(self._listed)
            if not skus:
                raise ValueError("nothing is on the market: send products first, or name what is ordered")
            items = [(sku, 1) for sku in rng.choices(skus, k=rng.randint(1, 3))]
        pieces = []
        for sku, what in items:
            number, price = (what, self._price(sku)) if isinstance(what, int) else (1, str(what))
            pieces += [(sku, price)] * number
        return pieces

    def _price(self, sku: str) -> str:
        """The listed price; without one, a price with odd cents."""
        offer = self._listed.get(sku, {}).get("price")
        price = offer.get("price") if isinstance(offer, dict) else offer
        return money(self._random.randint(9_990, 249_990)) if price is None else str(price)

    def _line(self, order_id: str, number: int, sku: str, price: str) -> Item:
        rng = self._random
        line_id = numbered(order_id, number) if self._numbers_items else self.next_id()
        return {
            "id": line_id,
            "product": self._product_id(sku),
            "sku": sku,
            "price": price,
            "retail_price": str(round(Decimal(price) * Decimal("1.25"), 2)),
            "currency": CURRENCY,
            "tax_rate": rng.choice(("10.00", "20.00")),
            "discount_amount": rng.choice(("0.00", "0.00", "4.37", "10.01")),
            "status": NEW,
            "parent": None,
            "invoice_number": None,
            "invoice_date": None,
            "tracking_number": None,
        }
