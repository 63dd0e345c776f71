"""Orders of the channel in Omnitron: which are known, made once with their items, bound to the channel's ids."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, ClassVar

from clients.errors import ContractError, MissingError, RefusedError
from dto.enums import ContentType
from dto.omnitron_orders import Order, OrderItem
from dto.orders import ChannelCreateOrderDto, OmnitronCreateOrderDto, OmnitronOrderDto, OrderItemDto
from tasks.batch import Member, Reference
from tasks.command import OmnitronCommand
from tasks.concurrency import side_by_side
from tasks.create_once import create_once
from tasks.omnitron.addresses import GetOrCreateAddress
from tasks.omnitron.arrivals import Arrival, Arriving, binding
from tasks.omnitron.cargo_companies import GetCargoCompany
from tasks.omnitron.customers import GetOrCreateCustomer
from tasks.omnitron.field_limits import ADDRESS, ORDER, ORDER_ITEM, PERSON, fit

DEFAULT_STATUS = "400"


class ProductNotFoundError(MissingError):
    """An item is of a product that Omnitron never put on the channel."""

    code = "ProductNotFound"


class OrderIncompleteError(MissingError):
    """The order lacks what it cannot be without."""

    code = "OrderIncomplete"


class NumberTakenError(MissingError):
    """Another order has this number."""

    code = "NumberTaken"


def remote_id_of(dto: OmnitronOrderDto | OrderItemDto) -> str:
    """The channel's id of an order or an item: what stands in its `extra_field`, where it is bound by."""
    return str(dto.extra_field.get("id") or dto.remote_id)


def with_id(dto: OmnitronOrderDto | OrderItemDto) -> dict[str, Any]:
    """The `extra_field` with the channel's id in it."""
    return {**dto.extra_field, "id": dto.extra_field.get("id") or dto.remote_id}


class GetMissingOrders(OmnitronCommand[Sequence[ChannelCreateOrderDto], list[ChannelCreateOrderDto]]):
    """Of the channel's orders, those that Omnitron lacks, or whose items are not all bound. Looked up in bulk, by their
    actions: a known order costs no request of its own."""

    key = "get_missing_orders"
    content_type = ContentType.order

    async def send(self, orders: Sequence[ChannelCreateOrderDto]) -> list[ChannelCreateOrderDto]:
        actions = self.integration.client.actions
        known_orders = {
            action.remote_id
            for action in await actions(
                content_type=ContentType.order, remote_ids={remote_id_of(entry.order) for entry in orders}
            )
        }
        items = {
            remote_id_of(item)
            for entry in orders
            if remote_id_of(entry.order) in known_orders
            for item in entry.order_item
        }
        known_items = {
            action.remote_id for action in await actions(content_type=ContentType.order_item, remote_ids=items)
        }
        return [
            entry
            for entry in orders
            if remote_id_of(entry.order) not in known_orders
            or any(remote_id_of(item) not in known_items for item in entry.order_item)
        ]


class GetKnownOrders(OmnitronCommand[Sequence[ChannelCreateOrderDto], list[Order]]):
    """Omnitron's orders for those of the channel's that it has."""

    key = "get_known_orders"
    content_type = ContentType.order

    async def send(self, orders: Sequence[ChannelCreateOrderDto]) -> list[Order]:
        actions = await self.integration.client.actions(
            content_type=ContentType.order, remote_ids={remote_id_of(entry.order) for entry in orders}
        )
        return await self.integration.client.orders(  # type: ignore[no-any-return]
            action.object_id for action in actions
        )


