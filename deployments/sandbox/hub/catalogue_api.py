"""The routes of the local hub for its catalogue: products, prices, stocks, images, categories, mapping."""

from collections.abc import Iterable, Mapping

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route

from deployments.sandbox.base.http import HttpError, JsonResponse
from deployments.sandbox.hub.due_lists import Due
from deployments.sandbox.hub.listing import Filter, Listing, filters
from deployments.sandbox.hub.resources import Render, Where, change, due_listing, readable, row_of
from deployments.sandbox.hub.shop import Shop
from deployments.sandbox.hub.tables import Row
from dto.enums import ContentType

_DUE_LISTS: dict[str, tuple[Due, ...]] = {
    "inserts": ("inserts",),
    "updates": ("updates",),
    "inserts_or_updates": ("inserts", "updates"),
}

_BY_PRODUCT = {"product__pk__in": Filter("product", is_list=True, most=50)}


def catalogue_routes(shop: Shop) -> list[BaseRoute]:
    """The routes below a channel's path."""
    goods, catalog = shop.goods, shop.catalog

    def in_language(request: Request, rows: list[Row]) -> list[Row]:
        is_english = request.headers.get("accept-language", "").startswith("en")
        return [goods.in_english(row) for row in rows] if is_english else rows

    def listed(path: str, content_type: ContentType, field: str, lists: Iterable[int]) -> Mount:
        accepted = frozenset(lists)
        known = _BY_PRODUCT | filters(**{field: field})
        return _mount(shop, path, content_type.value, known, where=lambda row: row[field] in accepted)

    async def mapped_product(request: Request) -> Response:
        product = row_of(goods.products, request)
        if goods.defects.get(product["pk"]) == "mapping":
            raise HttpError(406, {"error": f"{product['sku']}: no attribute set matches the product."})
        return JsonResponse(goods.mapping(product["pk"]))

    categories = Listing(goods.product_categories, filters(product="product"), violation=shop.violations.append)
    price, stock = ContentType.product_price, ContentType.product_stock
    return [
        _mount(shop, "products", ContentType.product.value, filters(product_type="product_type"), render=in_language),
        Route("/mapped_products/{pk:int}/", mapped_product),
        Route("/product_categories/detailed/", categories.respond),
        listed("product_prices", price, "price_list", [catalog["price_list"]]),
        listed("product_stocks", stock, "stock_list", [catalog["stock_list"]]),
        _mount(shop, "product_images", ContentType.product_image.value, filters(id__in="pk")),
        listed("extra_product_prices", price, "price_list", catalog["extra_price_lists"]),
        listed("extra_product_stocks", stock, "stock_list", catalog["extra_stock_lists"]),
    ]


def _mount(
    shop: Shop,
    path: str,
    content_type: str,
    known: Mapping[str, Filter],
    *,
    where: Where | None = None,
    render: Render | None = None,
) -> Mount:
    due = [
        Route(f"/{name}/", due_listing(shop, content_type, lists, known, where, render).respond)
        for name, lists in _DUE_LISTS.items()
    ]
    table = shop.offered[content_type]

    def touch(pk: int, body: Row) -> Row:
        if body:
            raise HttpError(403, {"detail": "The merchant's own: a program may only mark it as changed."})
        return shop.edit(content_type, pk)

    own = readable(table, known, violation=shop.violations.append, where=where, render=render)
    return Mount(f"/{path}", routes=[*due, change(table, touch), *own])
