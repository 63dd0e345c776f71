"""Who ships an order, and whether the buyer is told."""

from clients.errors import MissingError
from dto.enums import ContentType
from dto.omnitron_orders import CargoCompany, Order, OrderShippingInfo
from tasks.batch import Member
from tasks.create_once import create_once
from tasks.omnitron.arrivals import Arrival, Arriving


class NoCargoCompanyError(MissingError):
    """The order names no cargo company that Omnitron has."""

    code = "NoCargoCompany"


class CreateOrderShippingInfo(Arriving[Order]):
    """Gives orders their shipping infos, each once: an order that has one is left alone. The conf's `send_shipping_info`
    says whether the buyer is told."""

    key = "create_order_shipping_info"
    content_type = ContentType.order
    doing = "writing shipping infos"

    def name(self, order: Order) -> str:
        return order.number

    async def take_in(self, order: Order, arrival: Arrival) -> list[Member]:
        client = self.integration.client

        async def find() -> OrderShippingInfo | None:
            rows: list[OrderShippingInfo] = await client.shipping_infos(order.pk)
            return rows[0] if rows else None

        if await find() is not None:
            arrival.ending = "known"
            return []
        fields = {
            "order": order.pk,
            "order_number": order.number,
            "shipping_company": (await self._cargo_company(order)).shipping_company,
            "is_send": self.integration.channel.conf.send_shipping_info,
        }
        await create_once(lambda: client.create_shipping_info(fields), find, self.integration.runtime.clock)
        arrival.ending = "created"
        return []

    async def _cargo_company(self, order: Order) -> CargoCompany:
        companies: list[CargoCompany] = await self.integration.once(
            "get_cargo_company", self.integration.client.cargo_companies
        )
        for company in companies:
            if company.pk == order.cargo_company:
                return company
        raise NoCargoCompanyError(
            f"Order {order.number} is carried by cargo company {order.cargo_company}, which Omnitron does not list. Give "
            "it one that it lists."
        )
