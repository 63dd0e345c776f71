"""Omnitron's API for orders: customers, addresses, places, orders and their items, cancellations, refund requests."""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from typing import Any, ClassVar

from clients.omnitron_connection import OmnitronConnection
from dto.enums import ErrorType
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

ORDERS_PER_FILTER = 50
"""Keys in one `pk__in` of orders."""


class OrderCalls(OmnitronConnection):
    """What is asked and written about orders.

    Creates are never repeated blindly: LostAnswerError says that one may have been applied.
    """

    PLACES: ClassVar = {
        ErrorType.country: "countries",
        ErrorType.city: "cities",
        ErrorType.township: "townships",
        ErrorType.district: "districts",
    }

    # -- customers and addresses ---------------------------------------------------------------------------------

    async def customers(self, field: str, value: str) -> list[Customer]:
        """The channel's customers with this `email`, `phone_number` or `channel_code`, upper and lower case alike."""
        if not value:  # as a filter, nothing would mean everybody
            return []
        rows = await self.every(self._path("customers"), Customer, {field: value, "channel": self.channel_id})
        return [
            row
            for row in rows
            if str(getattr(row, field) or "").casefold() == value.casefold() and row.channel in (None, self.channel_id)
        ]

    async def create_customer(self, fields: Mapping[str, Any]) -> Customer:
        """A new customer. A channel code that exists is refused (400)."""
        path = self._path("customers")
        reply = await self.call("POST", path, body=dict(fields), repeatable=False)
        return self._parse(Customer, reply.data, f"POST {path}")

    async def update_customer(self, pk: int, fields: Mapping[str, Any]) -> Customer:
        """Changes fields of a customer."""
        path = self._path(f"customers/{pk}")
        return self._parse(Customer, (await self.call("PATCH", path, body=dict(fields))).data, f"PATCH {path}")

    async def places(self, kind: ErrorType, conditions: Mapping[str, Any]) -> list[Place]:
        """Countries, cities, townships or districts to which the conditions apply."""
        return await self.every(self._path(self.PLACES[kind]), Place, conditions)

    async def create_place_report(self, kind: ErrorType, fields: Mapping[str, Any]) -> None:
        """Tells the merchant of a place that Omnitron does not know: it can be mapped there. May be told twice."""
        await self.call("POST", self._path(f"error_reports/{kind}"), body=dict(fields))

    async def create_address(self, fields: Mapping[str, Any]) -> Address:
        """A new address. One that exists is refused (400), with its hash."""
        path = self._path("addresses")
        reply = await self.call("POST", path, body=dict(fields), repeatable=False)
        return self._parse(Address, reply.data, f"POST {path}")

    async def addresses(self, hash_data: str) -> list[Address]:
        """The addresses with this hash: one, as a rule."""
        if not hash_data:
            return []
        rows = await self.every(self._path("addresses"), Address, {"hash_data": hash_data})
        return [row for row in rows if row.hash_data in (None, hash_data)]

    async def retail_stores(self, erp_code: str) -> list[RetailStore]:
        """The shops with this code: one, as a rule."""
        if not erp_code:
            return []
        rows = await self.every(self._path("retail_stores"), RetailStore, {"erp_code": erp_code})
        return [row for row in rows if row.erp_code == erp_code]

    async def cargo_companies(self) -> list[CargoCompany]:
        """All cargo companies."""
        return await self.every(self._path("cargos"), CargoCompany)

    # -- orders --------------------------------------------------------------------------------------------------

    async def orders_numbered(self, number: str) -> list[Order]:
        """The channel's orders with this number: one at most (assumed)."""
        if not number:
            return []
        rows = await self.every(self._path("orders"), Order, {"number": number})
        return [row for row in rows if row.number == number]

    async def orders(self, keys: Iterable[int]) -> list[Order]:
        """The orders with these keys, as far as they exist."""
        wanted = set(keys)
        path = self._path("orders")
        rows = await self._by_keys(path, Order, "pk__in", sorted(wanted), ORDERS_PER_FILTER, {})
        return [row for row in rows if row.pk in wanted]

    def due_orders(self, wanted: int) -> AsyncIterator[list[Order]]:
        """Pages of the orders that changed in Omnitron since the channel was last told."""
        return self.pages(self._path("orders/updates"), Order, {"sort": "id"}, wanted=wanted, is_due=True)

    async def create_order(self, order: Mapping[str, Any], items: Sequence[Mapping[str, Any]]) -> Order:
        """A new order with its items. A number that exists is refused (400, assumed)."""
        path = self._path("create_orders")
        body = {"order": dict(order), "order_item": [dict(item) for item in items]}
        reply = await self.call("POST", path, body=body, repeatable=False)
        return self._parse(Order, reply.data, f"POST {path}")

    async def order_items(self, order: int) -> list[OrderItem]:
        """The items of an order."""
        rows = await self.every(self._path("order_items"), OrderItem, {"order": order, "sort": "id"})
        return [row for row in rows if row.order in (None, order)]

    async def order_item(self, pk: int) -> OrderItem:
        """One item of an order."""
        path = self._path(f"order_items/{pk}")
        return self._parse(OrderItem, (await self.call("GET", path)).data, f"GET {path}")

    async def update_order_item(self, pk: int, fields: Mapping[str, Any]) -> OrderItem:
        """Changes fields of an item; its order counts as changed then."""
        path = self._path(f"order_items/{pk}")
        return self._parse(OrderItem, (await self.call("PATCH", path, body=dict(fields))).data, f"PATCH {path}")

    async def cancel_order(
        self, order: int, items: Sequence[int], reasons: Mapping[int, int], forced_refund_amount: str | None
    ) -> None:
        """Cancels items of an order, each for a reason.

        Raises:
            RefusedError: 406, an item is cancelled already (assumed).
            LostAnswerError: the items' status says whether it was applied.
        """
        body = {
            "order": order,
            "cancel_items": list(items),
            "reasons": {str(item): reason for item, reason in reasons.items()},
            "forced_refund_amount": forced_refund_amount,
        }
        await self.call("POST", self._path(f"orders/{order}/cancel"), body=body, repeatable=False)

    async def shipping_infos(self, order: int) -> list[OrderShippingInfo]:
        """The shipping infos of an order (assumed)."""
        rows = await self.every(self._path("order_shipping_infos"), OrderShippingInfo, {"order": order})
        return [row for row in rows if row.order == order]

    async def create_shipping_info(self, fields: Mapping[str, Any]) -> OrderShippingInfo:
        """Says who ships an order."""
        path = self._path("order_shipping_infos")
        reply = await self.call("POST", path, body=dict(fields), repeatable=False)
        return self._parse(OrderShippingInfo, reply.data, f"POST {path}")

    # -- cancellation and refund requests ------------------------------------------------------------------------

    async def cancellation_requests(self, conditions: Mapping[str, Any]) -> list[CancellationRequest]:
        """The requests to which the conditions apply, such as `{"order_item": 7}` or `{"status": "approved"}`."""
        return await self.every(self._path("cancellation_requests"), CancellationRequest, conditions)

    def due_cancellation_requests(self, wanted: int) -> AsyncIterator[list[CancellationRequest]]:
        """Pages of the requests that the merchant decided since the channel was last told."""
        path = self._path("cancellation_requests/updates")
        return self.pages(path, CancellationRequest, {"sort": "id"}, wanted=wanted, is_due=True)

    async def create_cancellation_request(self, fields: Mapping[str, Any]) -> CancellationRequest:
        """A new request, for the merchant to decide."""
        path = self._path("cancellation_requests")
        reply = await self.call("POST", path, body=dict(fields), repeatable=False)
        return self._parse(CancellationRequest, reply.data, f"POST {path}")
