"""Omnitron's API with types: one method a call.

What its contract only assumes is marked (assumed) where it is relied on, and `channel-app check` tries it.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from typing import Any

from clients.errors import (
    ContractError,
    MappingError,
    RefusedError,
)
from clients.omnitron_connection import PAGE
from clients.omnitron_orders import OrderCalls
from clients.omnitron_overview import OverviewCalls
from clients.omnitron_setup import SetupCalls
from clients.runtime import Runtime
from dto.batches import BatchRequestObjectsDto
from dto.enums import BatchRequestStatus, ContentType, IntegrationActionStatus
from dto.omnitron import (
    AttributeConfig,
    BatchRequest,
    Catalog,
    CategoryTree,
    Channel,
    ContentTypeRow,
    ErrorReportRow,
    IntegrationAction,
    MappedProduct,
    Product,
    ProductCategory,
    ProductImage,
    ProductPrice,
    ProductStock,
)

PRODUCTS_PER_FILTER = 50
"""Keys in one `product__pk__in`: more are refused."""
OBJECT_LISTS: Mapping[ContentType, tuple[str, str, type[Product | ProductPrice | ProductStock | ProductImage]]] = {
    ContentType.product: ("products", "pk__in", Product),
    ContentType.product_price: ("product_prices", "pk__in", ProductPrice),
    ContentType.product_stock: ("product_stocks", "pk__in", ProductStock),
    ContentType.product_image: ("product_images", "id__in", ProductImage),
}
"""Where the objects of a type are listed, and by which filter."""
LIST_FILTERS: Mapping[ContentType, str] = {
    ContentType.product_price: "price_list",
    ContentType.product_stock: "stock_list",
}
"""The field and filter that name the list of a price or stock. Lists beside the catalog's own are read at `extra_...`."""


def _is_of(row: Any, content_type: ContentType, number: int | None) -> bool:
    """Whether a row is of the list that was asked for: a hub that does not know the filter answers every list's."""
    return number is None or getattr(row, LIST_FILTERS[content_type]) in (None, number)


