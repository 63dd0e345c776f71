"""The local marketplace's API: the client of the `sandbox` connector."""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from http import HTTPStatus
from typing import Any, NamedTuple

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


class Page(NamedTuple):
    """One page of a list."""

    rows: list[dict[str, Any]]
    next: int | None
    """The number of the page after it, if there is one."""


class SandboxMarketplaceClient:
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
        """Returns if the marketplace is up."""
        await self._transport.send(Call("GET", "/health"))

    async def upsert_products(self, items: Sequence[Mapping[str, Any]]) -> Reply:
        """Creates or overwrites products by sku. Repeating it changes nothing."""
        return await self._transport.send(Call("PUT", "/products", self._mode, {"items": list(items)}))

    async def delete_products(self, items: Sequence[Mapping[str, Any]]) -> Reply:
        """Takes products off the market; an unknown one counts as deleted."""
        return await self._transport.send(
            Call("POST", "/products/delete", self._mode, {"items": list(items)}, repeatable=True)
        )

    async def upsert_prices(self, items: Sequence[Mapping[str, Any]]) -> Reply:
        """Sets prices of listed products, by remote id. Repeating it changes nothing."""
        return await self._transport.send(Call("PUT", "/prices", self._mode, {"items": list(items)}))

    async def upsert_stocks(self, items: Sequence[Mapping[str, Any]]) -> Reply:
        """Sets stocks of listed products, by remote id. Repeating it changes nothing."""
        return await self._transport.send(Call("PUT", "/stocks", self._mode, {"items": list(items)}))

    async def upsert_images(self, items: Sequence[Mapping[str, Any]]) -> Reply:
        """Adds or replaces images of listed products, by remote id. Repeating it changes nothing."""
        return await self._transport.send(Call("PUT", "/images", self._mode, {"items": list(items)}))

    async def listing(self) -> AsyncIterator[dict[str, Any]]:
        """All products that are listed now."""
        number: int | None = 1
        while number is not None:
            page = await self._page("/listing", number, {})
            for row in page.rows:
                yield row
            number = page.next

    async def categories(self) -> Reply:
        """All categories, parents first: `{"categories": [{"id", "name", "parent_id"}]}`."""
        return await self._transport.send(Call("GET", "/categories"))

    async def category_attributes(self, category_id: str) -> Reply:
        """The attributes that a category wants: `{"id", "name", "attributes": [...]}`."""
        return await self._transport.send(Call("GET", f"/categories/{segment(category_id)}/attributes"))

    async def attributes(self) -> Reply:
        """All attributes with their values: `{"attributes": [{"id", "name", "values"}]}`."""
        return await self._transport.send(Call("GET", "/attributes"))

    async def conf_schema(self) -> Reply:
        """The fields that a merchant fills in: `{"fields": [{"key", "label", "data_type", "required", "schema"}]}`."""
        return await self._transport.send(Call("GET", "/conf-schema"))

    async def batch(self, batch_id: str) -> Reply | None:
        """A batch's state and results; None if the marketplace does not know it."""
        try:
            return await self._transport.send(Call("GET", f"/batches/{segment(batch_id)}"))
        except RefusedError as error:
            if error.status == HTTPStatus.NOT_FOUND:
                return None
            raise

    # -- sales ---------------------------------------------------------------------------------------------------

    async def orders(self, since: datetime, page: int | None = None, until: datetime | None = None) -> Page:
        """Orders that the market changed between two moments, both included, least recently changed first; by default, the first
        page of them.

        A row that changes while the pages are read moves to the end and may come twice, and another may be missed: the
        next reading of an overlapping window finds it. This holds for all lists here.
        """
        return await self._page("/orders", page, _window(since, until))

    async def cancellations(self, since: datetime, page: int | None = None) -> Page:
        """Buyers' cancellations: `{"id", "order_id", "order_number", "items": [{"id", "reason"}], ...}`."""
        return await self._page("/cancellations", page, _window(since))

    async def order_items(self, since: datetime, page: int | None = None) -> Page:
        """Items that the market changed after they were ordered."""
        return await self._page("/order-items", page, _window(since))

    async def requests(self, since: datetime, page: int | None = None) -> Page:
        """Buyers' requests to cancel or send back an item."""
        return await self._page("/requests", page, _window(since))

    async def update_orders(self, items: Sequence[Mapping[str, Any]]) -> Reply:
        """Reports status, tracking and invoice numbers of orders, by remote id. Repeating it changes nothing."""
        return await self._transport.send(Call("PUT", "/orders", self._mode, {"items": list(items)}))

    async def acknowledge_orders(self, items: Sequence[Mapping[str, Any]]) -> Reply:
        """Tells that orders have arrived, by remote id; always answered at once. Repeating it changes nothing."""
        return await self._transport.send(
            Call("POST", "/orders/acknowledge", body={"items": list(items)}, repeatable=True)
        )

    async def decide_requests(self, items: Sequence[Mapping[str, Any]]) -> Reply:
        """Reports the decisions about requests, by remote id; always answered at once. Repeating it changes nothing."""
        return await self._transport.send(Call("PUT", "/requests", body={"items": list(items)}))

    async def _page(self, path: str, number: int | None, conditions: Mapping[str, str]) -> Page:
        number = number or 1
        reply = await self._transport.send(Call("GET", path, {**conditions, "page": number, "limit": PAGE}))
        data = reply.data if isinstance(reply.data, dict) else {}
        rows = data.get("results")
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise ContractError(f"The marketplace answered GET {path} with no list of objects in `results`.")
        if not data.get("next"):
            return Page(rows, None)
        if number >= MOST_PAGES:
            raise ContractError(f"The marketplace's list {path} did not end after {MOST_PAGES} pages.")
        return Page(rows, number + 1)


def _window(since: datetime, until: datetime | None = None) -> dict[str, str]:
    return {"since": since.isoformat(), **({} if until is None else {"until": until.isoformat()})}
