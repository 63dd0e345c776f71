"""The local marketplace's API: the client of the `sandbox` connector."""

import itertools
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from clients.errors import ChannelUnavailableError, ContractError, RefusedError
from clients.runtime import Runtime
from clients.settings import checked_url
from clients.transport import Call, Reply, Transport

LISTING_PAGE = 500
"""Items in one page of the listing, at most."""


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

    async def listing(self) -> list[Any]:
        """Everything that is listed now, page by page."""
        rows: list[Any] = []
        for page in itertools.count(1):
            reply = await self._transport.send(Call("GET", "/listing", {"page": page, "limit": LISTING_PAGE}))
            if not isinstance(reply.data, dict) or not isinstance(reply.data.get("results"), list):
                raise ContractError("The marketplace's answer to GET /listing has no list of results.")
            rows += reply.data["results"]
            if not reply.data.get("next"):
                break
        return rows

    async def batch(self, batch_id: str) -> Reply | None:
        """A batch's state and results; none where the marketplace does not know it."""
        segment = quote(batch_id, safe="").replace(".", "%2E")  # a bare `..` would be a step up to another path
        try:
            return await self._transport.send(Call("GET", f"/batches/{segment}"))
        except RefusedError as error:
            if error.status == 404:  # noqa: PLR2004
                return None
            raise
