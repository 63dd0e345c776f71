"""Prices on the local marketplace."""

from typing import Any

from clients.answers import Reply
from dto.listing import ListedPriceDto
from dto.omnitron import ProductPrice
from dto.outcomes import SendOutcome
from tasks.channel import prices
from tasks.channel.sandbox.marketplace import Marketplace
from tasks.channel.sandbox.products import CheckProducts, offer_of, outcome_of


class SendInsertedPrices(prices.SendInsertedPrices[Marketplace]):
    """Upserts: sending a price twice is the same as once."""

    def transform_data(self, data: list[ProductPrice]) -> list[dict[str, Any]]:
        return [
            {"remote_id": row.remote_id, "list": row.code, **offer_of(row, "price", "currency_type")} for row in data
        ]

    async def send(self, items: list[dict[str, Any]]) -> Reply:
        return await self.integration.client.upsert_prices(items)

    def normalize_response(self, data: Any, validated_data: Any, transformed_data: Any, response: Reply) -> SendOutcome:  # noqa: ARG002
        return outcome_of(self, response)


class SendUpdatedPrices(SendInsertedPrices, prices.SendUpdatedPrices[Marketplace]):
    """The marketplace makes no difference between new and known prices."""

    key = prices.SendUpdatedPrices.key


class CheckPrices(CheckProducts, prices.CheckPrices[Marketplace]):
    """The marketplace answers in the same form for every type."""

    key = prices.CheckPrices.key
    content_type = prices.CheckPrices.content_type


class GetListedPrices(prices.GetListedPrices[Marketplace]):
    """All listed products that have a price."""

    async def send(self, _: None) -> list[ListedPriceDto]:
        rows = [row async for row in self.integration.client.listing()]
        return self.build_each([row for row in rows if row.get("price")], _listed, lambda row: row["sku"])


def _listed(row: dict[str, Any]) -> ListedPriceDto:
    price = row["price"]
    return ListedPriceDto(row["sku"], row["remote_id"], price["price"], price["currency_type"])
