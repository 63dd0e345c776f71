"""Products and their offers: prices, stocks and images."""

from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence
from http import HTTPStatus
from typing import Any, Generic

from clients.answers import Reply
from clients.errors import MappingError, RefusedError, UnreadableRowError
from clients.omnitron.connection import OmnitronConnection
from clients.omnitron.due import DueList, DueRows, Ready
from clients.omnitron.listings import LISTINGS
from clients.omnitron.lists import EVERYTHING, PAGE, Resource, key_of
from clients.omnitron.rows import DOES_NOT_FIT, Row, fitted, problem_of
from dto.enums import ContentType
from dto.omnitron import Keyed, MappedProduct, Product, ProductCategory
from dto.omnitron_setup import AttributeConfig

PRODUCTS_PER_FILTER = 50
"""Keys in one `product__pk__in`: more are refused."""


class Objects(Generic[Row]):
    """The objects of one content type."""

    def __init__(self, connection: OmnitronConnection, content_type: ContentType, model: type[Row]) -> None:
        self.connection = connection
        self.content_type = content_type
        self.model = model
        self.listing = LISTINGS[content_type]
        names = [self.listing.resource]
        if self.listing.list_filter is not None:
            names.append(f"extra_{self.listing.resource}")
        self.resources = [Resource(connection, name, model) for name in names]
        """The catalog's own lists, then the extra ones if the type has any."""

    async def get_many(self, keys: Iterable[int]) -> list[Row]:
        """The objects with these keys that still exist. Those that the catalog's own lists do not hold are looked for in
        the extra ones."""
        wanted = set(keys)
        found: dict[int, Row] = {}
        for resource in self.resources:
            missing = wanted - set(found)
            rows = await resource.with_keys(self.listing.key_filter, sorted(missing), PAGE)
            found.update((key_of(row), row) for row in rows if key_of(row) in missing)
        return list(found.values())

    async def touch(self, pk: int, *, extra: bool = False) -> None:
        """Marks an object of the catalog's own list, or of an `extra` one, as changed, without a change: its `modified_date`
        moves (assumed), so that it has new attempts.

        Raises:
            RefusedError: this hub does not let it be written.
        """
        resource = self.resources[1 if extra else 0]
        await self.connection.call("PATCH", resource.row_path(pk), body={})


class Products(Objects[Product]):
    """Products, whether on the channel or not."""

    def __init__(self, connection: OmnitronConnection) -> None:
        super().__init__(connection, ContentType.product, Product)

    async def due(
        self, which: str, wanted: int, skip: Collection[int] = (), language: str | None = None
    ) -> DueRows[Product]:
        """The first simple products that are due: `which` is `inserts`, `updates` or `inserts_or_updates`."""
        return await self._due_list(which).read(wanted, skip, _in_language(language))

    def due_pages(self, which: str, wanted: int) -> AsyncIterator[list[Product]]:
        """The same page by page, for a search that may stop early."""
        return self._due_list(which).pages(wanted)

    def _due_list(self, which: str) -> DueList[Product]:
        return DueList(self.connection, self.content_type, which, self.model)

    async def get_mapped(self, pk: int, language: str | None = None) -> MappedProduct:
        """The mapping of one product.

        Raises:
            MappingError: Omnitron cannot map it (406), or no longer has it (404).
            UnreadableRowError: the mapping does not fit the contract.
        """
        path = self.connection.path(f"mapped_products/{pk}")
        reply = await self._mapping(path, language)
        try:
            return fitted(MappedProduct, reply.data)
        except DOES_NOT_FIT as error:
            raise UnreadableRowError(
                f"Omnitron's mapping of product {pk} cannot be read: {problem_of(error, reply.data, self.connection.redactor)}. "
                "Correct it in Omnitron; the other products go on."
            ) from None  # pydantic's own error quotes the row

    async def _mapping(self, path: str, language: str | None) -> Reply:
        try:
            return await self.connection.call("GET", path, headers=_in_language(language))
        except RefusedError as error:
            if error.status not in (HTTPStatus.NOT_FOUND, HTTPStatus.NOT_ACCEPTABLE):
                raise
            said = error.body.get("error") if isinstance(error.body, dict) else None
            message = self.connection.redactor.line(str(said)) if said else error.message
            raise MappingError(message, **error.context) from error

    async def count(self, *, simple: bool = False) -> int:
        """How many products Omnitron has: of every type, or simple ones only."""
        keys = Resource(self.connection, self.listing.resource, Keyed)
        return await keys.count({"product_type": 0} if simple else None)

    def pages(self) -> AsyncIterator[list[Product]]:
        """Pages of all products, of every type, whether due or not."""
        return self.resources[0].pages({"sort": "id"}, wanted=EVERYTHING)


class Offers(Objects[Row]):
    """Prices, stocks or images of products."""

    async def due(
        self,
        which: str,
        wanted: int,
        skip: Collection[int] = (),
        extra_list: int | None = None,
        ready: Ready[Row] | None = None,
        waiting: Collection[int] = (),
    ) -> DueRows[Row]:
        """The first offers that are due (`which` is `inserts` or `updates`) and `ready`, of the catalog's own list or an extra
        one."""
        due_list = DueList(self.connection, self.content_type, which, self.model, extra_list)
        return await due_list.read(wanted, skip, ready=ready, waiting=waiting)


class ListedOffers(Offers[Row]):
    """Prices or stocks: each stands in a list, the catalog's own or an extra one."""

    def __init__(self, connection: OmnitronConnection, content_type: ContentType, model: type[Row]) -> None:
        super().__init__(connection, content_type, model)
        if self.listing.list_filter is None:
            raise TypeError(f"{content_type} objects stand in no list")
        self._list_filter = self.listing.list_filter

    async def find(self, products: Sequence[int], list_key: int, *, extra: bool = False) -> list[Row]:
        """The offers of these products in a list: the catalog's own, or an `extra` one."""
        resource = self.resources[1 if extra else 0]
        params = {self._list_filter: list_key}
        rows = await resource.with_keys("product__pk__in", products, PRODUCTS_PER_FILTER, params)
        wanted = set(products)
        return [
            row
            for row in rows
            if getattr(row, "product", None) in wanted and getattr(row, self._list_filter) in (None, list_key)
        ]


class ProductCategories:
    """The categories in which products stand."""

    def __init__(self, connection: OmnitronConnection) -> None:
        self._resource = Resource(connection, "product_categories/detailed", ProductCategory)

    async def find(self, product: int) -> list[ProductCategory]:
        """The categories of one product, in every tree."""
        return await self._resource.look_up({"product": product})


class AttributeConfigs:
    """The requirements that attribute sets make."""

    def __init__(self, connection: OmnitronConnection) -> None:
        self._resource = Resource(connection, "attribute_configs/detailed", AttributeConfig)

    async def find(self, attribute_set: int) -> list[AttributeConfig]:
        """The requirements of one attribute set, one for each of its attributes."""
        return await self._resource.all({"attribute_set": attribute_set, "sort": "id"})


def _in_language(language: str | None) -> Mapping[str, Any] | None:
    return {"Accept-Language": language} if language else None
