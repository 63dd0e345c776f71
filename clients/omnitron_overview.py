"""How things stand in Omnitron: how much is due, under way and failed, without reading all of it."""

from collections.abc import AsyncIterator, Mapping
from typing import Any

from clients.omnitron_connection import OmnitronConnection
from clients.omnitron_setup import EVERYTHING
from dto.enums import BatchRequestStatus, ContentType, IntegrationActionStatus
from dto.omnitron import BatchRequest, IntegrationAction, Keyed, Product

DUE_LISTS: Mapping[tuple[ContentType, str], str] = {
    (ContentType.product, "inserts"): "products/inserts",
    (ContentType.product, "updates"): "products/updates",
    (ContentType.product_price, "inserts"): "product_prices/inserts",
    (ContentType.product_price, "updates"): "product_prices/updates",
    (ContentType.product_stock, "inserts"): "product_stocks/inserts",
    (ContentType.product_stock, "updates"): "product_stocks/updates",
    (ContentType.product_image, "inserts"): "product_images/inserts",
    (ContentType.product_image, "updates"): "product_images/updates",
    (ContentType.order, "updates"): "orders/updates",
    (ContentType.cancellation_request, "updates"): "cancellation_requests/updates",
    (ContentType.integration_action, "deleted"): "integration_actions/deleted",
}
"""Where Omnitron lists what is due. Prices and stocks beside the catalog's own lists are due at `extra_...`."""
_EXTRA_FILTERS = {ContentType.product_price: "price_list", ContentType.product_stock: "stock_list"}


class OverviewCalls(OmnitronConnection):
    """What is asked to see how the channel stands. Nothing here is written."""

    def _due(self, content_type: ContentType, which: str, extra_list: int | None) -> tuple[str, dict[str, Any]]:
        """The path and the filters of a due list."""
        place = DUE_LISTS[content_type, which]
        if extra_list is not None:
            return self._path(f"extra_{place}"), {_EXTRA_FILTERS[content_type]: extra_list}
        if content_type is ContentType.product:
            return self._path(place), {"product_type": 0}
        if content_type is ContentType.integration_action:
            return self._path(place), {"model": ContentType.product, "channel_id": self.channel_id}
        return self._path(place), {}

    async def count_due(self, content_type: ContentType, which: str, extra_list: int | None = None) -> int:
        """How many objects are due; `which` is `inserts`, `updates` or, of product actions, `deleted`."""
        path, params = self._due(content_type, which, extra_list)
        name = _EXTRA_FILTERS.get(content_type) if extra_list is not None else None

        def is_asked(row: Keyed) -> bool:
            return name is None or getattr(row, name, None) in (None, extra_list)

        return await self.count(path, Keyed, params, is_asked=is_asked)

    async def is_due(self, content_type: ContentType, which: str, key: int, extra_list: int | None = None) -> bool:
        """Whether one object is due now."""
        path, params = self._due(content_type, which, extra_list)
        return await self.holds(path, Keyed, params, key)

    async def first_due(
        self, content_type: ContentType, which: str, pages: int, extra_list: int | None = None
    ) -> tuple[set[int], int | None]:
        """The keys on the first pages of a due list, and the last of them where the list goes on."""
        path, params = self._due(content_type, which, extra_list)
        keys: set[int] = set()
        for number in range(1, pages + 1):
            rows, _, more = await self._page(path, Keyed, {**params, "sort": "id"}, number, None)
            keys.update(row.pk for row in rows)
            if not more:
                return keys, None
        return keys, max(keys, default=0)

    async def count_actions(
        self, content_type: ContentType | None = None, status: IntegrationActionStatus | None = None
    ) -> int:
        """How many of the channel's actions are of a type, or of any, in one status or in any."""
        params: dict[str, Any] = {"channel_id": self.channel_id}
        if content_type is not None:
            params["content_type_name"] = content_type
        if status is not None:
            params["status"] = status

        def is_asked(row: IntegrationAction) -> bool:
            return content_type in (None, row.content_type.model) and status in (None, row.status)

        return await self.count(self._path("integration_actions"), IntegrationAction, params, is_asked=is_asked)

    async def newest_failed_actions(self, wanted: int) -> tuple[list[IntegrationAction], int]:
        """The newest actions in `error`, and how many there are in all."""
        params = {"channel_id": self.channel_id, "status": IntegrationActionStatus.error}
        rows, count = await self.last_rows(self._path("integration_actions"), IntegrationAction, params, wanted)
        return [row for row in rows if row.status is IntegrationActionStatus.error], count

    async def newest_batches(self, wanted: int) -> list[BatchRequest]:
        """The newest batches of the channel, in whatever status."""
        params = {"channel": self.channel_id}
        rows, _ = await self.last_rows(self._path("batch_requests"), BatchRequest, params, wanted)
        return [row for row in rows if row.channel in (None, self.channel_id)]

    async def oldest_batches(
        self, statuses: tuple[BatchRequestStatus, ...], pages: int
    ) -> tuple[list[BatchRequest], bool]:
        """The oldest batches in one of the statuses, and whether that is all of them."""
        params = {"channel": self.channel_id, "status": [str(status) for status in statuses], "sort": "id"}
        found: list[BatchRequest] = []
        more = True
        for number in range(1, pages + 1):
            rows, _, more = await self._page(self._path("batch_requests"), BatchRequest, params, number, None)
            found += [row for row in rows if row.status in statuses and row.channel in (None, self.channel_id)]
            if not more:
                break
        return found, not more

    async def count_products(self, *, simple: bool = False) -> int:
        """How many products Omnitron has: of every type, or simple ones."""
        return await self.count(self._path("products"), Keyed, {"product_type": 0} if simple else None)

    def all_products(self) -> AsyncIterator[list[Product]]:
        """Pages of all products, of every type, whether due or not."""
        return self.pages(self._path("products"), Product, {"sort": "id"}, wanted=EVERYTHING)
