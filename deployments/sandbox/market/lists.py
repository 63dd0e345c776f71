"""The local marketplace's lists: which rows a page has, where the next one begins, and the form of an order in them."""

import base64
from collections.abc import Callable, Iterable, Iterator, Mapping

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from deployments.sandbox.base.dates import canonical
from deployments.sandbox.base.http import HttpError, JsonResponse, page_url
from deployments.sandbox.market.item_numbers import told_with_numbers
from deployments.sandbox.market.market_sales import Item, MarketSales
from deployments.sandbox.market.settings import MarketSettings

DEFAULT_PAGE = 100
Form = Callable[[Item], Iterable[Item]]


def sales_lists(settings: MarketSettings, sales: MarketSales) -> list[Route]:
    """Lists: `?since=&until=&page=&limit=` → `{"count", "next", "results"}`, the longest unchanged first."""

    def listed(path: str, rows: Mapping[str, Item], form: Form) -> Route:
        async def endpoint(request: Request) -> Response:
            since, until = _moment(request, "since"), _moment(request, "until")
            sales.decide_overdue(settings.decides_after_seconds)
            wanted = [
                row
                for row in rows.values()
                if (since is None or row["updated_at"] >= since) and (until is None or row["updated_at"] <= until)
            ]
            wanted.sort(key=_age)
            response = page(request, wanted, settings, form)
            if settings.pages_shift and path == "/orders" and wanted:
                sales.touch(wanted[0])
            return response

        return Route(path, endpoint)

    async def get_order(request: Request) -> Response:
        order_id = request.path_params["id"]
        if order_id not in sales.orders:
            raise HttpError(404, {"detail": f"There is no order {order_id}."})
        return JsonResponse(sales.orders[order_id])

    async def get_events(request: Request) -> Response:
        """`?after=&limit=` → `{"events", "has_more"}`, the oldest first."""
        after = _number(request, "after", 0, least=0)
        limit = min(_number(request, "limit", DEFAULT_PAGE), settings.most_rows)
        later = sales.events[after:]
        return JsonResponse({"events": later[:limit], "has_more": len(later) > limit})

    def order(row: Item) -> Iterator[Item]:
        told = told_with_numbers(row) if settings.numbers_items else row
        if not settings.row_per_line:
            yield told
            return
        for line in told["items"]:
            yield {**told, "items": [line]}

    def other(row: Item) -> Iterator[Item]:
        yield told_with_numbers(row) if settings.numbers_items else row

    stream = [Route("/events", get_events), Route("/orders/{id}", get_order)]
    return [
        *(stream if settings.tells_events else [listed("/orders", sales.orders, order)]),
        listed("/cancellations", sales.cancellations, other),
        listed("/order-items", sales.changed_items, other),
        listed("/requests", sales.requests, other),
    ]


def as_it_is(row: Item) -> tuple[Item]:
    """The form of rows that need no other."""
    return (row,)


def page(request: Request, sources: Iterable[Item], settings: MarketSettings, form: Form = as_it_is) -> Response:
    """One page of the rows."""
    limit = min(_number(request, "limit", DEFAULT_PAGE), settings.most_rows)
    if settings.pages_by_cursor:
        return _from_cursor(request, sorted(sources, key=_age), form, limit)
    rows = [told for row in sources for told in form(row)]
    number = _number(request, "page", 1)
    start = (number - 1) * limit
    following = page_url(request, number + 1) if start + limit < len(rows) else None
    return JsonResponse({"count": len(rows), "next": following, "results": rows[start : start + limit]})


def _from_cursor(request: Request, rows: list[Item], form: Form, limit: int) -> Response:
    """The rows after the one that the cursor names: whatever changes meanwhile, none is passed over."""
    after = _place(request.query_params.get("cursor", ""))
    left = [row for row in rows if after is None or _age(row) > after]
    here = left[:limit]
    cursor = base64.urlsafe_b64encode(orjson.dumps(_age(here[-1]))).decode() if len(left) > limit else None
    return JsonResponse({"cursor": cursor, "results": [told for row in here for told in form(row)]})


def _place(cursor: str) -> tuple[str, int, str] | None:
    if not cursor:
        return None
    try:
        moment, length, name = orjson.loads(base64.urlsafe_b64decode(cursor.encode()))
    except ValueError:
        raise HttpError(400, {"detail": f"`cursor` is none of ours: {cursor}"}) from None
    return moment, length, name


def _age(row: Item) -> tuple[str, int, str]:
    name = row.get("id") or row["remote_id"]
    return row.get("updated_at", ""), len(name), name


def _moment(request: Request, name: str) -> str | None:
    text = request.query_params.get(name)
    if not text:
        return None
    try:
        return canonical(text)
    except ValueError:
        raise HttpError(400, {"detail": f"`{name}` is not an ISO date: {text}"}) from None


def _number(request: Request, name: str, default: int, *, least: int = 1) -> int:
    text = request.query_params.get(name)
    return max(least, int(text)) if text and text.isdecimal() else default
