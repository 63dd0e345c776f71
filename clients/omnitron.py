"""Omnitron's API with types: one method a call.

What its contract only assumes is marked (assumed) where it is relied on, and `channel-app check` tries it.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from types import TracebackType
from typing import Any, Self, TypeVar

from pydantic import BaseModel, ValidationError

from clients.clock import http_date
from clients.errors import (
    AuthError,
    ContractError,
    HubUnavailableError,
    MappingError,
    RefusedError,
)
from clients.runtime import Runtime
from clients.transport import Call, Reply, Transport
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

Row = TypeVar("Row", bound=BaseModel)

PAGE = 100
"""Rows asked for in one page: a server may cap it there (assumed)."""
PRODUCTS_PER_FILTER = 50
"""Keys in one `product__pk__in`: more are refused."""
MOST_PAGES = 100_000
"""A list that goes on after so many pages never ends."""
PAGES_AHEAD = 64
"""Pages that are asked for side by side: enough to keep a client busy, few enough to be held at once."""

OBJECT_LISTS: Mapping[ContentType, tuple[str, str, type[Product | ProductPrice | ProductStock | ProductImage]]] = {
    ContentType.product: ("products", "pk__in", Product),
    ContentType.product_price: ("product_prices", "pk__in", ProductPrice),
    ContentType.product_stock: ("product_stocks", "pk__in", ProductStock),
    ContentType.product_image: ("product_images", "id__in", ProductImage),
}
"""Where the objects of a type are listed, and by which filter."""


def chunks(keys: Iterable[Any], size: int) -> list[list[Any]]:
    """`keys` in lists of at most `size`."""
    keys = list(keys)
    return [keys[start : start + size] for start in range(0, len(keys), size)]


def _signed(call: Call, token: str) -> Call:
    return replace(call, headers={**call.headers, "Authorization": f"Token {token}"})


class OmnitronClient:
    """One channel of one Omnitron.

    Every method raises what `Transport.send` raises, and ContractError where a row lacks a field or has another type.
    """

    def __init__(self, runtime: Runtime) -> None:
        settings = runtime.settings
        self.channel_id = settings.OMNITRON_CHANNEL_ID
        self.redactor = runtime.redactor
        self.redactor.learn(settings.OMNITRON_PASSWORD.get_secret_value())
        self._settings = settings
        self._clock = runtime.clock
        self._transport = Transport(
            "Omnitron",
            f"{settings.OMNITRON_URL}/api/v1/",
            runtime,
            unavailable=HubUnavailableError,
        )
        self.traffic = self._transport.traffic
        self._token: str | None = None
        self._log_in_refused: AuthError | None = None
        self._logging_in = asyncio.Lock()
        self._has_events = True
        self._date = ""
        self._content_type_ids: dict[str, int] = {}
        self._looking_up: dict[str, asyncio.Lock] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Closes the connections."""
        await self._transport.aclose()

    # -- one call ------------------------------------------------------------------------------------------------

    async def call(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        repeatable: bool = True,
    ) -> Reply:
        """One request as the channel's user; logs in first, and once more when the key has expired."""
        call = Call(method, path, params or {}, body, headers or {}, repeatable)
        token = await self._log_in()
        try:
            reply = await self._transport.send(_signed(call, token))
        except AuthError as error:
            if error.context.get("status") != 401:  # noqa: PLR2004
                raise
            token = await self._log_in(stale=token)
            reply = await self._transport.send(_signed(call, token))
        self._date = reply.headers.get("Date", self._date)
        return reply

    async def _log_in(self, stale: str | None = None) -> str:
        """The key. Many calls may find it expired at once: the first logs in, the others wait for it."""
        async with self._logging_in:
            if self._log_in_refused is not None:
                raise self._log_in_refused
            if self._token is None or self._token == stale:
                self._token = await self._fresh_token()
            return self._token

    async def _fresh_token(self) -> str:
        user = self._settings.OMNITRON_USERNAME
        credentials = {"username": user, "password": self._settings.OMNITRON_PASSWORD.get_secret_value()}
        self.traffic.log_ins += 1
        try:
            reply = await self._transport.send(Call("POST", "auth/login/", body=credentials))
        except (RefusedError, AuthError) as error:
            self._log_in_refused = AuthError(
                f"Omnitron refused the log-in of `{user}`: {error.message} Check OMNITRON_USERNAME and "
                "OMNITRON_PASSWORD; nothing was tried again, for an account locks after a few wrong tries.",
                **error.context,
            )
            raise self._log_in_refused from error
        key = reply.data.get("key") if isinstance(reply.data, dict) else None
        if not isinstance(key, str) or not key:
            raise ContractError("Omnitron answered the log-in without a `key`. Is OMNITRON_URL an Omnitron's address?")
        self.redactor.learn(key)
        return key

    def _path(self, resource: str) -> str:
        return f"channel/{self.channel_id}/{resource}/"

    def _parse(self, model: type[Row], data: Any, what: str) -> Row:
        try:
            return model.model_validate(data)
        except ValidationError as error:
            first = error.errors(include_input=False, include_url=False)[0]
            field = ".".join(str(part) for part in first["loc"]) or "the answer"
            raise ContractError(
                f"Omnitron's answer to {what} is not a {model.__name__}: {field}: {first['msg']}. "
                "Has its API changed? `channel-app check` compares it with the contract."
            ) from None  # pydantic's own error quotes the row, and customers' data with it

    # -- lists ---------------------------------------------------------------------------------------------------

    async def pages(
        self,
        path: str,
        model: type[Row],
        params: Mapping[str, Any] | None = None,
        *,
        wanted: int = PAGE,
        headers: Mapping[str, str] | None = None,
    ) -> AsyncIterator[list[Row]]:
        """The pages of a list, in order.

        Once the first has told how many rows there are and how many come at a time, as many further pages as `wanted`
        rows need are asked for at once.
        """
        rows, count, more = await self._page(path, model, params, 1, headers)
        yield rows
        size, done = len(rows), 1
        while more:
            if done >= MOST_PAGES:
                raise ContractError(f"Omnitron's list {path} did not end after {done} pages.", path=path)
            missing = min(wanted, count) - done * size
            ahead = max(1, min(-(-missing // size), MOST_PAGES - done, PAGES_AHEAD)) if size else 1
            batch = await asyncio.gather(
                *(self._page(path, model, params, done + 1 + index, headers) for index in range(ahead))
            )
            for rows, _, more in batch:
                done += 1
                yield rows
                if not more:
                    return

    async def _page(
        self,
        path: str,
        model: type[Row],
        params: Mapping[str, Any] | None,
        number: int,
        headers: Mapping[str, str] | None,
    ) -> tuple[list[Row], int, bool]:
        """One page: its rows, how many rows the list has, and whether it goes on."""
        query = {"limit": PAGE, **(params or {})}
        if number > 1:
            query["page"] = number
        try:
            reply = await self.call("GET", path, params=query, headers=headers)
        except RefusedError as error:
            if number > 1 and error.status == 404:  # noqa: PLR2004  # the list has shrunk meanwhile
                return [], 0, False
            raise
        data = reply.data
        if isinstance(data, list):
            rows, count, more = data, len(data), False
        elif isinstance(data, dict) and isinstance(data.get("results"), list):
            rows, more = data["results"], bool(data.get("next"))
            count = data["count"] if isinstance(data.get("count"), int) else 0
        else:
            raise ContractError(f"Omnitron answered GET {path} with no list: `results` is missing.", path=path)
        return [self._parse(model, row, f"GET {path}") for row in rows], count, more

    async def every(self, path: str, model: type[Row], params: Mapping[str, Any] | None = None) -> list[Row]:
        """All rows of a list."""
        return [row async for page in self.pages(path, model, params, wanted=10 * PAGE) for row in page]

    async def _by_keys(
        self, path: str, model: type[Row], name: str, keys: Iterable[Any], size: int, params: Mapping[str, Any]
    ) -> list[Row]:
        """All rows whose `name` filter holds one of the keys, asked for in chunks of `size` side by side."""
        asked = (
            self.every(path, model, {**params, name: ",".join(map(str, chunk)), "sort": "id"})
            for chunk in chunks(keys, size)
        )
        return [row for rows in await asyncio.gather(*asked) for row in rows]

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
        return self.pages(self._path(f"products/{which}"), Product, params, wanted=wanted, headers=headers)

    async def objects(self, content_type: ContentType, keys: Iterable[int]) -> list[Any]:
        """The products, prices, stocks or images with these keys, as far as they still exist."""
        resource, name, model = OBJECT_LISTS[content_type]
        wanted = set(keys)
        rows = await self._by_keys(self._path(resource), model, name, sorted(wanted), PAGE, {})
        return [row for row in rows if row.pk in wanted]

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

    async def prices_of(self, products: Sequence[int], price_list: int) -> list[ProductPrice]:
        """The prices of these products in a list."""
        path, params = self._path("product_prices"), {"price_list": price_list}
        rows = await self._by_keys(path, ProductPrice, "product__pk__in", products, PRODUCTS_PER_FILTER, params)
        wanted = set(products)
        return [row for row in rows if row.product in wanted and row.price_list in (None, price_list)]

    async def stocks_of(self, products: Sequence[int], stock_list: int) -> list[ProductStock]:
        """The stocks of these products in a list."""
        path, params = self._path("product_stocks"), {"stock_list": stock_list}
        rows = await self._by_keys(path, ProductStock, "product__pk__in", products, PRODUCTS_PER_FILTER, params)
        wanted = set(products)
        return [row for row in rows if row.product in wanted and row.stock_list in (None, stock_list)]

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

    @property
    def server_time(self) -> datetime:
        """Omnitron's own clock at its last answer: ages of its batches are measured against it."""
        return http_date(self._date) or self._clock.now()

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

    def deleted_actions(self, wanted: int) -> AsyncIterator[list[IntegrationAction]]:
        """Pages of the product actions whose product no longer belongs on the channel."""
        params = {"model": ContentType.product, "channel_id": self.channel_id, "sort": "id"}
        return self.pages(self._path("integration_actions/deleted"), IntegrationAction, params, wanted=wanted)

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
        return rows

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
