"""Orders and what belongs to them: customers, addresses, items, cancellations, refund requests.

Creates are never repeated blindly: LostAnswerError says that one may have been applied.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, ClassVar

from clients.omnitron.connection import OmnitronConnection
from clients.omnitron.due import DueList, DueRows
from clients.omnitron.listings import LISTINGS
from clients.omnitron.lists import Resource
from dto.enums import ContentType, ErrorType
from dto.omnitron_orders import (
    Address,
    CancellationRequest,
    CargoCompany,
    Customer,
    Order,
    OrderItem,
    OrderShippingInfo,
    Place,
    RetailStore,
)
from dto.text import are_alike

ORDERS_PER_FILTER = 50
"""Keys in one `pk__in` of orders."""


class Customers:
    """The channel's customers."""

    def __init__(self, connection: OmnitronConnection) -> None:
        self._channel_id = connection.channel_id
        self._resource = Resource(connection, "customers", Customer)

    async def find(self, field: str, value: str) -> list[Customer]:
        """Those with this `email`, `phone_number` or `channel_code`, whatever its letter case and blanks."""
        if not value:  # an empty filter would match everybody
            return []
        rows = await self._resource.look_up({field: value, "channel": self._channel_id})
        return [
            row for row in rows if are_alike(getattr(row, field), value) and row.channel in (None, self._channel_id)
        ]

    async def create(self, fields: Mapping[str, Any]) -> Customer:
        """A new customer. A channel code that exists is refused (400)."""
        return await self._resource.create(fields)

    async def update(self, pk: int, fields: Mapping[str, Any]) -> Customer:
        """Changes fields of a customer."""
        return await self._resource.update(pk, fields)


class Addresses:
    """Customers' addresses."""

    def __init__(self, connection: OmnitronConnection) -> None:
        self._resource = Resource(connection, "addresses", Address)

    async def find(self, hash_data: str) -> list[Address]:
        """Those with this hash: one, as a rule."""
        if not hash_data:
            return []
        rows = await self._resource.look_up({"hash_data": hash_data})
        return [row for row in rows if row.hash_data in (None, hash_data)]

    async def create(self, fields: Mapping[str, Any]) -> Address:
        """A new address. One that exists is refused (400), with its hash."""
        return await self._resource.create(fields)


class Places:
    """Countries, cities, townships and districts."""

    RESOURCES: ClassVar = {
        ErrorType.country: "countries",
        ErrorType.city: "cities",
        ErrorType.township: "townships",
        ErrorType.district: "districts",
    }

    def __init__(self, connection: OmnitronConnection) -> None:
        self._connection = connection

    async def find(self, kind: ErrorType, conditions: Mapping[str, Any]) -> list[Place]:
        """The places of a kind that meet the conditions."""
        return await Resource(self._connection, self.RESOURCES[kind], Place).look_up(conditions)

    async def report(self, kind: ErrorType, fields: Mapping[str, Any]) -> None:
        """Tells the merchant, at least once, of a place that Omnitron does not know: it can be mapped there."""
        await self._connection.call("POST", self._connection.path(f"error_reports/{kind}"), body=dict(fields))


class RetailStores:
    """The merchant's shops."""

    def __init__(self, connection: OmnitronConnection) -> None:
        self._resource = Resource(connection, "retail_stores", RetailStore)

    async def find(self, erp_code: str) -> list[RetailStore]:
        """Those with this code: one, as a rule."""
        if not erp_code:
            return []
        rows = await self._resource.look_up({"erp_code": erp_code})
        return [row for row in rows if row.erp_code == erp_code]


class CargoCompanies:
    """The cargo companies that orders can be shipped with."""

    def __init__(self, connection: OmnitronConnection) -> None:
        self._resource = Resource(connection, "cargos", CargoCompany)

    async def all(self) -> list[CargoCompany]:
        """All cargo companies."""
        return await self._resource.all()


