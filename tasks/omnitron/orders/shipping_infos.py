"""Shipping infos: the carrier of an order, and whether the buyer is notified."""

from clients.errors import MissingError
from dto.enums import ContentType
from dto.omnitron_orders import CargoCompany, Order, OrderShippingInfo
from tasks.batch import Member
from tasks.create_once import create_once
from tasks.omnitron.orders.arrivals import Arrival, ArrivalCommand


class NoCargoCompanyError(MissingError):
    """The order's cargo company is not in Omnitron."""

    code = "NoCargoCompany"


class CreateOrderShippingInfo(ArrivalCommand[Order]):
    """Creates the shipping infos of orders, each once: an order that has one is skipped. The conf's `send_shipping_info`
    says whether the buyer is notified."""

    key = "create_order_shipping_info"
    content_type = ContentType.order
    activity = "writing shipping infos"

    def name(self, order: Order) -> str:
        return order.number

    async def take_in(self, order: Order, arrival: Arrival) -> list[Member]:
        client = self.integration.client

        async def find() -> OrderShippingInfo | None:
            rows: list[OrderShippingInfo] = await client.shipping_infos.find(order.pk)
            return rows[0] if rows else None

        if await find() is not None:
            arrival.outcome = "known"
            return []
        fields = {
            "order": order.pk,
            "order_number": order.number,
            "shipping_company": (await self._cargo_company(order)).shipping_company,
            "is_send": self.integration.channel.conf.send_shipping_info,
        }
        await create_once(lambda: client.shipping_infos.create(fields), find, self.integration.runtime.clock)
        arrival.outcome = "created"
        return []

    async def _cargo_company(self, order: Order) -> CargoCompany:
        companies: list[CargoCompany] = await self.integration.once(
            "get_cargo_company", self.integration.client.cargo_companies.all
        )
        for company in companies:
            if company.pk == order.cargo_company:
                return company
        raise NoCargoCompanyError(
            f"Order {order.number} has the cargo company {order.cargo_company}, which is not in Omnitron. Give the order "
            "an existing one."
        )
