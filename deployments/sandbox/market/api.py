"""The routes of the local marketplace."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ValidationError
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from deployments.sandbox.base.dates import canonical
from deployments.sandbox.base.http import HttpError, JsonResponse, json_object, page_url
from deployments.sandbox.market.assortment import Assortment
from deployments.sandbox.market.intake import Intake, Kind
from deployments.sandbox.market.market_sales import Item, MarketSales

MAX_ITEMS = 1_000
DEFAULT_PAGE, MAX_PAGE = 100, 500

_TAKEN: tuple[tuple[str, str, Kind], ...] = (
    ("PUT", "/products", "product"),
    ("POST", "/products/delete", "delete"),
    ("PUT", "/prices", "price"),
    ("PUT", "/stocks", "stock"),
    ("PUT", "/offers", "offer"),
    ("PUT", "/images", "image"),
    ("PUT", "/orders", "order"),
    ("POST", "/orders/acknowledge", "acknowledgement"),
    ("PUT", "/requests", "request"),
)


class _Sent(BaseModel):
    items: list[dict[str, Any]]


def market_routes(intake: Intake, sales: MarketSales, assortment: Assortment) -> list[BaseRoute]:
    """The whole API."""
    return [*_intake(intake), *_sales(sales), *_assortment(assortment)]


def _intake(intake: Intake) -> list[Route]:
    async def get_health(_request: Request) -> Response:
        return JsonResponse({"status": "ok"})

    async def get_batch(request: Request) -> Response:
        batch_id = request.path_params["id"]
        batch = intake.poll(batch_id)
        if batch is None:
            raise HttpError(404, {"detail": f"Batch {batch_id} is unknown."})
        return JsonResponse(batch)

    async def get_listing(request: Request) -> Response:
        skus = request.query_params.getlist("sku")
        if not skus:
            return _page(request, list(intake.items.values()))
        wanted = [sku for value in skus for sku in value.split(",")]
        return _page(request, [intake.items[sku] for sku in wanted if sku in intake.items])

    async def get_item(request: Request) -> Response:
        sku = request.path_params["sku"]
        if sku not in intake.items:
            raise HttpError(404, {"detail": f"There is no item {sku}."})
        return JsonResponse(intake.items[sku])

    return [
        Route("/health", get_health),
        Route("/batches/{id}", get_batch),
        *(_receive(intake, *taken) for taken in _TAKEN),
        Route("/listing", get_listing),
        Route("/listing/{sku}", get_item),
    ]


def _receive(intake: Intake, method: str, path: str, kind: Kind) -> Route:
    async def endpoint(request: Request) -> Response:
        """`{"items": [...]}` → the results at once, or with `async=true` a batch id and the items that are rejected at once."""
        items = await _items(request, kind)
        # A decision and an acknowledgement take no time.
        if kind in ("request", "acknowledgement") or request.query_params.get("async") != "true":
            return JsonResponse({"results": intake.take(kind, items)})
        return JsonResponse(intake.accept(kind, items), 202)

    return Route(path, endpoint, methods=[method])


async def _items(request: Request, kind: Kind) -> list[Item]:
    """The items of a request; a product names itself by sku or remote id, the others by remote id."""
    keys = ("remote_id",) if kind in ("order", "request", "acknowledgement") else ("sku", "remote_id")
    try:
        items = _Sent.model_validate(await json_object(request)).items
    except ValidationError:
        items = [{}]
    if not all(any(item.get(key) for key in keys) for item in items):
        named = " or a ".join(f"`{key}`" for key in keys)
        raise HttpError(400, {"detail": f"`items` must be a list of objects with a {named}."})
    if len(items) > MAX_ITEMS:
        raise HttpError(413, {"detail": f"At most {MAX_ITEMS} items in one request."})
    return items


def _sales(sales: MarketSales) -> list[Route]:
    """Lists: `?since=&until=&page=&limit=` → `{"count", "next", "results"}`, the longest unchanged first."""

    def listed(path: str, rows: Mapping[str, Item]) -> Route:
        async def endpoint(request: Request) -> Response:
            since, until = _moment(request, "since"), _moment(request, "until")
            wanted = [
                row
                for row in rows.values()
                if (since is None or row["updated_at"] >= since) and (until is None or row["updated_at"] <= until)
            ]
            return _page(request, sorted(wanted, key=_age))

        return Route(path, endpoint)

    return [
        listed("/orders", sales.orders),
        listed("/cancellations", sales.cancellations),
        listed("/order-items", sales.changed_items),
        listed("/requests", sales.requests),
    ]


def _assortment(assortment: Assortment) -> list[Route]:
    async def get_categories(_request: Request) -> Response:
        return JsonResponse({"categories": assortment.category_rows()})

    async def get_category(request: Request) -> Response:
        category_id = request.path_params["id"]
        category = assortment.categories.get(category_id)
        if category is None:
            raise HttpError(404, {"detail": f"There is no category {category_id}."})
        rows = [feature.row() for feature in category.features]
        return JsonResponse({"id": category.id, "name": category.name, "attributes": rows})

    async def get_attributes(_request: Request) -> Response:
        return JsonResponse({"attributes": assortment.attribute_rows()})

    return [
        Route("/categories", get_categories),
        Route("/categories/{id}/attributes", get_category),
        Route("/attributes", get_attributes),
    ]


def _page(request: Request, rows: list[Item]) -> Response:
    """One page of the rows."""
    number, limit = _number(request, "page", 1), min(_number(request, "limit", DEFAULT_PAGE), MAX_PAGE)
    start = (number - 1) * limit
    following = page_url(request, number + 1) if start + limit < len(rows) else None
    return JsonResponse({"count": len(rows), "next": following, "results": rows[start : start + limit]})


def _age(row: Item) -> tuple[Any, int]:
    return row["updated_at"], int(row["id"])


def _moment(request: Request, name: str) -> str | None:
    text = request.query_params.get(name)
    if not text:
        return None
    try:
        return canonical(text)
    except ValueError:
        raise HttpError(400, {"detail": f"`{name}` is not an ISO date: {text}"}) from None


def _number(request: Request, name: str, default: int) -> int:
    text = request.query_params.get(name)
    return max(1, int(text)) if text and text.isdecimal() else default
