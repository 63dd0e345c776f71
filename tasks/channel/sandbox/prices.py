"""Prices on the local marketplace."""

from typing import Any

from tasks.channel import ListedPriceDto, ProductPrice, SendOutcome, prices
from tasks.channel.sandbox.marketplace import Marketplace
from tasks.channel.sandbox.products import offer_of, outcome_of


class SendInsertedPrices(prices.SendInsertedPrices[Marketplace]):
    """Upserts: sending a price twice is the same as once."""

    also = (prices.SendUpdatedPrices,)

    def transform_data(self, data: list[ProductPrice]) -> list[dict[str, Any]]:
        return [
            {"remote_id": row.remote_id, "list": row.code, **offer_of(row, "price", "currency_type")} for row in data
        ]

    async def send(self, items: list[dict[str, Any]]) -> SendOutcome:
        return outcome_of(self, await self.integration.client.upsert_prices(items))


class GetListedPrices(prices.GetListedPrices[Marketplace]):
    """All listed products that have a price."""

    async def send(self, _: None) -> list[ListedPriceDto]:
        rows = [row async for row in self.integration.client.listing()]
        return self.build_each([row for row in rows if row.get("price")], _listed, lambda row: row["sku"])


def _listed(row: dict[str, Any]) -> ListedPriceDto:
    price = row["price"]
    return ListedPriceDto(row["sku"], row["remote_id"], price["price"], price["currency_type"])
