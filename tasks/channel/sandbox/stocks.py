"""Stocks on the local marketplace."""

from typing import Any

from tasks.channel import ListedStockDto, ProductStock, SendOutcome, stocks
from tasks.channel.sandbox.marketplace import Marketplace
from tasks.channel.sandbox.products import offer_of, outcome_of


class SendInsertedStocks(stocks.SendInsertedStocks[Marketplace]):
    """Upserts: sending a stock twice is the same as once."""

    also = (stocks.SendUpdatedStocks,)

    def transform_data(self, data: list[ProductStock]) -> list[dict[str, Any]]:
        return [{"remote_id": row.remote_id, "list": row.code, **offer_of(row, "stock")} for row in data]

    async def send(self, items: list[dict[str, Any]]) -> SendOutcome:
        return outcome_of(self, await self.integration.client.upsert_stocks(items))


class GetListedStocks(stocks.GetListedStocks[Marketplace]):
    """All listed products that have a stock."""

    async def send(self, _: None) -> list[ListedStockDto]:
        rows = [row async for row in self.integration.client.listing()]
        return self.build_each([row for row in rows if row.get("stock")], _listed, lambda row: row["sku"])


def _listed(row: dict[str, Any]) -> ListedStockDto:
    return ListedStockDto(row["sku"], row["remote_id"], row["stock"]["stock"])
