"""The client: all resources of one channel over one connection."""

from datetime import datetime
from types import TracebackType
from typing import Any, Self

from clients.calls import Traffic
from clients.omnitron.catalogue import AttributeConfigs, ListedOffers, Objects, Offers, ProductCategories, Products
from clients.omnitron.connection import OmnitronConnection
from clients.omnitron.due import DueList
from clients.omnitron.journal import Actions, Batches
from clients.omnitron.lists import Resource
from clients.omnitron.logs import ContentTypes, ErrorReports, OperationalEvents
from clients.omnitron.orders import (
    Addresses,
    CancellationRequests,
    CargoCompanies,
    Customers,
    OrderItems,
    Orders,
    Places,
    RetailStores,
    ShippingInfos,
)
from clients.omnitron.rows import LeftOut, Row
from clients.omnitron.setup import BulkRequests, Catalogs, OwnChannel, SetupRows
from clients.redaction import Redactor
from clients.runtime import Runtime
from dto.enums import ContentType
from dto.omnitron import Keyed, ProductImage, ProductPrice, ProductStock
from dto.omnitron_setup import CategoryTree, TreeNode


class OmnitronClient:
    """One channel of one Omnitron, a resource an attribute.

    What Omnitron's contract only assumes is marked (assumed) where it is relied on, and `channel-app check` tries it.
    Every request raises what `Transport.send` raises, and ContractError if a row lacks a field or has another type.
    """

    def __init__(self, runtime: Runtime) -> None:
        connection = self.connection = OmnitronConnection(runtime)
        self.channel = OwnChannel(connection)
        self.catalogs = Catalogs(connection)
        self.products = Products(connection)
        self.prices = ListedOffers(connection, ContentType.product_price, ProductPrice)
        self.stocks = ListedOffers(connection, ContentType.product_stock, ProductStock)
        self.images = Offers(connection, ContentType.product_image, ProductImage)
        self.product_categories = ProductCategories(connection)
        self.attribute_configs = AttributeConfigs(connection)
        self.batches = Batches(connection)
        self.actions = Actions(connection)
        self.content_types = ContentTypes(connection)
        self.error_reports = ErrorReports(connection, self.content_types)
        self.operational_events = OperationalEvents(connection)
        self.customers = Customers(connection)
        self.addresses = Addresses(connection)
        self.places = Places(connection)
        self.retail_stores = RetailStores(connection)
        self.cargo_companies = CargoCompanies(connection)
        self.orders = Orders(connection)
        self.order_items = OrderItems(connection)
        self.shipping_infos = ShippingInfos(connection)
        self.cancellation_requests = CancellationRequests(connection)
        self.category_trees = SetupRows(connection, "category_trees", CategoryTree)
        self.category_nodes = SetupRows(connection, "category_nodes", TreeNode)
        self.bulk_requests = BulkRequests(connection)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Closes the connections."""
        await self.connection.aclose()

    @property
    def channel_id(self) -> int:
        """The channel's key."""
        return self.connection.channel_id

    @property
    def redactor(self) -> Redactor:
        """Masks the secrets that this client knows."""
        return self.connection.redactor

    @property
    def traffic(self) -> Traffic:
        """Counts the client's requests."""
        return self.connection.traffic

    @property
    def left_out(self) -> LeftOut:
        """The rows that do not fit the contract, and were left out."""
        return self.connection.left_out

    @property
    def server_time(self) -> datetime:
        """Omnitron's own clock at its last answer."""
        return self.connection.server_time

    def objects(self, content_type: ContentType) -> Objects[Any]:
        """The objects of a type that is known at run time: products, prices, stocks or images."""
        return self.products if content_type is ContentType.product else self.offers(content_type)

    def offers(self, content_type: ContentType) -> Offers[Any]:
        """The offers of a type that is known at run time: prices, stocks or images."""
        offers: dict[ContentType, Offers[Any]] = {
            ContentType.product_price: self.prices,
            ContentType.product_stock: self.stocks,
            ContentType.product_image: self.images,
        }
        return offers[content_type]

    def due_list(self, content_type: ContentType, which: str, extra_list: int | None = None) -> DueList[Keyed]:
        """One list of due objects, to count and search; `DueList` explains the arguments."""
        return DueList(self.connection, content_type, which, Keyed, extra_list)

    def setup_rows(self, name: str, model: type[Row]) -> SetupRows[Row]:
        """The rows of a resource that describes the channel: `attributes`, `attribute_sets`, ..."""
        return SetupRows(self.connection, name, model)

    def resource(self, name: str, model: type[Row]) -> Resource[Row]:
        """Any resource below the channel, without checks of its rows."""
        return Resource(self.connection, name, model)
