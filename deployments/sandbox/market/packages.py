"""Packages of the local marketplace: orders that are split, and put together again, under new ids."""

from collections.abc import Sequence
from typing import Any

from deployments.sandbox.market.market_sales import CANCELLED, Item, MarketSales
from deployments.sandbox.market.settings import MarketSettings


def sales_of(settings: MarketSettings, **arguments: Any) -> MarketSales:
    """The sales of a market with these settings."""
    arguments |= {
        "seed": settings.seed,
        "wants_acknowledgement": settings.wants_acknowledgement,
        "numbers_items": settings.numbers_items,
    }
    if not settings.splits_packages:
        return MarketSales(**arguments)
    return PackagedSales(merges=settings.merges_packages, renews_items=settings.renews_items, **arguments)


class PackagedSales(MarketSales):
    """Sales of a market that lists packages. Those of one order share its number, and any of them takes an update of its items.

    If some items of a package are cancelled, two packages take its place: one with what is left, and one with what was cancelled.

    Args:
        merges: whether the packages of an order become one again when an item of it changes.
        renews_items: whether the items of such packages have new ids, too.
    """

    def __init__(self, *, merges: bool, renews_items: bool, **arguments: Any) -> None:
        super().__init__(**arguments)
        self._merges = merges
        self._renews_items = renews_items

    def cancel_order(self, order_id: str, **fields: Any) -> Item:
        cancellation = super().cancel_order(order_id, **fields)
        order = self.orders[order_id]
        left = [line for line in order["items"] if line["status"] != CANCELLED]
        if left:
            self._replace([order], [left, [line for line in order["items"] if line["status"] == CANCELLED]])
        return cancellation

    def change_item(self, item_id: str, **fields: Any) -> Item:
        row = super().change_item(item_id, **fields)
        packages = self._packages_with(row["order_number"])
        if not self._merges or len(packages) == 1:
            return row
        item = self.items[item_id]
        self._replace(packages, [[line for package in packages for line in package["items"]]])
        return self.changed_items.get(item["id"], row)

    def _replace(self, former: Sequence[Item], parts: Sequence[list[Item]]) -> None:
        """Puts packages in the place of others; each names the first of these that is not cancelled."""
        place_of = min(former, key=lambda package: bool(package["status"] == CANCELLED))
        moment = self._stamp()
        for package in former:
            del self.orders[package["id"]]
        for lines in parts:
            is_cancelled = all(line["status"] == CANCELLED for line in lines)
            package = {
                **place_of,
                "id": self._new_order_id(),
                "replaces": place_of["id"],
                "status": CANCELLED if is_cancelled else place_of["status"],
                "updated_at": moment,
                "items": lines,
            }
            self.orders[package["id"]] = package
            self.versions[package["id"]] = self.versions.get(place_of["id"])
            for line in lines:
                self._move(line, package)
            self._tell("order.changed", package, moment)

    def _move(self, line: Item, package: Item) -> None:
        """Into another package, under another id if the market gives new ones."""
        former = line["id"]
        if self._renews_items:
            line.update(id=self._lines.next_id(), replaces=former)
            self.items[line["id"]] = self.items.pop(former)
            del self._order_of_item[former]
            self._list_item(line, package)
        self._order_of_item[line["id"]] = package
        for cancellation in self.cancellations.values():
            for item in cancellation["items"]:
                if item["id"] == former:
                    item["id"] = line["id"]
                    cancellation["order_id"] = package["id"]
        for request in self.requests.values():
            if request["order_item"] == former:
                request["order_item"] = line["id"]
        if line["id"] in self.changed_items:
            self.changed_items[line["id"]]["order_id"] = package["id"]

    def _lines_with(self, order: Item) -> list[Item]:
        return [line for package in self._packages_with(order["number"]) for line in package["items"]]

    def _packages_with(self, number: str) -> list[Item]:
        return [package for package in self.orders.values() if package["number"] == number]
