"""Orders, cancellations and refund requests on the local marketplace."""

from collections.abc import Sequence

from tasks.channel import (
    AddressDto,
    CancellationRequestDto,
    CancellationType,
    CancelOrderDto,
    ChannelCancellationRequestDto,
    ChannelCreateOrderDto,
    ChannelOrderDto,
    ChannelUpdateOrderItemDto,
    CustomerDto,
    Fetched,
    Order,
    OrderItem,
    OrderItemDto,
    OrderStatus,
    SendOutcome,
    orders,
)
from tasks.channel.sandbox.marketplace import Marketplace, Page, Row

STATUSES = {
    "NEW": OrderStatus.new,
    "PACKED": OrderStatus.packed,
    "SHIPPED": OrderStatus.shipped,
    "DELIVERED": OrderStatus.delivered,
    "CANCELLED": OrderStatus.cancelled,
}
"""The marketplace's word for a status → Omnitron's status."""
WORDS: dict[str, str] = {status: word for word, status in STATUSES.items()}
PLACE = (
    "title",
    "township",
    "district",
    "postcode",
    "company_name",
    "tax_office",
    "tax_no",
    "identity_number",
    "retail_store",
)
"""The fields of an address that may be missing, and are called as in Omnitron."""
NEWS = ("status", "invoice_number", "invoice_date", "tracking_number")
"""The fields of an item that the marketplace wants to know."""


class GetOrders(orders.GetOrders[Marketplace]):
    """The orders of the window, page by page; an unreadable one does not stop the others."""

    async def send(self, _: None) -> Fetched[ChannelCreateOrderDto]:
        page = await self.listed()
        built = self.build_each(page.rows, self.order, lambda row: str(row["number"]))
        report = self.create_report({"orders": len(page.rows), "since": self.since.isoformat()})
        return Fetched(tuple(built), tuple(report), next=page.next)

    async def listed(self) -> Page:
        """A page of orders in the marketplace's terms."""
        return await self.integration.page_of("/orders", self.since, self.page)

    def order(self, row: Row) -> ChannelCreateOrderDto:
        """One order in Omnitron's terms."""
        buyer = row["buyer"]
        order = ChannelOrderDto(
            remote_id=row["id"],
            number=row["number"],
            channel=self.integration.channel.pk,
            customer=CustomerDto(
                email=buyer.get("email") or "",
                first_name=buyer["first_name"],
                last_name=buyer["last_name"],
                channel_code=buyer["id"],
                phone_number=buyer.get("phone"),
            ),
            shipping_address=_address(row["shipping_address"]),
            billing_address=_address(row["billing_address"]),
            currency=row["currency"].lower(),
            amount=row["amount"],
            shipping_amount=row["shipping_amount"],
            shipping_tax_rate=row["shipping_tax_rate"],
            net_shipping_amount=row.get("net_shipping_amount"),
            discount_amount=row.get("discount_amount"),
            extra_field={},
            cargo_company=row["cargo"],
            created_at=row["created_at"],
            notes=row.get("notes"),
            tracking_number=row.get("tracking_number"),
            status=STATUSES.get(row.get("status") or "", ""),
        )
        items = [_item(line) for line in row["items"]]
        return ChannelCreateOrderDto(order=order, order_item=items, is_acknowledged=row.get("acknowledged"))


def _address(row: Row) -> AddressDto:
    return AddressDto(
        email=row.get("email") or "",
        phone_number=row.get("phone"),
        first_name=row["first_name"],
        last_name=row["last_name"],
        country=row["country"],
        city=row["city"],
        line=row["line"],
        **{name: row.get(name) for name in PLACE},
    )


def _item(row: Row) -> OrderItemDto:
    return OrderItemDto(
        remote_id=row["id"],
        product=row["product"],
        price_currency=row["currency"].lower(),
        price=row["price"],
        tax_rate=row["tax_rate"],
        extra_field={},
        status=STATUSES.get(row.get("status") or ""),
        retail_price=row.get("retail_price"),
        discount_amount=row.get("discount_amount"),
        tracking_number=row.get("tracking_number"),
        parent=row.get("parent"),
    )


class AcknowledgeOrders(orders.AcknowledgeOrders[Marketplace]):
    """For a marketplace that wants to know; telling it twice is the same as once."""

    def transform_data(self, data: list[ChannelCreateOrderDto]) -> list[Row]:
        return [{"remote_id": entry.order.remote_id, "number": entry.order.number} for entry in data]

    async def send(self, items: list[Row]) -> SendOutcome:
        return await self.integration.hand_over(self, "POST", "/orders/acknowledge", items)


