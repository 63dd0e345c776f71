"""The channel's orders: created in Omnitron once, with their items, and bound to the channel's ids."""

from collections.abc import Hashable, Sequence
from datetime import datetime
from typing import Any, ClassVar

from clients.errors import MissingError
from dto.base import is_blank
from dto.enums import ContentType, OrderStatus
from dto.omnitron_orders import Order
from dto.orders import ChannelCreateOrderDto, OmnitronCreateOrderDto, OmnitronOrderDto, OrderItemDto
from tasks.batch import Member
from tasks.concurrency import side_by_side
from tasks.create_once import create_once
from tasks.omnitron.command import OmnitronCommand
from tasks.omnitron.orders.addresses import GetOrCreateAddress
from tasks.omnitron.orders.arrivals import Arrival, ArrivalCommand
from tasks.omnitron.orders.bindings import bind_at_once, bindings_of, unbound
from tasks.omnitron.orders.bound_items import orders_by_remote_id
from tasks.omnitron.orders.cargo_companies import GetCargoCompany
from tasks.omnitron.orders.customers import GetOrCreateCustomer
from tasks.omnitron.orders.field_limits import ADDRESS, ORDER, ORDER_ITEM, PERSON, fit
from tasks.omnitron.orders.known_orders import find_order, products_by_remote_id, remote_id_of
from tasks.omnitron.orders.replacing import first_of_each, take_place, with_former_id


class ProductNotFoundError(MissingError):
    """Omnitron never put the product of an item on the channel."""

    code = "ProductNotFound"


class OrderIncompleteError(MissingError):
    """The order has no items, or an id is missing."""

    code = "OrderIncomplete"


class PrepareOrder(OmnitronCommand[ChannelCreateOrderDto, OmnitronCreateOrderDto]):
    """Converts an order into Omnitron's terms: finds or creates its customer and addresses, and finds its cargo company.

    Raises:
        ItemError: a required object is not in Omnitron.
    """

    key = "prepare_order"
    content_type = ContentType.order

    async def send(self, entry: ChannelCreateOrderDto) -> OmnitronCreateOrderDto:
        hub, order = self.integration, entry.order
        cargo_company = await hub.do_action(GetCargoCompany, objects=order.cargo_company)
        customer = await hub.do_action(GetOrCreateCustomer, objects=order.customer)
        shipping, billing = await side_by_side(
            hub.do_action(GetOrCreateAddress, objects=order.shipping_address, customer=customer),
            hub.do_action(GetOrCreateAddress, objects=order.billing_address, customer=customer),
        )
        shared = {
            name: getattr(order, name)
            for name in type(order).model_fields
            if name not in ("customer", "shipping_address", "billing_address", "cargo_company")
        }
        resolved = OmnitronOrderDto(
            **shared,
            customer=customer.pk,
            shipping_address=shipping.pk,
            billing_address=billing.pk,
            cargo_company=cargo_company.pk,
        )
        return OmnitronCreateOrderDto(order=resolved, order_item=entry.order_item)


