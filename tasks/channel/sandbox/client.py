"""The local marketplace's API: the client of the `sandbox` connector."""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from http import HTTPStatus
from typing import Any

from tasks.channel import (
    Call,
    ChannelUnavailableError,
    ContractError,
    RefusedError,
    Reply,
    Runtime,
    Transport,
    checked_url,
    segment,
)

PAGE = 500
"""Rows asked for in one page: the marketplace's maximum."""
MOST_PAGES = 10_000
"""A list that is longer than this never ends."""


class SandboxMarketplaceClient:
    """Upserts by sku; answers at once or under a batch id. Raises what `Transport.send` raises.

    `wants` are further arguments of the transport, such as a log-in.
    """

    def __init__(self, base_url: str, runtime: Runtime, *, asynchronous: bool, **wants: Any) -> None:
        self.transport = Transport(
            "The marketplace", checked_url(base_url), runtime, unavailable=ChannelUnavailableError, **wants
        )
        self.mode = {"async": "true"} if asynchronous else {}
        self.traffic = self.transport.traffic

    async def aclose(self) -> None:
        """Closes the connections."""
        await self.transport.aclose()

    async def health(self) -> None:
        """Returns if the marketplace is up."""
        await self.transport.send(Call("GET", "/health"))

    async def upsert_products(self, items: Sequence[Mapping[str, Any]]) -> Reply:
        """Creates or overwrites products by sku. Repeating it changes nothing."""
        return await self.transport.send(Call("PUT", "/products", self.mode, {"items": list(items)}))

    async def delete_products(self, items: Sequence[Mapping[str, Any]]) -> Reply:
        """Takes products off the market; an unknown one counts as deleted."""
        return await self.transport.send(
            Call("POST", "/products/delete", self.mode, {"items": list(items)}, repeatable=True)
        )

    async def upsert_prices(self, items: Sequence[Mapping[str, Any]]) -> Reply:
        """Sets prices of listed products, by remote id. Repeating it changes nothing."""
        return await self.transport.send(Call("PUT", "/prices", self.mode, {"items": list(items)}))

    async def upsert_stocks(self, items: Sequence[Mapping[str, Any]]) -> Reply:
        """Sets stocks of listed products, by remote id. Repeating it changes nothing."""
        return await self.transport.send(Call("PUT", "/stocks", self.mode, {"items": list(items)}))

    async def upsert_images(self, items: Sequence[Mapping[str, Any]]) -> Reply:
        """Adds or replaces images of listed products, by remote id. Repeating it changes nothing."""
        return await self.transport.send(Call("PUT", "/images", self.mode, {"items": list(items)}))

    def listing(self) -> AsyncIterator[dict[str, Any]]:
        """All products that are listed now."""
        return self._rows("/listing", {})

    async def categories(self) -> Reply:
        """All categories, parents first: `{"categories": [{"id", "name", "parent_id"}]}`."""
        return await self.transport.send(Call("GET", "/categories"))

    async def category_attributes(self, category_id: str) -> Reply:
        """The attributes that a category wants: `{"id", "name", "attributes": [...]}`."""
        return await self.transport.send(Call("GET", f"/categories/{segment(category_id)}/attributes"))

    async def attributes(self) -> Reply:
        """All attributes with their values: `{"attributes": [{"id", "name", "values"}]}`."""
        return await self.transport.send(Call("GET", "/attributes"))

    async def conf_schema(self) -> Reply:
        """The fields that a merchant fills in: `{"fields": [{"key", "label", "data_type", "required", "schema"}]}`."""
        return await self.transport.send(Call("GET", "/conf-schema"))

    async def batch(self, batch_id: str) -> Reply | None:
        """A batch's state and results; None if the marketplace does not know it."""
        try:
            return await self.transport.send(Call("GET", f"/batches/{segment(batch_id)}"))
        except RefusedError as error:
            if error.status == HTTPStatus.NOT_FOUND:
                return None
            raise

    # -- sales ---------------------------------------------------------------------------------------------------

    def orders(self, since: datetime, until: datetime | None = None) -> AsyncIterator[dict[str, Any]]:
        """Orders that the market changed between two moments, both included, least recently changed first.

        A row that changes while the pages are read moves to the end and may come twice, and another may be missed: the
        next reading of an overlapping window finds it. This holds for all lists here.
        """
        return self._rows("/orders", _window(since, until))

    def cancellations(self, since: datetime, until: datetime | None = None) -> AsyncIterator[dict[str, Any]]:
        """Buyers' cancellations: `{"id", "order_id", "order_number", "items": [{"id", "reason"}], ...}`."""
        return self._rows("/cancellations", _window(since, until))

    def order_items(self, since: datetime, until: datetime | None = None) -> AsyncIterator[dict[str, Any]]:
        """Items that the market changed after they were ordered."""
        return self._rows("/order-items", _window(since, until))

    def requests(self, since: datetime, until: datetime | None = None) -> AsyncIterator[dict[str, Any]]:
        """Buyers' requests to cancel or send back an item."""
        return self._rows("/requests", _window(since, until))

    async def update_orders(self, items: Sequence[Mapping[str, Any]]) -> Reply:
        """Reports status, tracking and invoice numbers of orders, by remote id. Repeating it changes nothing."""
        return await self.transport.send(Call("PUT", "/orders", self.mode, {"items": list(items)}))

    async def acknowledge_orders(self, items: Sequence[Mapping[str, Any]]) -> Reply:
        """Tells that orders have arrived, by remote id; always answered at once. Repeating it changes nothing."""
        return await self.transport.send(
            Call("POST", "/orders/acknowledge", body={"items": list(items)}, repeatable=True)
        )

    async def decide_requests(self, items: Sequence[Mapping[str, Any]]) -> Reply:
        """Reports the decisions about requests, by remote id; always answered at once. Repeating it changes nothing."""
        return await self.transport.send(Call("PUT", "/requests", body={"items": list(items)}))

    async def _rows(self, path: str, conditions: Mapping[str, str]) -> AsyncIterator[dict[str, Any]]:
        for number in range(1, MOST_PAGES + 1):
            reply = await self.transport.send(Call("GET", path, {**conditions, "page": number, "limit": PAGE}))
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
