"""The local marketplace's API: the client of the `sandbox` connector."""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import quote

from clients.errors import ChannelUnavailableError, ContractError, RefusedError
from clients.runtime import Runtime
from clients.settings import checked_url
from clients.transport import Call, Reply, Transport

PAGE = 500
"""Rows asked for in one page: the most that the marketplace gives."""
MOST_PAGES = 10_000
"""A list that goes on after so many pages never ends."""


def _segment(name: str) -> str:
    """A part of a path; a bare `..` would be a step up to another one."""
    return quote(name, safe="").replace(".", "%2E")


class MarketplaceClient:
    """Upserts by sku; answers at once or under a batch id. Raises what `Transport.send` raises."""

    def __init__(self, base_url: str, runtime: Runtime, *, asynchronous: bool) -> None:
        self._transport = Transport(
            "The marketplace", checked_url(base_url), runtime, unavailable=ChannelUnavailableError
        )
        self._mode = {"async": "true"} if asynchronous else {}
        self.traffic = self._transport.traffic

    async def aclose(self) -> None:
        """Closes the connections."""
        await self._transport.aclose()

    async def health(self) -> None:
        """Answers when the marketplace is up."""
        await self._transport.send(Call("GET", "/health"))

    async def upsert_products(self, items: Sequence[Mapping[str, Any]]) -> Reply:
        """Creates or overwrites products by sku. Repeating it changes nothing."""
        return await self._transport.send(Call("PUT", "/products", self._mode, {"items": list(items)}))

    async def delete_products(self, items: Sequence[Mapping[str, Any]]) -> Reply:
        """Takes products off the market; an unknown one counts as deleted."""
        return await self._transport.send(Call("POST", "/products/delete", self._mode, {"items": list(items)}))

    async def upsert_prices(self, items: Sequence[Mapping[str, Any]]) -> Reply:
        """Sets prices of listed products, by remote id. Repeating it changes nothing."""
        return await self._transport.send(Call("PUT", "/prices", self._mode, {"items": list(items)}))

    async def upsert_stocks(self, items: Sequence[Mapping[str, Any]]) -> Reply:
        """Sets stocks of listed products, by remote id. Repeating it changes nothing."""
        return await self._transport.send(Call("PUT", "/stocks", self._mode, {"items": list(items)}))

    async def upsert_images(self, items: Sequence[Mapping[str, Any]]) -> Reply:
        """Adds or replaces images of listed products, by remote id. Repeating it changes nothing."""
        return await self._transport.send(Call("PUT", "/images", self._mode, {"items": list(items)}))

    def listing(self) -> AsyncIterator[dict[str, Any]]:
        """Everything that is listed now."""
        return self._rows("/listing", {})

    async def categories(self) -> Reply:
        """All categories, parents first: `{"categories": [{"id", "name", "parent_id"}]}`."""
        return await self._transport.send(Call("GET", "/categories"))

    async def category_attributes(self, category_id: str) -> Reply:
        """What a category asks of a product: `{"id", "name", "attributes": [...]}`."""
        return await self._transport.send(Call("GET", f"/categories/{_segment(category_id)}/attributes"))

    async def attributes(self) -> Reply:
        """All attributes with their values: `{"attributes": [{"id", "name", "values"}]}`."""
        return await self._transport.send(Call("GET", "/attributes"))

    async def conf_schema(self) -> Reply:
        """The fields that a merchant fills in: `{"fields": [{"key", "label", "data_type", "required", "schema"}]}`."""
        return await self._transport.send(Call("GET", "/conf-schema"))

    async def batch(self, batch_id: str) -> Reply | None:
        """A batch's state and results; none where the marketplace does not know it."""
        try:
            return await self._transport.send(Call("GET", f"/batches/{_segment(batch_id)}"))
        except RefusedError as error:
            if error.status == 404:  # noqa: PLR2004
                return None
            raise

    # -- sales ---------------------------------------------------------------------------------------------------

    def orders(self, since: datetime, until: datetime | None = None) -> AsyncIterator[dict[str, Any]]:
        """Orders that the market changed between two moments, both included, the longest unchanged first.

        A row that changes while the pages are read moves to the end and may be met twice, and another may be missed:
        the next reading of an overlapping window finds it. So it is with all lists here.
        """
        return self._rows("/orders", _window(since, until))

    def cancellations(self, since: datetime, until: datetime | None = None) -> AsyncIterator[dict[str, Any]]:
        """What buyers cancelled: `{"id", "order_id", "order_number", "items": [{"id", "reason"}], ...}`."""
        return self._rows("/cancellations", _window(since, until))

    def order_items(self, since: datetime, until: datetime | None = None) -> AsyncIterator[dict[str, Any]]:
        """Items that the market changed after they were ordered."""
        return self._rows("/order-items", _window(since, until))

    def requests(self, since: datetime, until: datetime | None = None) -> AsyncIterator[dict[str, Any]]:
        """Buyers' requests to cancel or send back an item."""
        return self._rows("/requests", _window(since, until))

    async def update_orders(self, items: Sequence[Mapping[str, Any]]) -> Reply:
        """Tells status, tracking and invoice numbers of orders, by remote id. Repeating it changes nothing."""
        return await self._transport.send(Call("PUT", "/orders", self._mode, {"items": list(items)}))

    async def decide_requests(self, items: Sequence[Mapping[str, Any]]) -> Reply:
        """Tells what was decided about requests, by remote id; always answered at once. Repeating it changes nothing."""
        return await self._transport.send(Call("PUT", "/requests", body={"items": list(items)}))

    async def _rows(self, path: str, conditions: Mapping[str, str]) -> AsyncIterator[dict[str, Any]]:
        for number in range(1, MOST_PAGES + 1):
            reply = await self._transport.send(Call("GET", path, {**conditions, "page": number, "limit": PAGE}))
            data = reply.data if isinstance(reply.data, dict) else {}
            rows = data.get("results")
            if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
                raise ContractError(f"The marketplace answered GET {path} with no list of objects in `results`.")
            for row in rows:
                yield row
            if not data.get("next"):
                return
        raise ContractError(f"The marketplace's list {path} did not end after {MOST_PAGES} pages.")


def _window(since: datetime, until: datetime | None) -> dict[str, str]:
    return {"since": since.isoformat(), **({} if until is None else {"until": until.isoformat()})}
