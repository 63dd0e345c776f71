"""The control routes of the local marketplace: a person plays the buyer, or the market that decides about a product."""

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, RootModel
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from clients.settings import checked_url
from deployments.sandbox.base.http import HttpError, JsonResponse, json_object
from deployments.sandbox.market.event_posts import EventPosts
from deployments.sandbox.market.intake import Intake
from deployments.sandbox.market.market_sales import MarketSales

DEEDS = (
    ("orders", '{} or {"items": [["SKU", 2]], "city": "Gotham", "without": ["notes"]}'),
    ("orders/several", '{"number": 5}'),
    ("orders/ORDER/cancel", '{} or {"items": ["ITEM"], "reason": "DAMAGED"}'),
    ("order-items/ITEM/request", '{"kind": "refund", "reason": "DAMAGED"}'),
    ("requests/REQUEST/decide", '{"status": "approved"}'),
    ("order-items/ITEM/change", '{"status": "DELIVERED", "invoice_number": "FT1"}'),
    ("webhook", '{"url": "http://127.0.0.1:8080/events", "key": "..."}'),
    ("listing/SKU", '{"state": "rejected", "message": "Yasaklı kelime"} or {"state": "delisted"} or {"name": "Cup"}'),
)
"""The requests that a person may POST, as the page shows them."""


class _Several(BaseModel):
    number: int
    skus: list[str] | None = None


class _Listed(BaseModel):
    """A later change of a listed item. `price` and `stock` are the bare values."""

    model_config = ConfigDict(extra="forbid")

    state: Literal["live", "in review", "rejected", "delisted"] | None = None
    message: str | None = None
    name: str | None = None
    price: str | None = None
    stock: int | None = None


class _Webhook(BaseModel):
    """Where events are posted, and the key that signs them."""

    model_config = ConfigDict(extra="forbid")

    url: Annotated[str, AfterValidator(checked_url)]
    key: str


class _Refused(RootModel[dict[str, str]]):
    """Messages by sku, number or id."""


def control_routes(intake: Intake, sales: MarketSales, posts: EventPosts) -> list[Route]:
    """The routes below `/_sandbox`."""

    async def refuse(request: Request) -> Response:
        messages = _Refused.model_validate(await json_object(request)).root
        intake.refuse.clear()
        intake.refuse.update(messages)
        return JsonResponse(messages)

    async def forget(_request: Request) -> Response:
        intake.batches.clear()
        return JsonResponse({"detail": "forgotten"})

    async def place_order(request: Request) -> Response:
        return JsonResponse(sales.place_order(**await json_object(request)), 201)

    async def place_orders(request: Request) -> Response:
        wanted = _Several.model_validate(await json_object(request))
        orders = sales.place_orders(wanted.number, skus=wanted.skus)
        return JsonResponse([{"id": order["id"], "number": order["number"]} for order in orders], 201)

    async def cancel_order(request: Request) -> Response:
        return JsonResponse(sales.cancel_order(request.path_params["id"], **await json_object(request)), 201)

    async def make_request(request: Request) -> Response:
        return JsonResponse(sales.request(request.path_params["id"], **await json_object(request)), 201)

    async def decide_request(request: Request) -> Response:
        return JsonResponse(sales.decide_request(request.path_params["id"], **await json_object(request)))

    async def change_item(request: Request) -> Response:
        return JsonResponse(sales.change_item(request.path_params["id"], **await json_object(request)))

    async def change_listing(request: Request) -> Response:
        sku = request.path_params["sku"]
        if sku not in intake.items:
            raise HttpError(404, {"detail": f"There is no item {sku}."})
        changes = _Listed.model_validate(await json_object(request)).model_dump(exclude_none=True)
        return JsonResponse(intake.change_listing(sku, **changes))

    async def subscribe(request: Request) -> Response:
        wanted = _Webhook.model_validate(await json_object(request))
        posts.subscribe(wanted.url, wanted.key)
        return JsonResponse(posts.state(), 201)

    return [
        Route("/webhook", subscribe, methods=["POST"]),
        Route("/listing/{sku}", change_listing, methods=["POST"]),
        Route("/refuse", refuse, methods=["POST"]),
        Route("/batches", forget, methods=["DELETE"]),
        Route("/orders", place_order, methods=["POST"]),
        Route("/orders/several", place_orders, methods=["POST"]),
        Route("/orders/{id}/cancel", cancel_order, methods=["POST"]),
        Route("/order-items/{id}/request", make_request, methods=["POST"]),
        Route("/requests/{id}/decide", decide_request, methods=["POST"]),
        Route("/order-items/{id}/change", change_item, methods=["POST"]),
    ]