class SendUpdatedOrders(orders.SendUpdatedOrders[Marketplace]):
    """Status, invoice and tracking numbers, by the marketplace's id. Sending them twice is the same as once."""

    def transform_data(self, data: list[Order]) -> list[Row]:
        return [
            {
                "remote_id": order.remote_id,
                "number": order.number,
                "status": WORDS.get(order.status or ""),
                "tracking_number": order.tracking_number,
                "version": order.model_dump(mode="json")["modified_date"],
                "items": [_news(item) for item in order.orderitem_set or ()],
            }
            for order in data
        ]

    async def send(self, items: list[Row]) -> SendOutcome:
        return await self.integration.hand_over(self, "PUT", "/orders", items)


def _news(item: OrderItem) -> Row:
    """An item for the marketplace, which leaves a field as it is where it gets None: one that it knows already may have been
    changed there since."""
    row = {**item.model_dump(mode="json"), "status": WORDS.get(item.status or "")}
    told = {name: row[name] if item.untold is None or name in item.untold else None for name in NEWS}
    return {"remote_id": item.remote_id, **told}


class GetCancelledOrders(orders.GetCancelledOrders[Marketplace]):
    """The cancellations of the window."""

    async def send(self, _: None) -> Fetched[CancelOrderDto]:
        page = await self.integration.page_of("/cancellations", self.since, self.page)
        built = self.build_each(page.rows, self.cancellation, lambda row: str(row["order_number"]))
        return Fetched(tuple(built), next=page.next)

    def cancellation(self, row: Row) -> CancelOrderDto:
        """One cancellation in Omnitron's terms."""
        return CancelOrderDto(
            order=row["order_number"],
            cancel_items=[item["id"] for item in row["items"]],
            reasons={item["id"]: item["reason"] for item in row["items"]},
            is_cargo_refund=row.get("is_cargo_refund"),
            forced_refund_amount=row.get("forced_refund_amount"),
            refund_invoice_number=row.get("refund_invoice_number"),
        )


class GetUpdatedOrderItems(orders.GetUpdatedOrderItems[Marketplace]):
    """The items of the window that the marketplace changed."""

    async def send(self, _: None) -> Fetched[ChannelUpdateOrderItemDto]:
        page = await self.integration.page_of("/order-items", self.since, self.page)
        return Fetched(tuple(self.build_each(page.rows, self.update, lambda row: str(row["id"]))), next=page.next)

    def update(self, row: Row) -> ChannelUpdateOrderItemDto:
        """One change in Omnitron's terms."""
        return ChannelUpdateOrderItemDto(
            remote_id=row["id"],
            order_remote_id=row.get("order_id"),
            order_number=row.get("order_number"),
            status=STATUSES.get(row.get("status") or ""),
            invoice_number=row.get("invoice_number"),
            invoice_date=row.get("invoice_date"),
            tracking_number=row.get("tracking_number"),
            modified_date=row.get("updated_at"),
        )


class GetCancellationRequests(orders.GetCancellationRequests[Marketplace]):
    """The requests of the window."""

    async def send(self, _: None) -> Fetched[CancellationRequestDto]:
        page = await self.integration.page_of("/requests", self.since, self.page)
        return Fetched(tuple(self.build_each(page.rows, self.request, lambda row: str(row["id"]))), next=page.next)

    def request(self, row: Row) -> CancellationRequestDto:
        """One request in Omnitron's terms."""
        return CancellationRequestDto(
            order_item=row["order_item"],
            reason=row["reason"],
            remote_id=row["id"],
            description=row.get("description") or "",
            cancellation_type=CancellationType(row["type"]),
            status=row["status"] if row.get("is_decided_here") else None,
        )


class UpdateCancellationRequest(orders.UpdateCancellationRequest[Marketplace]):
    """Sends decisions by the marketplace's id of the request."""

    def transform_data(self, data: Sequence[ChannelCancellationRequestDto]) -> list[Row]:
        same = {"remote_id", "status", "description", "reason", "order_item"}
        return [{**request.model_dump(include=same), "type": request.cancellation_type} for request in data]

    async def send(self, items: list[Row]) -> SendOutcome:
        return await self.integration.hand_over(self, "PUT", "/requests", items)
