"""Stocks on the local marketplace."""

from typing import Any

from clients.answers import Reply
from dto.listing import ListedStockDto
from dto.omnitron import ProductStock
from dto.outcomes import SendOutcome
from tasks.channel import stocks
from tasks.channel.sandbox.marketplace import Marketplace
from tasks.channel.sandbox.products import CheckProducts, offer_of, outcome_of


class SendInsertedStocks(stocks.SendInsertedStocks[Marketplace]):
    """Upserts: sending a stock twice is the same as once."""

    def transform_data(self, data: list[ProductStock]) -> list[dict[str, Any]]:
        return [{"remote_id": row.remote_id, "list": row.code, **offer_of(row, "stock")} for row in data]

    async def send(self, items: list[dict[str, Any]]) -> Reply:
        return await self.integration.client.upsert_stocks(items)

    def normalize_response(self, data: Any, validated_data: Any, transformed_data: Any, response: Reply) -> SendOutcome:  # noqa: ARG002
        return outcome_of(self, response)


class SendUpdatedStocks(SendInsertedStocks, stocks.SendUpdatedStocks[Marketplace]):
    """The marketplace makes no difference between new and known stocks."""

    key = stocks.SendUpdatedStocks.key


class CheckStocks(CheckProducts, stocks.CheckStocks[Marketplace]):
    """The marketplace answers in the same form for every type."""

    key = stocks.CheckStocks.key
    content_type = stocks.CheckStocks.content_type


class GetListedStocks(stocks.GetListedStocks[Marketplace]):
    """All listed products that have a stock."""

    async def send(self, _: None) -> list[ListedStockDto]:
        rows = [row async for row in self.integration.client.listing()]
        return self.build_each([row for row in rows if row.get("stock")], _listed, lambda row: row["sku"])


def _listed(row: dict[str, Any]) -> ListedStockDto:
    return ListedStockDto(row["sku"], row["remote_id"], row["stock"]["stock"])
