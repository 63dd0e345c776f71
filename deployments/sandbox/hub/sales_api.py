"""The routes of the local hub for its orders: places, customers, addresses, orders, items, cancellation requests."""

from starlette.routing import BaseRoute, Mount, Route

from deployments.sandbox.hub.cancellations import WAITING
from deployments.sandbox.hub.listing import Filter, filters
from deployments.sandbox.hub.places import PlaceKind
from deployments.sandbox.hub.resources import change, create, due_listing, readable
from deployments.sandbox.hub.shop import Shop
from deployments.sandbox.hub.tables import Row
from dto.enums import ContentType

_MOST_ORDERS = 50

_MAPPED = filters(mapping__code__exact="mapping.code", mapping__integration_type="mapping.integration_type") | {
    "is_active": Filter("is_active", is_flag=True)
}

_PLACES: tuple[tuple[str, PlaceKind, dict[str, Filter]], ...] = (
    ("countries", "country", filters(code__exact="code", name__exact="name")),
    ("cities", "city", filters(name__iexact="name", country="country")),
    ("townships", "township", filters(name__iexact="name", country="country", city="city")),
    ("districts", "district", filters(name__exact="name", country="country", city="city", township="township")),
)


def sales_routes(shop: Shop) -> list[BaseRoute]:
    """The routes below a channel's path."""
    return [*_orders(shop), *_customers(shop), _requests(shop), *_places(shop)]


def _orders(shop: Shop) -> list[BaseRoute]:
    orders, note = shop.orders, shop.violations.append
    known = filters(number="number") | {"pk__in": Filter("pk", is_list=True, most=_MOST_ORDERS)}
    updates = due_listing(shop, ContentType.order.value, ("updates",), known)
    return [
        Mount(
            "/orders",
            routes=[
                *readable(orders.table, known, violation=note),
                Route("/updates/", updates.respond),
                change(orders.table, orders.change),
                change(orders.table, orders.cancel, "/{pk:int}/cancel/", "POST"),
            ],
        ),
        Mount(
            "/order_items",
            routes=[
                *readable(orders.items, filters(order="order"), violation=note),
                change(orders.items, orders.change_item),
            ],
        ),
        create(orders.create, "/create_orders/"),
        Mount(
            "/order_shipping_infos",
            routes=[
                *readable(orders.shipping_infos, filters(order="order"), violation=note),
                create(orders.create_shipping_info),
            ],
        ),
    ]


def _customers(shop: Shop) -> list[Mount]:
    customers, note = shop.customers, shop.violations.append
    known = filters(email="email", phone_number="phone_number", channel_code="channel_code", channel="channel")
    return [
        Mount(
            "/customers",
            routes=[
                *readable(customers.table, known, violation=note),
                create(customers.create),
                change(customers.table, customers.change),
            ],
        ),
        Mount(
            "/addresses",
            routes=[
                *readable(customers.addresses, filters(hash_data="hash_data"), violation=note),
                create(customers.create_address),
            ],
        ),
    ]


def _requests(shop: Shop) -> Mount:
    requests = shop.cancellations
    known = filters(order_item="order_item")
    decided = due_listing(
        shop,
        ContentType.cancellation_request.value,
        ("updates",),
        known,
        where=lambda row: row["status"] != WAITING,
    )
    return Mount(
        "/cancellation_requests",
        routes=[
            *readable(requests.table, known, violation=shop.violations.append),
            Route("/updates/", decided.respond),
            create(requests.create),
            change(requests.table, requests.change),
        ],
    )


def _places(shop: Shop) -> list[Mount]:
    """Rows that clients only read, and that carry no modification date to sort by."""
    places, note = shop.places, shop.violations.append
    stores = filters(erp_code="erp_code")
    return [
        *(
            Mount(
                f"/{path}",
                routes=readable(
                    places.tables[kind], known | _MAPPED, violation=note, render=_without_mapping, sorts=("id",)
                ),
            )
            for path, kind, known in _PLACES
        ),
        Mount("/cargos", routes=readable(places.cargos, {}, violation=note, sorts=("id",))),
        Mount("/retail_stores", routes=readable(places.retail_stores, stores, violation=note, sorts=("id",))),
    ]


def _without_mapping(_request: object, rows: list[Row]) -> list[Row]:
    return [{name: value for name, value in row.items() if name != "mapping"} for row in rows]