class CreateOrder(OmnitronCommand[OmnitronCreateOrderDto, Order]):
    """Creates one order with its items, once, and binds them: after a lost answer, or if the number exists, the order is
    looked up.

    Returns the order. Its products are looked up by the channel's ids, unless `products` gives them.

    Raises:
        ProductNotFoundError: Omnitron never put a product of it on the channel.
        NumberTakenError: the number belongs to another order of the channel.
    """

    key = "create_order"
    content_type = ContentType.order
    products: dict[str, list[int]] | None = None
    """The channel's product id → Omnitron's keys."""
    binds: bool = True
    """Whether it binds the order and its items. `import_orders` does that itself, in the run's batch."""
    ORDER_FIELDS: ClassVar = (
        "number",
        "customer",
        "shipping_address",
        "billing_address",
        "currency",
        "amount",
        "shipping_amount",
        "shipping_tax_rate",
        "net_shipping_amount",
        "cargo_company",
        "delivery_type",
        "delivery_range",
        "tracking_number",
        "carrier_shipping_code",
        "remote_addr",
        "gift_box_note",
        "language_code",
        "notes",
        "shipping_option_slug",
    )
    ITEM_FIELDS: ClassVar = (
        "price",
        "price_currency",
        "tax_rate",
        "tracking_number",
        "carrier_shipping_code",
        "parent",
        "delivered_date",
        "estimated_delivery_date",
    )

    async def transform_data(self, entry: OmnitronCreateOrderDto) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        """The two parts of the body, without unknown fields: Omnitron fills those in."""
        if self.products is None:
            self.products = await products_by_remote_id(self.integration, entry.order_item)
        return self.order_body(entry.order), [self.item_body(item) for item in entry.order_item]

    def order_body(self, order: OmnitronOrderDto) -> dict[str, Any]:
        """An order in the form of `create_orders/`."""
        row = order.model_dump(mode="json")
        fields, cuts = fit({name: row[name] for name in self.ORDER_FIELDS}, ORDER, "order", keys=["number"])
        for cut in cuts:
            self.log.warning("Order %s: %s", order.number, cut)
        return _without_none(fields) | {
            "status": order.status or OrderStatus.new,
            "channel": self.integration.channel_id,
            "discount_amount": row["discount_amount"] or "0",
            "has_gift_box": bool(order.has_gift_box),
            "client_type": "default",
            "date_placed": row["created_at"],
            "extra_field": {**order.extra_field, "id": remote_id_of(order)},
        }

    def item_body(self, item: OrderItemDto) -> dict[str, Any]:
        """An item in the form of `create_orders/`."""
        found = (self.products or {}).get(item.product, [])
        if len(found) != 1:
            raise ProductNotFoundError(
                f"The order's item {item.remote_id} is of product `{item.product}`, to which {len(found)} products in "
                "Omnitron are bound on this channel. Send that product from Omnitron, or bind it to this id; the order is "
                "tried again."
            )
        row = item.model_dump(mode="json")
        fields, cuts = fit({name: row[name] for name in self.ITEM_FIELDS}, ORDER_ITEM, "item")
        for cut in cuts:
            self.log.warning("Item %s: %s", item.remote_id, cut)
        catalog = self.integration.catalog
        return _without_none(fields) | {
            "product": found[0],
            "status": item.status or OrderStatus.new,
            "price_list": item.price_list or catalog.price_list,
            "stock_list": item.stock_list or catalog.stock_list,
            "discount_amount": row["discount_amount"] or "0",
            "retail_price": row["retail_price"] or "0",
            "attributes": item.attributes or {},
            "attributes_kwargs": item.attributes_kwargs or {},
            "extra_field": {**item.extra_field, "id": remote_id_of(item)},
        }

    async def send(self, body: tuple[dict[str, Any], list[dict[str, Any]]]) -> Order:
        order, items = body
        remote_id = str(order["extra_field"]["id"])

        placed_at = datetime.fromisoformat(order["date_placed"])

        async def find() -> Order | None:
            return await find_order(self.integration, order["number"], remote_id, placed_at)

        orders, clock = self.integration.client.orders, self.integration.runtime.clock
        return await create_once(lambda: orders.create(order, items), find, clock, may_exist=True)

    async def normalize_response(
        self,
        data: OmnitronCreateOrderDto,
        validated_data: Any,  # noqa: ARG002
        transformed_data: Any,  # noqa: ARG002
        response: Order,
    ) -> Order:
        if self.binds:
            await bind_at_once(
                self.integration, await unbound(self.integration, await bindings_of(self.integration, data, response))
            )
        return response


def _without_none(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}


