"""The routes of the local marketplace."""

from typing import Any

from pydantic import BaseModel, ValidationError
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from deployments.sandbox.base.http import HttpError, JsonResponse, json_object
from deployments.sandbox.market.assortment import Assortment
from deployments.sandbox.market.intake import Intake, Kind
from deployments.sandbox.market.item_numbers import heard_with_numbers
from deployments.sandbox.market.lists import page, sales_lists
from deployments.sandbox.market.market_sales import Item, MarketSales
from deployments.sandbox.market.settings import MarketSettings

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


def market_routes(
    settings: MarketSettings, intake: Intake, sales: MarketSales, assortment: Assortment
) -> list[BaseRoute]:
    """The whole API."""
    return [*_intake(settings, intake), *sales_lists(settings, sales), *_assortment(assortment)]


def _intake(settings: MarketSettings, intake: Intake) -> list[Route]:
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
            return page(request, intake.items.values(), settings)
        wanted = [sku for value in skus for sku in value.split(",")]
        return page(request, [intake.items[sku] for sku in wanted if sku in intake.items], settings)

    async def get_item(request: Request) -> Response:
        sku = request.path_params["sku"]
        if sku not in intake.items:
            raise HttpError(404, {"detail": f"There is no item {sku}."})
        return JsonResponse(intake.items[sku])

    async def get_file(request: Request) -> Response:
        found = intake.file(request.path_params["id"], request.query_params.get("token", ""))
        if found is None:
            raise HttpError(403, {"detail": "This address was not given, or is not good any more."})
        content, media_type = found
        return Response(content, media_type=media_type)

    return [
        Route("/health", get_health),
        Route("/batches/{id}", get_batch),
        Route("/files/{id}", get_file),
        *(_receive(settings, intake, *taken) for taken in _TAKEN if taken[2] not in _left_out(settings)),
        Route("/listing", get_listing),
        Route("/listing/{sku}", get_item),
    ]


def _left_out(settings: MarketSettings) -> tuple[Kind, ...]:
    return ("price", "stock") if settings.offers_together else ()


def _receive(settings: MarketSettings, intake: Intake, method: str, path: str, kind: Kind) -> Route:
    async def endpoint(request: Request) -> Response:
        """`{"items": [...]}` → the results at once, or with `async=true` a batch id and the items that are rejected at once."""
        items = await _items(request, kind, settings.most_items)
        if settings.numbers_items and kind in ("order", "request"):
            items = [heard_with_numbers(item) for item in items]
        # A decision and an acknowledgement take no time.
        if kind in ("request", "acknowledgement") or request.query_params.get("async") != "true":
            verdicts = intake.take(kind, items)
            return JsonResponse(verdicts, 207 if intake.tells(kind) == "statuses" else 200)
        return JsonResponse(intake.accept(kind, items), 202)

    return Route(path, endpoint, methods=[method])


async def _items(request: Request, kind: Kind, most: int) -> list[Item]:
    """The items of a request; a product names itself by sku or remote id, the others by remote id."""
    keys = ("remote_id",) if kind in ("order", "request", "acknowledgement") else ("sku", "remote_id")
    try:
        items = _Sent.model_validate(await json_object(request)).items
    except ValidationError:
        items = [{}]
    if not all(any(item.get(key) for key in keys) for item in items):
        named = " or a ".join(f"`{key}`" for key in keys)
        raise HttpError(400, {"detail": f"`items` must be a list of objects with a {named}."})
    if len(items) > most:
        raise HttpError(413, {"detail": f"At most {most} items in one request."})
    return items


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