class PrepareOrder(OmnitronCommand[ChannelCreateOrderDto, OmnitronCreateOrderDto]):
    """An order in Omnitron's words: its customer, addresses and cargo company are there, or made.

    Raises:
        ItemError: something that it needs is not in Omnitron.
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
        told = {
            name: getattr(order, name)
            for name in type(order).model_fields
            if name not in ("customer", "shipping_address", "billing_address", "cargo_company")
        }
        resolved = OmnitronOrderDto(
            **told,
            customer=customer.pk,
            shipping_address=shipping.pk,
            billing_address=billing.pk,
            cargo_company=cargo_company.pk,
        )
        return OmnitronCreateOrderDto(order=resolved, order_item=entry.order_item)


class CreateOrder(OmnitronCommand[OmnitronCreateOrderDto, Order]):
    """One order with its items, made once: where the answer was lost, or the number exists, the order is looked for.

    Answers the order. Its products are looked up by the channel's ids, unless `products` says what they are.

    Raises:
        ProductNotFoundError: Omnitron put no such product on the channel.
        NumberTakenError: the number belongs to another order of the channel.
    """

    key = "create_order"
    content_type = ContentType.order
    products: dict[str, list[int]] | None = None
    """The channel's product id → Omnitron's keys."""
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
        """The body's two parts, without what is not known: Omnitron fills that in."""
        if self.products is None:
            self.products = await products_by_remote_id(self.integration, entry.order_item)
        return self.order_body(entry.order), [self.item_body(item) for item in entry.order_item]

    def order_body(self, order: OmnitronOrderDto) -> dict[str, Any]:
        """An order as `create_orders/` takes it."""
        said = order.model_dump(mode="json")
        fields, cuts = fit({name: said[name] for name in self.ORDER_FIELDS}, ORDER, "order", keys=["number"])
        for cut in cuts:
            self.log.warning("Order %s: %s", order.number, cut)
        return _without_none(fields) | {
            "status": order.status or DEFAULT_STATUS,
            "channel": self.integration.channel_id,
            "discount_amount": said["discount_amount"] or "0",
            "has_gift_box": bool(order.has_gift_box),
            "client_type": "default",
            "date_placed": said["created_at"],
            "extra_field": with_id(order),
        }

    def item_body(self, item: OrderItemDto) -> dict[str, Any]:
        """An item as `create_orders/` takes it."""
        found = (self.products or {}).get(item.product, [])
        if len(found) != 1:
            raise ProductNotFoundError(
                f"The order's item {item.remote_id} is of product `{item.product}`, which {len(found)} products of "
                "Omnitron's are bound to on this channel. Send that product from Omnitron, or bind it to its id there; "
                "the order is tried again."
            )
        said = item.model_dump(mode="json")
        fields, cuts = fit({name: said[name] for name in self.ITEM_FIELDS}, ORDER_ITEM, "item")
        for cut in cuts:
            self.log.warning("Item %s: %s", item.remote_id, cut)
        catalog = self.integration.catalog
        return _without_none(fields) | {
            "product": found[0],
            "status": item.status or DEFAULT_STATUS,
            "price_list": item.price_list or catalog.price_list,
            "stock_list": item.stock_list or catalog.stock_list,
            "discount_amount": said["discount_amount"] or "0",
            "retail_price": said["retail_price"] or "0",
            "attributes": item.attributes or {},
            "attributes_kwargs": item.attributes_kwargs or {},
            "extra_field": with_id(item),
        }

    async def send(self, body: tuple[dict[str, Any], list[dict[str, Any]]]) -> Order:
        order, items = body
        remote_id = str(order["extra_field"]["id"])

        placed_at = datetime.fromisoformat(order["date_placed"])

        async def find() -> Order | None:
            return await find_order(self.integration, order["number"], remote_id, placed_at)

        try:
            return await create_once(
                lambda: self.integration.client.create_order(order, items), find, self.integration.runtime.clock
            )
        except RefusedError:
            found = await find()
            if found is None:
                raise
            return found


async def products_by_remote_id(integration: Any, items: Sequence[OrderItemDto]) -> dict[str, list[int]]:
    """The channel's product id → the keys of the products that are bound to it: one, as a rule."""
    actions = await integration.client.actions(
        content_type=ContentType.product, remote_ids={item.product for item in items}
    )
    found: dict[str, list[int]] = {}
    for action in actions:
        found.setdefault(action.remote_id, []).append(action.object_id)
    return found