class ImportOrders(ArrivalCommand[ChannelCreateOrderDto]):
    """Brings the channel's orders into Omnitron, each separately: creates missing orders, and repairs missing bindings of
    existing ones. The run's batch binds orders and items to the channel's ids."""

    key = "import_orders"
    content_type = ContentType.order
    binds = True
    activity = "bringing in orders"

    def name(self, entry: ChannelCreateOrderDto) -> str:
        return entry.order.number

    def group(self, entry: ChannelCreateOrderDto) -> Hashable:
        """An order and those whose place it takes are taken in one after the other."""
        return self._first[f"number {entry.order.number}"]

    async def prepare(self, entries: Sequence[ChannelCreateOrderDto]) -> None:
        items = [item for entry in entries for item in entry.order_item]
        names = {
            name
            for entry in entries
            if not is_blank(entry.replaces)
            for name in (remote_id_of(entry.order), str(entry.replaces))
        }
        self._products, self._bound = await side_by_side(
            products_by_remote_id(self.integration, items), orders_by_remote_id(self.integration, names)
        )
        self._arrived: dict[str, Order] = {}
        self._first = first_of_each(entries)

    async def take_in(self, entry: ChannelCreateOrderDto, arrival: Arrival) -> list[Member]:
        _check_complete(entry)
        arrival.notes += _cuts(entry)
        placed_at = entry.order.created_at
        order = await self._found(entry)
        if order is None:
            prepared = await self.integration.do_action(PrepareOrder, objects=with_former_id(entry))
            order = await self.integration.do_action(
                CreateOrder, objects=prepared, products=self._products, binds=False
            )
            arrival.outcome = "created"
            self._remember(entry, order)
            return await bindings_of(self.integration, entry, order)
        if remote_id_of(entry.order) in order.former_ids:
            arrival.outcome = "known"  # another one has taken its place
            return []
        order = await self._in_place(entry, order, arrival)
        self._remember(entry, order)
        missing = await unbound(self.integration, await bindings_of(self.integration, entry, order))
        for member in missing:  # the merchant may have changed them since: what the channel knows is older
            member.version_date = min(member.version_date, placed_at)
        if arrival.outcome != "replaced":
            arrival.outcome = "repaired" if missing else "known"
        return missing

    async def _found(self, entry: ChannelCreateOrderDto) -> Order | None:
        """Omnitron's order for the channel's, whatever id it has there."""
        remote_id = remote_id_of(entry.order)
        for name in (remote_id, entry.replaces or ""):
            if name in self._arrived:
                return self._arrived[name]
            if name in self._bound:
                for order in await self.integration.client.orders.get_many([self._bound[name].object_id]):
                    return order
        placed_at = entry.order.created_at
        return await find_order(self.integration, entry.order.number, remote_id, placed_at, entry.replaces)

    async def _in_place(self, entry: ChannelCreateOrderDto, order: Order, arrival: Arrival) -> Order:
        """The order, bound to the id that it has on the channel now."""
        remote_id, action = remote_id_of(entry.order), self._bound.get(entry.replaces or "")
        if is_blank(entry.replaces):
            return order
        if action is not None and action.object_id != order.pk:
            action = None
        if (order.remote_id == remote_id and action is None) or order.remote_id not in (remote_id, entry.replaces):
            return order  # as it should be; or the one that it replaced was split, and another part stands for it
        arrival.outcome = "replaced"
        return await take_place(self.integration, order, action, remote_id, self.integration.client.orders.update)

    def _remember(self, entry: ChannelCreateOrderDto, order: Order) -> None:
        self._arrived[remote_id_of(entry.order)] = order
        if entry.replaces:
            self._arrived[entry.replaces] = order


def _check_complete(entry: ChannelCreateOrderDto) -> None:
    """Makes sure that the order has items, and that they and the order can be bound.

    Raises:
        OrderIncompleteError: it lacks something.
    """
    if not entry.order_item:
        raise OrderIncompleteError("The order has no items, and Omnitron takes no empty order.")
    if not (remote_id_of(entry.order) and all(remote_id_of(item) for item in entry.order_item)):
        what = "One of the order's items" if remote_id_of(entry.order) else "The order"
        raise OrderIncompleteError(
            f"{what} has no id on the channel, so it could not be bound: later changes and cancellations "
            "would not find it. Fill it in on the channel, or give it one in the connector."
        )


def _cuts(entry: ChannelCreateOrderDto) -> list[str]:
    """A line for each text that is too long for Omnitron and will be cut.

    Raises:
        KeyTooLongError: the order's number is too long.
    """
    order = entry.order
    parts = (
        (order, ORDER, "order", ("number",)),
        (order.customer, PERSON, "customer", ()),
        (order.shipping_address, ADDRESS, "shipping address", ()),
        (order.billing_address, ADDRESS, "billing address", ()),
        *((item, ORDER_ITEM, f"item {item.remote_id}", ()) for item in entry.order_item),
    )
    return [
        cut
        for dto, limits, what, keys in parts
        for cut in fit({name: getattr(dto, name, None) for name in limits}, limits, what, keys)[1]
    ]
