"""The local marketplace's API: the client of the `sandbox` connector."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from clients.errors import ChannelUnavailableError, RefusedError
from clients.runtime import Runtime
from clients.settings import checked_url
from clients.transport import Call, Reply, Transport


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