class OmnitronClient(OrderCalls, SetupCalls, OverviewCalls):
    """One channel of one Omnitron: goods, batches, actions and reports here, orders in `omnitron_orders`, what describes the
    channel in `omnitron_setup`, and how things stand in `omnitron_overview`.

    Every method raises what `Transport.send` raises, and ContractError where a row lacks a field or has another type.
    """

    def __init__(self, runtime: Runtime) -> None:
        super().__init__(runtime)
        self._has_events = True
        self._content_type_ids: dict[str, int] = {}
        self._looking_up: dict[str, asyncio.Lock] = {}

    # -- channel, catalog, content types -------------------------------------------------------------------------

    async def channel(self) -> Channel:
        """The channel, with its conf."""
        path = f"channels/{self.channel_id}/"
        return self._parse(Channel, (await self.call("GET", path)).data, f"GET {path}")

    async def catalog(self, pk: int) -> Catalog:
        """A catalog."""
        path = f"catalogs/{pk}/"
        return self._parse(Catalog, (await self.call("GET", path)).data, f"GET {path}")

    async def content_type_id(self, model: str) -> int:
        """Omnitron's id of a model name; looked up once, however many ask at the same time."""
        lock = self._looking_up.setdefault(model, asyncio.Lock())
        async with lock:
            if model not in self._content_type_ids:
                rows = await self.every("content_types/", ContentTypeRow, {"model": model})
                matching = [row.id for row in rows if row.model == model]
                if len(matching) != 1:
                    raise ContractError(f"Omnitron knows {len(matching)} content types named `{model}`, not one.")
                self._content_type_ids[model] = matching[0]
            return self._content_type_ids[model]

    async def category_tree(self, pk: int) -> CategoryTree:
        """A category tree, with its root."""
        path = self._path(f"category_trees/{pk}")
        return self._parse(CategoryTree, (await self.call("GET", path)).data, f"GET {path}")

    # -- products, prices, stocks, images ------------------------------------------------------------------------

    def due_products(self, which: str, wanted: int, language: str | None = None) -> AsyncIterator[list[Product]]:
        """Pages of simple products that are due: `which` is `inserts`, `updates` or `inserts_or_updates`."""
        headers = {"Accept-Language": language} if language else None
        params = {"product_type": 0, "sort": "id"}
        path = self._path(f"products/{which}")
        return self.pages(path, Product, params, wanted=wanted, headers=headers, is_due=True)

    async def due_offers(
        self, content_type: ContentType, which: str, wanted: int, extra_list: int | None = None
    ) -> AsyncIterator[list[Any]]:
        """Pages of prices, stocks or images that are due (`which` is `inserts` or `updates`), of the catalog's own list
        or of an extra one."""
        resource, _, model = OBJECT_LISTS[content_type]
        params: dict[str, Any] = {"sort": "id"}
        if extra_list is not None:
            resource, params = f"extra_{resource}", {**params, LIST_FILTERS[content_type]: extra_list}
        path = self._path(f"{resource}/{which}")
        async for rows in self.pages(path, model, params, wanted=wanted, is_due=True):
            yield [row for row in rows if _is_of(row, content_type, extra_list)]

    async def objects(self, content_type: ContentType, keys: Iterable[int]) -> list[Any]:
        """The products, prices, stocks or images with these keys, as far as they still exist. What the catalog's own
        lists do not hold is looked for in the extra ones."""
        resource, name, model = OBJECT_LISTS[content_type]
        wanted = set(keys)
        places = [resource, f"extra_{resource}"] if content_type in LIST_FILTERS else [resource]
        found: dict[int, Any] = {}
        for place in places:
            missing = wanted - set(found)
            rows = await self._by_keys(self._path(place), model, name, sorted(missing), PAGE, {})
            found.update((row.pk, row) for row in rows if row.pk in missing)
        return list(found.values())

    async def mapped_product(self, pk: int, language: str | None = None) -> MappedProduct:
        """The mapping of one product.

        Raises:
            MappingError: Omnitron cannot map it (406), or does not know it any more (404).
        """
        path = self._path(f"mapped_products/{pk}")
        headers = {"Accept-Language": language} if language else None
        try:
            reply = await self.call("GET", path, headers=headers)
        except RefusedError as error:
            if error.status not in (404, 406):
                raise
            said = error.body.get("error") if isinstance(error.body, dict) else None
            message = self.redactor.line(str(said)) if said else error.message
            raise MappingError(message, **error.context) from error
        return self._parse(MappedProduct, reply.data, f"GET {path}")

    async def prices_of(self, products: Sequence[int], price_list: int, *, extra: bool = False) -> list[ProductPrice]:
        """The prices of these products in a list: the catalog's own, or an `extra` one."""
        return await self._offers_of(ContentType.product_price, products, price_list, extra=extra)

    async def stocks_of(self, products: Sequence[int], stock_list: int, *, extra: bool = False) -> list[ProductStock]:
        """The stocks of these products in a list: the catalog's own, or an `extra` one."""
        return await self._offers_of(ContentType.product_stock, products, stock_list, extra=extra)

    async def _offers_of(
        self, content_type: ContentType, products: Sequence[int], number: int, *, extra: bool
    ) -> list[Any]:
        resource, _, model = OBJECT_LISTS[content_type]
        path = self._path(f"extra_{resource}" if extra else resource)
        params = {LIST_FILTERS[content_type]: number}
        rows: list[Any] = await self._by_keys(path, model, "product__pk__in", products, PRODUCTS_PER_FILTER, params)
        wanted = set(products)
        return [row for row in rows if row.product in wanted and _is_of(row, content_type, number)]

    async def categories_of(self, product: int) -> list[ProductCategory]:
        """The categories in which a product stands, of every tree."""
        return await self.every(self._path("product_categories/detailed"), ProductCategory, {"product": product})

    async def attribute_configs(self, attribute_set: int) -> list[AttributeConfig]:
        """What an attribute set asks of each of its attributes."""
        return await self.every(
            self._path("attribute_configs/detailed"), AttributeConfig, {"attribute_set": attribute_set, "sort": "id"}
        )

    # -- batches -------------------------------------------------------------------------------------------------

    async def create_batch(self) -> BatchRequest:
        """A new batch. It cannot be looked up when the answer is lost: recovery ends the orphan."""
        path = self._path("batch_requests")
        reply = await self.call("POST", path, body={"channel": self.channel_id}, repeatable=False)
        return self._parse(BatchRequest, reply.data, f"POST {path}")

    async def batch(self, pk: int) -> BatchRequest:
        """A batch as it stands."""
        path = self._path(f"batch_requests/{pk}")
        return self._parse(BatchRequest, (await self.call("GET", path)).data, f"GET {path}")

    def batch_url(self, pk: int) -> str:
        """The address of a batch, for people."""
        return self._url(self._path(f"batch_requests/{pk}"))

    async def move_batch(
        self,
        pk: int,
        status: BatchRequestStatus,
        *,
        content_type: ContentType | None = None,
        remote_batch_id: str | None = None,
        objects: Sequence[BatchRequestObjectsDto] | None = None,
    ) -> None:
        """Moves a batch and says what became of its objects.

        Raises:
            RefusedError: 406, the move is not allowed (any more).
        """
        body: dict[str, Any] = {"channel": self.channel_id, "status": status}
        if content_type is not None:
            body["content_type"] = content_type
        if remote_batch_id is not None:
            body["remote_batch_id"] = remote_batch_id
        if objects is not None:
            body["objects"] = [entry.model_dump(mode="json") for entry in objects]
        elif status is BatchRequestStatus.fail:
            body["objects"] = None
        await self.call("PATCH", self._path(f"batch_requests/{pk}"), body=body)

    async def batches(
        self,
        statuses: Iterable[BatchRequestStatus],
        *,
        content_type: ContentType | None = None,
        remote_batch_id: str | None = None,
    ) -> list[BatchRequest]:
        """All batches of this channel in one of the statuses, oldest first."""
        statuses = list(statuses)
        if not statuses or remote_batch_id == "":  # as a filter, nothing would mean everything
            return []
        params: dict[str, Any] = {"channel": self.channel_id, "status": [str(s) for s in statuses], "sort": "id"}
        if content_type is not None:
            params["content_type"] = content_type
        if remote_batch_id is not None:
            params["remote_batch_id"] = remote_batch_id
        rows = await self.every(self._path("batch_requests"), BatchRequest, params)
        return [
            row
            for row in rows
            if row.status in statuses
            and row.channel in (None, self.channel_id)
            and content_type in (None, row.content_type)
            and remote_batch_id in (None, row.remote_batch_id)
        ]

    # -- integration actions -------------------------------------------------------------------------------------

    async def actions(
        self,
        *,
        content_type: ContentType | None = None,
        object_ids: Iterable[int] | None = None,
        remote_ids: Iterable[str] | None = None,
        local_batch_id: str | None = None,
        status: IntegrationActionStatus | None = None,
    ) -> list[IntegrationAction]:
        """The channel's integration actions to which all given conditions apply."""
        if local_batch_id == "":  # as a filter, nothing would mean everything
            return []
        path = self._path("integration_actions")
        params: dict[str, Any] = {"channel_id": self.channel_id, "sort": "id"}
        if content_type is not None:
            params["content_type_name"] = content_type
        if local_batch_id is not None:
            params["local_batch_id"] = local_batch_id
        if status is not None:
            params["status"] = status
        objects = None if object_ids is None else set(object_ids)
        remotes = None if remote_ids is None else set(remote_ids)
        if objects is not None:
            rows = await self._by_keys(path, IntegrationAction, "object_id__in", sorted(objects), PAGE, params)
        elif remotes is not None:
            plain = sorted(remote for remote in remotes if remote and "," not in remote)
            rows = await self._by_keys(path, IntegrationAction, "remote_id__in", plain, PRODUCTS_PER_FILTER, params)
            for remote in sorted(remote for remote in remotes if "," in remote):
                rows += await self.every(path, IntegrationAction, {**params, "remote_id__exact": remote})
        else:
            rows = await self.every(path, IntegrationAction, params)
        return [
            row
            for row in rows
            if row.channel in (None, self.channel_id)
            and (content_type is None or row.content_type.model == content_type)
            and (objects is None or row.object_id in objects)
            and (remotes is None or row.remote_id in remotes)
            and (local_batch_id is None or row.local_batch_id == local_batch_id)
            and (status is None or row.status == status)
        ]

    async def products_on_channel(self) -> AsyncIterator[list[IntegrationAction]]:
        """Pages of the actions of all products that the channel has, in whatever version."""
        params = {"channel_id": self.channel_id, "content_type_name": ContentType.product, "sort": "id"}
        pages = self.pages(self._path("integration_actions"), IntegrationAction, params, wanted=10 * PAGE)
        async for rows in pages:
            yield [row for row in rows if row.remote_id and row.content_type.model == ContentType.product]

    def deleted_actions(self, wanted: int) -> AsyncIterator[list[IntegrationAction]]:
        """Pages of the product actions whose product no longer belongs on the channel."""
        params = {"model": ContentType.product, "channel_id": self.channel_id, "sort": "id"}
        path = self._path("integration_actions/deleted")
        return self.pages(path, IntegrationAction, params, wanted=wanted, is_due=True)

    async def create_action(self, fields: Mapping[str, Any]) -> IntegrationAction:
        """A new action. A second one for the same object is refused: look for the first by its object id."""
        path = self._path("integration_actions")
        reply = await self.call("POST", path, body=dict(fields), repeatable=False)
        return self._parse(IntegrationAction, reply.data, f"POST {path}")

    async def update_action(self, pk: int, fields: Mapping[str, Any]) -> IntegrationAction:
        """Changes fields of an action."""
        path = self._path(f"integration_actions/{pk}")
        return self._parse(IntegrationAction, (await self.call("PATCH", path, body=dict(fields))).data, f"PATCH {path}")

    async def delete_action(self, pk: int) -> None:
        """Deletes an action; one that is gone already counts as deleted."""
        try:
            await self.call("DELETE", self._path(f"integration_actions/{pk}"))
        except RefusedError as error:
            # A 404 that is not Omnitron's own JSON comes from something in front of it, and proves nothing.
            if error.status != 404 or error.body is None:  # noqa: PLR2004
                raise

    # -- reports -------------------------------------------------------------------------------------------------

    async def create_error_report(self, fields: Mapping[str, Any]) -> None:
        """A line in the merchant's log. It may be written twice (its code says so), never not at all."""
        await self.call("POST", self._path("error_reports"), body=dict(fields))

    async def error_reports(self, content_type: str, object_id: int) -> list[ErrorReportRow] | None:
        """The merchant's log of one object, newest first; none where this hub does not let it be read."""
        params = {
            "action_content_type": await self.content_type_id(content_type),
            "action_object_id": object_id,
            "sort": "-id",
        }
        try:
            rows = await anext(self.pages(self._path("error_reports"), ErrorReportRow, params))
        except RefusedError as error:
            if error.status in (404, 405):
                return None
            raise
        return [row for row in rows if row.action_object_id in (None, object_id)]

    async def create_operational_event(self, fields: Mapping[str, Any]) -> bool:
        """An event for the hub's own monitoring. Older hubs have none: false, and not asked again."""
        if not self._has_events:
            return False
        try:
            await self.call("POST", self._path("operational_events"), body=dict(fields))
        except RefusedError as error:
            if error.status != 404:  # noqa: PLR2004
                raise
            self._has_events = False
        return self._has_events
