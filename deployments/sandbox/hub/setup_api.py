"""The routes of the local hub for the setup: category trees, attributes, sets, values and configs."""

from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route

from deployments.sandbox.base.http import JsonResponse, json_object
from deployments.sandbox.hub.ledger import Ledger
from deployments.sandbox.hub.listing import Listing
from deployments.sandbox.hub.resources import change, create, readable, row_of
from deployments.sandbox.hub.setup_resource import Resource
from deployments.sandbox.hub.shop import Shop
from deployments.sandbox.hub.tables import Row


def setup_routes(shop: Shop) -> list[BaseRoute]:
    """The routes below a channel's path."""
    setup, note = shop.setup, shop.violations.append
    in_detail = Listing(setup.rules.table, setup.rules.known, violation=note, render=setup.in_detail)
    return [
        _mount("attribute_sets", setup.sets, note),
        _mount("attribute_set_configs", setup.set_configs, note),
        _mount("attributes", setup.attributes, note),
        _mount("attribute_schemas", setup.schemas, note),
        _mount("attribute_configs", setup.rules, note, Route("/detailed/", in_detail.respond)),
        _mount("attribute_values", setup.values, note),
        _mount("attribute_value_configs", setup.value_configs, note),
        *_trees(shop),
        *_bulk(shop),
    ]


def _mount(path: str, resource: Resource, violation: Callable[[str], None], *others: Route) -> Mount:
    return Mount(
        f"/{path}",
        routes=[
            *readable(resource.table, resource.known, violation=violation),
            create(resource.create),
            change(resource.table, resource.change),
            *others,
        ],
    )


def _trees(shop: Shop) -> list[Mount]:
    nodes, note = shop.setup.nodes, shop.violations.append

    async def detailed(request: Request) -> Response:
        row = row_of(nodes.table, request)
        return JsonResponse({**row, "children": nodes.children(row["pk"])})

    return [
        Mount(
            "/category_nodes",
            routes=[
                *readable(nodes.table, {}, violation=note),
                create(nodes.create),
                change(nodes.table, nodes.change),
                Route("/{pk:int}/detailed/", detailed),
            ],
        ),
        Mount("/category_trees", routes=[*readable(nodes.trees, {}, violation=note), create(nodes.create_tree)]),
    ]


def _bulk(shop: Shop) -> list[Route]:
    """The bulk routes that this hub has."""
    settings, setup = shop.settings, shop.setup

    def route(path: str, take: Callable[[Row, Ledger], None]) -> Route:
        async def endpoint(request: Request) -> Response:
            take(await json_object(request), shop.ledger)
            return JsonResponse({"detail": "done"}, 201)

        return Route(path, endpoint, methods=["POST"])

    routes = []
    if settings.bulk_category_attributes:
        routes.append(route("/bulk_category_attributes/", setup.take_category))
    if settings.bulk_attributes:
        routes.append(route("/bulk_attributes/", setup.take_attributes))
    return routes
