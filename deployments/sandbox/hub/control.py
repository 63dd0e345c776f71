"""The control routes of the local hub: a person or a test changes the shop as its merchant does."""

from typing import Any, get_args

from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from deployments.sandbox.base.http import HttpError, JsonResponse, json_object
from deployments.sandbox.hub.places import PlaceKind
from deployments.sandbox.hub.resources import change, row_of
from deployments.sandbox.hub.shop import Shop


class _ChannelChange(BaseModel):
    is_active: bool | None = None
    conf: dict[str, Any] | None = None


class _Decision(BaseModel):
    status: str


class _Code(BaseModel):
    code: str | int


def control_routes(shop: Shop) -> list[Route]:
    """The routes below `/_sandbox`."""
    products, orders, items = shop.goods.products, shop.orders.table, shop.orders.items
    requests = shop.cancellations.table

    async def patch_channel(request: Request) -> Response:
        wanted = _ChannelChange.model_validate(await json_object(request))
        shop.set_channel(is_active=wanted.is_active, conf=wanted.conf)
        return JsonResponse(shop.channel)

    async def delete_product(request: Request) -> Response:
        shop.delete_product(row_of(products, request)["pk"])
        return Response(status_code=204)

    async def repair(request: Request) -> Response:
        shop.repair(row_of(products, request)["pk"])
        return JsonResponse({"defects": len(shop.goods.defects)})

    async def split_item(request: Request) -> Response:
        item = row_of(items, request)
        return JsonResponse(shop.split_item(item["pk"], **await json_object(request)), 201)

    async def decide(request: Request) -> Response:
        pk = row_of(requests, request)["id"]
        status = _Decision.model_validate(await json_object(request)).status
        return JsonResponse(shop.cancellations.decide(pk, status))

    async def map_place(request: Request) -> Response:
        kind = request.path_params["kind"]
        place = next((known for known in get_args(PlaceKind) if known == kind), None)
        if place is None:
            raise HttpError(404, {"detail": f"There is no kind of place called {kind}."})
        pk = row_of(shop.places.tables[place], request)["pk"]
        code = str(_Code.model_validate(await json_object(request)).code)
        return JsonResponse(shop.places.map_place(place, pk, code))

    return [
        Route("/channel", patch_channel, methods=["PATCH"]),
        change(products, lambda pk, fields: shop.edit_product(pk, **fields), "/products/{pk:int}"),
        Route("/products/{pk:int}", delete_product, methods=["DELETE"]),
        Route("/products/{pk:int}/repair", repair, methods=["POST"]),
        change(products, lambda pk, fields: shop.edit_price(pk, **fields), "/prices/{pk:int}"),
        change(products, lambda pk, fields: shop.edit_stock(pk, **fields), "/stocks/{pk:int}"),
        change(orders, lambda pk, fields: shop.edit_order(pk, **fields), "/orders/{pk:int}"),
        change(items, lambda pk, fields: shop.edit_order_item(pk, **fields), "/order-items/{pk:int}"),
        Route("/order-items/{pk:int}/split", split_item, methods=["POST"]),
        Route("/cancellation-requests/{pk:int}/decide", decide, methods=["POST"]),
        Route("/places/{kind}/{pk:int}/map", map_place, methods=["POST"]),
    ]
