"""The routes of the local hub for sales: places, customers, addresses, orders, cancellation and refund requests."""

from deployments.sandbox.cancellations import WAITING
from deployments.sandbox.hub_state import HubState
from deployments.sandbox.listing import Filter, Listing, filters
from deployments.sandbox.messages import Request, Response, json_response
from deployments.sandbox.places import PlaceKind
from deployments.sandbox.resources import Render, due_listing, known_pk, retrieve
from deployments.sandbox.routing import Router
from deployments.sandbox.tables import Row, Table
from dto.enums import ContentType

_MOST_ORDERS = 50

_MAPPED = filters(
    is_active="is_active", mapping__code__exact="mapping.code", mapping__integration_type="mapping.integration_type"
)

_PLACES: tuple[tuple[str, PlaceKind, dict[str, Filter]], ...] = (
    ("countries", "country", filters(code__exact="code", name__exact="name")),
    ("cities", "city", filters(name__iexact="name", country="country")),
    ("townships", "township", filters(name__iexact="name", country="country", city="city")),
    ("districts", "district", filters(name__exact="name", country="country", city="city", township="township")),
)


def add_sales(router: Router, state: HubState, channel: str) -> None:
    """Add the routes of sales; `channel` is the path that all of them begin with."""
    _add_places(router, state, channel)
    _add_customers(router, state, channel)
    _add_orders(router, state, channel)
    _add_items(router, state, channel)
    _add_cancellation_requests(router, state, channel)


def _without_mapping(_request: Request, row: Row) -> Row:
    return {name: value for name, value in row.items() if name != "mapping"}


def _read_only(
    router: Router, state: HubState, base: str, table: Table, known: dict[str, Filter], render: Render | None = None
) -> None:
    """Rows that clients only read, and that carry no modification date to sort by."""
    listing = Listing(table, known, render=render, sorts=("id",), violation=state.violations.append)
    router.add("GET", base, listing)
    router.add("GET", f"{base}{{}}/", retrieve(table, render=render))


def _readable(router: Router, state: HubState, base: str, table: Table, known: dict[str, Filter]) -> None:
    router.add("GET", base, Listing(table, known, violation=state.violations.append))
    router.add("GET", f"{base}{{}}/", retrieve(table))


def _add_places(router: Router, state: HubState, channel: str) -> None:
    places = state.places
    for path, kind, known in _PLACES:
        _read_only(router, state, f"{channel}{path}/", places.tables[kind], known | _MAPPED, _without_mapping)
        router.add(
            "POST",
            f"{channel}error_reports/{kind}/",
            lambda request, kind=kind: json_response(places.report(kind, request.json()), 201),
        )
    _read_only(router, state, f"{channel}cargos/", places.cargos, {})
    _read_only(router, state, f"{channel}retail_stores/", places.retail_stores, filters(erp_code="erp_code"))


def _add_customers(router: Router, state: HubState, channel: str) -> None:
    sales = state.sales
    customers, addresses = f"{channel}customers/", f"{channel}addresses/"
    known = filters(email="email", phone_number="phone_number", channel_code="channel_code", channel="channel")

    def change(request: Request, pk_text: str) -> Response:
        return json_response(sales.change_customer(known_pk(sales.customers, pk_text), request.json()))

    _readable(router, state, customers, sales.customers, known)
    router.add("POST", customers, lambda request: json_response(sales.create_customer(request.json()), 201))
    router.add("PATCH", f"{customers}{{}}/", change)
    _readable(router, state, addresses, sales.addresses, filters(hash_data="hash_data"))
    router.add("POST", addresses, lambda request: json_response(sales.create_address(request.json()), 201))


def _add_orders(router: Router, state: HubState, channel: str) -> None:
    sales = state.sales
    base, infos = f"{channel}orders/", f"{channel}order_shipping_infos/"
    known = filters(number="number") | {"pk__in": Filter("pk", is_list=True, most=_MOST_ORDERS)}

    def cancel(request: Request, pk_text: str) -> Response:
        return json_response(sales.cancel(known_pk(sales.orders, pk_text), request.json()))

    _readable(router, state, base, sales.orders, known)
    router.add("GET", f"{base}updates/", due_listing(state, ContentType.order.value, ("updates",), known))
    router.add("POST", f"{base}{{}}/cancel/", cancel)
    router.add(
        "POST", f"{channel}create_orders/", lambda request: json_response(sales.create_order(request.json()), 201)
    )
    _readable(router, state, infos, sales.shipping_infos, filters(order="order"))
    router.add("POST", infos, lambda request: json_response(sales.create_shipping_info(request.json()), 201))


def _add_items(router: Router, state: HubState, channel: str) -> None:
    sales = state.sales
    base = f"{channel}order_items/"

    def change(request: Request, pk_text: str) -> Response:
        return json_response(sales.change_item(known_pk(sales.items, pk_text), request.json()))

    _readable(router, state, base, sales.items, filters(order="order"))
    router.add("PATCH", f"{base}{{}}/", change)


def _add_cancellation_requests(router: Router, state: HubState, channel: str) -> None:
    cancellations = state.cancellations
    base = f"{channel}cancellation_requests/"
    known = filters(order_item="order_item")
    decided = due_listing(
        state,
        ContentType.cancellation_request.value,
        ("updates",),
        known,
        where=lambda row: row["status"] != WAITING,
    )
    _readable(router, state, base, cancellations.table, known)
    router.add("GET", f"{base}updates/", decided)
    router.add("POST", base, lambda request: json_response(cancellations.create(request.json()), 201))
