"""The Celery version at work: a program for an environment of its own, which has `channel-app` and `omnisdk`.

`celery_client.py URL FLOW ...` runs the flows, one after the other, with the Omnitron at that address. Redis is a dictionary
here, and the channel accepts everything at once; all else is the Celery version's own code.
"""

import os
import sys
from collections.abc import Callable, Iterator
from typing import Any

os.environ |= {
    "OMNITRON_URL": "https://omnitron.invalid/",  # no other scheme is accepted here, see `main`
    "OMNITRON_USERNAME": "sandbox",
    "OMNITRON_PASSWORD": "sandbox",
    "OMNITRON_CHANNEL_ID": "6",
    "OMNITRON_CATALOG_ID": "1",
    "OMNITRON_MODULE": "channel_app.omnitron.integration",
    "CHANNEL_MODULE": "celery_client",
}


class ChannelIntegration:
    """A channel that accepts everything at once, and has one order."""

    def do_action(self, key: str, objects: Any = None, batch_request: Any = None, **_: Any) -> Any:
        if key == "get_orders":
            return self._orders(batch_request)
        return [self._accepted(key, each) for each in objects], [self._report(batch_request)], objects

    @staticmethod
    def _accepted(key: str, sent: Any) -> Any:
        from channel_app.core import data
        from channel_app.omnitron.constants import ResponseStatus

        kind = data.ProductBatchRequestResponseDto if key.endswith("products") else data.BatchRequestResponseDto
        sku = getattr(sent, "sku", None) or sent.product.sku
        return kind(status=ResponseStatus.success, sku=sku, remote_id=f"MP-{sku}", message="")

    @staticmethod
    def _report(batch: Any) -> Any:
        from channel_app.core.data import ErrorReportDto

        return ErrorReportDto("batchrequest", batch.pk, "2024-01-31 12:00:00", error_code="told", is_ok=True)

    def _orders(self, batch: Any) -> Iterator[Any]:
        from channel_app.core import data

        person = {"email": "sule@example.com", "first_name": "Şule", "last_name": "Işık"}
        place = {"country": "TR", "city": os.environ["CITY"], "line": "Gül Sok. No: 3"}
        home = data.AddressDto(**person, **place, phone_number="05551112233")
        order = data.ChannelOrderDto(
            remote_id="R1",
            number="N1",
            channel=6,
            customer=data.CustomerDto(**person, channel_code="B1"),
            shipping_address=home,
            billing_address=home,
            cargo_company="aras",
            currency="TRY",
            amount="19.90",
            shipping_amount="0.00",
            shipping_tax_rate="20.00",
            extra_field={},
            created_at="2024-01-31T12:00:00Z",
        )
        item = data.OrderItemDto("R1-1", os.environ["ORDERED_PRODUCT"], "TRY", "19.90", "20.00", {})
        yield data.ChannelCreateOrderDto(order, [item]), [self._report(batch)], None


class _Memory(dict[str, bytes]):
    """What the client keeps in Redis."""

    def set(self, key: str, value: Any, _seconds: int = 0) -> None:
        self[key] = str(value).encode()


def _flows() -> dict[str, Callable[..., Any]]:
    from channel_app.app.order.service import OrderService
    from channel_app.app.product.service import ProductService
    from channel_app.app.product_price.service import PriceService
    from channel_app.app.product_stock.service import StockService

    services = (ProductService(), PriceService(), StockService(), OrderService())
    names = ("insert_products", "update_product_prices", "update_product_stocks", "fetch_and_create_order")
    return {name: getattr(service, name) for service, name in zip(services, names, strict=True)}


def main(url: str, *names: str) -> None:
    from channel_app.core import clients, settings

    memory = _Memory()
    clients.RedisClient = lambda: memory
    settings.OMNITRON_URL = url
    flows = _flows()
    for name in names:
        options = {"add_product_objects": True} if name.startswith("update_product_") else {}
        flows[name](**options)


if __name__ == "__main__":
    main(*sys.argv[1:])