async def find_order(integration: Any, number: str, remote_id: str, placed_at: datetime) -> Order | None:
    """The order with this number, if Omnitron has it.

    Its version is set back to the moment when it was placed: whatever changed in Omnitron since, the channel was never
    told, and binding it at its present version would say that it was.

    Raises:
        NumberTakenError: it has, but as another order of the channel.
    """
    rows: list[Order] = await integration.client.orders_numbered(number)
    for row in rows:
        if row.remote_id in (None, remote_id):
            return row.model_copy(update={"modified_date": min(row.modified_date or placed_at, placed_at)})
    if rows:
        raise NumberTakenError(
            f"Omnitron has another order with the number {number}: the channel's {rows[0].remote_id}, while this one is "
            f"{remote_id}. Two orders cannot share a number."
        )
    return None


def _without_none(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}


class ImportOrders(Arriving[ChannelCreateOrderDto]):
    """Brings orders of the channel into Omnitron, each on its own: those that are not there are made; of those that are,
    missing bindings are mended. Order and items are bound to the channel's ids by the run's batch."""

    key = "import_orders"
    content_type = ContentType.order
    binds = True
    doing = "bringing in orders"

    def name(self, entry: ChannelCreateOrderDto) -> str:
        return entry.order.number

    async def prepare(self, entries: Sequence[ChannelCreateOrderDto]) -> None:
        items = [item for entry in entries for item in entry.order_item]
        self._products = await products_by_remote_id(self.integration, items)

    async def take_in(self, entry: ChannelCreateOrderDto, arrival: Arrival) -> list[Member]:
        if not entry.order_item:
            raise OrderIncompleteError("The order has no items, and Omnitron takes no empty order.")
        arrival.notes += _cuts(entry)
        placed_at = entry.order.created_at
        order = await find_order(self.integration, entry.order.number, remote_id_of(entry.order), placed_at)
        if order is None:
            prepared = await self.integration.do_action(PrepareOrder, objects=entry)
            order = await self.integration.do_action(CreateOrder, objects=prepared, products=self._products)
            arrival.ending = "created"
            return self._bindings(entry, order, await self.integration.client.order_items(order.pk))
        missing = await self._unbound(self._bindings(entry, order, await self.integration.client.order_items(order.pk)))
        arrival.ending = "repaired" if missing else "known"
        return missing

    def _bindings(self, entry: ChannelCreateOrderDto, order: Order, items: Sequence[OrderItem]) -> list[Member]:
        """The order and its items with the channel's ids. One item of the channel's may be several of Omnitron's."""
        told = {remote_id_of(item) for item in entry.order_item}
        lost = told - {item.remote_id for item in items}
        if lost:
            raise ContractError(
                f"Order {order.number} is in Omnitron without the channel's items {', '.join(sorted(lost))}."
            )
        first = binding(ContentType.order, order, remote_id_of(entry.order))
        first.key = order.number
        return [
            first,
            *(
                binding(ContentType.order_item, item, item.remote_id)
                for item in items
                if item.remote_id is not None and item.remote_id in told
            ),
        ]

    async def _unbound(self, members: Sequence[Member]) -> list[Member]:
        """Those that have no action. What has one keeps it: its version says what the channel was told."""
        bound: set[Reference] = set()
        for content_type in (ContentType.order, ContentType.order_item):
            keys = [member.pk for member in members if member.content_type is content_type]
            actions = await self.integration.client.actions(content_type=content_type, object_ids=keys)
            bound |= {(content_type, action.object_id) for action in actions if action.remote_id}
        return [member for member in members if member.reference not in bound]


def _cuts(entry: ChannelCreateOrderDto) -> list[str]:
    """What is too long for Omnitron, and will be cut.

    Raises:
        KeyTooLongError: the order's number is.
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
