"""The routes of the local marketplace for sales, and those by which a person plays the buyer."""

from collections.abc import Callable, Mapping
from typing import Any

from deployments.sandbox.dates import canonical
from deployments.sandbox.market_sales import Item, MarketSales
from deployments.sandbox.messages import HttpError, Request, Response, json_response
from deployments.sandbox.routing import Router

DEFAULT_PAGE, MAX_PAGE = 100, 500

BUYERS_DEEDS = (
    ("orders", '{} or {"items": [["SKU", 2]], "city": "Gotham", "without": ["notes"]}'),
    ("orders/several", '{"number": 5}'),
    ("orders/ORDER/cancel", '{} or {"items": ["ITEM"], "reason": "DAMAGED"}'),
    ("order-items/ITEM/request", '{"kind": "refund", "reason": "DAMAGED"}'),
    ("order-items/ITEM/change", '{"status": "DELIVERED", "invoice_number": "FT1"}'),
)
"""What a person may POST, as the page tells it."""


def add_sales(router: Router, sales: MarketSales) -> None:
    """Add the lists: `?since=&until=&page=&limit=` → `{"count", "next", "results"}`, the longest unchanged first."""
    for path, rows in (
        ("/orders", sales.orders),
        ("/cancellations", sales.cancellations),
        ("/order-items", sales.changed_items),
        ("/requests", sales.requests),
    ):
        router.add("GET", path, lambda request, rows=rows: _page_of(request, rows))


def add_sales_control(router: Router, base: str, sales: Callable[[], MarketSales]) -> None:
    """Add what a person does with a JSON body; `sales` are those of the moment, for a reset makes new ones."""

    def place_order(request: Request) -> Response:
        return json_response(sales().place_order(**request.json()), 201)

    def place_orders(request: Request) -> Response:
        body = request.json()
        orders = sales().place_orders(int(body["number"]), skus=body.get("skus"))
        return json_response([{"id": order["id"], "number": order["number"]} for order in orders], 201)

    def cancel_order(request: Request, order_id: str) -> Response:
        return json_response(sales().cancel_order(order_id, **request.json()), 201)

    def make_request(request: Request, item_id: str) -> Response:
        return json_response(sales().request(item_id, **request.json()), 201)

    def change_item(request: Request, item_id: str) -> Response:
        return json_response(sales().change_item(item_id, **request.json()))

    router.add("POST", f"{base}orders", place_order)
    router.add("POST", f"{base}orders/several", place_orders)
    router.add("POST", f"{base}orders/{{}}/cancel", cancel_order)
    router.add("POST", f"{base}order-items/{{}}/request", make_request)
    router.add("POST", f"{base}order-items/{{}}/change", change_item)


def page(request: Request, rows: list[Item]) -> Response:
    """One page of the rows."""
    number, limit = _number(request, "page", 1), min(_number(request, "limit", DEFAULT_PAGE), MAX_PAGE)
    start = (number - 1) * limit
    following = request.page_url(number + 1) if start + limit < len(rows) else None
    return json_response({"count": len(rows), "next": following, "results": rows[start : start + limit]})


def _page_of(request: Request, rows: Mapping[str, Item]) -> Response:
    since, until = _moment(request, "since"), _moment(request, "until")
    wanted = [
        row
        for row in rows.values()
        if (since is None or row["updated_at"] >= since) and (until is None or row["updated_at"] <= until)
    ]
    return page(request, sorted(wanted, key=_age))


def _age(row: Item) -> tuple[Any, int]:
    return row["updated_at"], int(row["id"])


def _moment(request: Request, name: str) -> str | None:
    text = request.parameter(name)
    if not text:
        return None
    try:
        return canonical(text)
    except ValueError:
        raise HttpError(400, {"detail": f"`{name}` is no ISO date: {text}"}) from None


def _number(request: Request, name: str, default: int) -> int:
    text = request.parameter(name)
    return max(1, int(text)) if text and text.isdecimal() else default