class Orders:
    """The channel's orders."""

    def __init__(self, connection: OmnitronConnection) -> None:
        self._connection = connection
        self._resource = Resource(connection, LISTINGS[ContentType.order].resource, Order)

    async def find(self, number: str) -> list[Order]:
        """Those with this number: one at most (assumed)."""
        if not number:
            return []
        rows = await self._resource.look_up({"number": number})
        return [row for row in rows if row.number == number]

    async def get_many(self, keys: Iterable[int]) -> list[Order]:
        """The orders with these keys that exist."""
        wanted = set(keys)
        key_filter = LISTINGS[ContentType.order].key_filter
        rows = await self._resource.with_keys(key_filter, sorted(wanted), ORDERS_PER_FILTER)
        return [row for row in rows if row.pk in wanted]

    async def due(self, wanted: int, skip: Collection[int] = ()) -> DueRows[Order]:
        """The first orders that changed in Omnitron since the channel was last told."""
        return await DueList(self._connection, ContentType.order, "updates", Order).read(wanted, skip)

    async def create(self, order: Mapping[str, Any], items: Sequence[Mapping[str, Any]]) -> Order:
        """A new order with its items. A number that exists is refused (400, assumed)."""
        body = {"order": dict(order), "order_item": [dict(item) for item in items]}
        path = self._connection.path("create_orders")
        return await self._connection.row(Order, "POST", path, body=body, repeatable=False)

    async def update(self, pk: int, fields: Mapping[str, Any]) -> Order:
        """Changes fields of an order (assumed)."""
        return await self._resource.update(pk, fields)

    async def cancel(self, pk: int, reasons: Mapping[int, int], terms: Mapping[str, Any]) -> None:
        """Cancels items of an order, each for its reason. `terms` are the fields of the refund.

        Raises:
            RefusedError: 406, an item is cancelled already (assumed).
            LostAnswerError: the items' status says whether it was applied.
        """
        body = {
            "order": pk,
            "cancel_items": list(reasons),
            "reasons": {str(item): reason for item, reason in reasons.items()},
            **terms,
        }
        await self._connection.call("POST", self._resource.row_path(pk, "cancel"), body=body, repeatable=False)


class OrderItems:
    """The items of orders."""

    def __init__(self, connection: OmnitronConnection) -> None:
        self._resource = Resource(connection, "order_items", OrderItem)

    async def find(self, order: int) -> list[OrderItem]:
        """The items of one order."""
        rows = await self._resource.look_up({"order": order, "sort": "id"})
        return [row for row in rows if row.order in (None, order)]

    async def get(self, pk: int) -> OrderItem:
        """One item."""
        return await self._resource.get(pk)

    async def update(self, pk: int, fields: Mapping[str, Any]) -> OrderItem:
        """Changes fields of an item; its order counts as changed then."""
        return await self._resource.update(pk, fields)


class ShippingInfos:
    """The shipping infos of orders."""

    def __init__(self, connection: OmnitronConnection) -> None:
        self._resource = Resource(connection, "order_shipping_infos", OrderShippingInfo)

    async def find(self, order: int) -> list[OrderShippingInfo]:
        """Those of one order (assumed)."""
        rows = await self._resource.look_up({"order": order})
        return [row for row in rows if row.order == order]

    async def create(self, fields: Mapping[str, Any]) -> OrderShippingInfo:
        """Says who ships an order."""
        return await self._resource.create(fields)


class CancellationRequests:
    """Buyers' requests to cancel or return an item."""

    def __init__(self, connection: OmnitronConnection) -> None:
        self._connection = connection
        self._resource = Resource(connection, LISTINGS[ContentType.cancellation_request].resource, CancellationRequest)

    async def find(self, conditions: Mapping[str, Any]) -> list[CancellationRequest]:
        """Those that meet the conditions, such as `{"status": "approved"}`."""
        return await self._resource.all(conditions)

    async def of_item(self, order_item: int) -> list[CancellationRequest]:
        """Those about one order item.

        Raises:
            UnreadableRowError: one of them does not fit the contract, and may be the one that is looked for.
        """
        rows = await self._resource.look_up({"order_item": order_item})
        return [row for row in rows if row.order_item == order_item]

    async def get(self, pk: int) -> CancellationRequest:
        """One request."""
        return await self._resource.get(pk)

    async def due(self, wanted: int, skip: Collection[int] = ()) -> DueRows[CancellationRequest]:
        """The first requests that the merchant decided since the channel was last told."""
        due_list = DueList(self._connection, ContentType.cancellation_request, "updates", CancellationRequest)
        return await due_list.read(wanted, skip)

    async def create(self, fields: Mapping[str, Any]) -> CancellationRequest:
        """A new request, for the merchant to decide."""
        return await self._resource.create(fields)

    async def update(self, pk: int, fields: Mapping[str, Any]) -> CancellationRequest:
        """Changes the status of a request that the channel has decided by itself (assumed)."""
        return await self._resource.update(pk, fields)
