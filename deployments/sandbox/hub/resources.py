"""Routes that most resources of the local hub share: a list, one row by its key, and the lists of due objects."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route, Router
from starlette.types import Receive, Scope, Send

from deployments.sandbox.base.http import JsonResponse, json_object, not_found
from deployments.sandbox.hub.due_lists import Due
from deployments.sandbox.hub.listing import Filter, Listing
from deployments.sandbox.hub.shop import Shop
from deployments.sandbox.hub.tables import Row, Table

Where = Callable[[Row], bool]
Render = Callable[[Request, list[Row]], list[Row]]


class Resources(Router):
    """A router that finds its mounts by the first part of the path: trying each of many in turn takes too long."""

    def __init__(self, routes: Sequence[BaseRoute]) -> None:
        super().__init__(routes)
        self._mounts = {route.path: route for route in routes if isinstance(route, Mount)}

    async def app(self, scope: Scope, receive: Receive, send: Send) -> None:
        part = scope["path"][len(scope["root_path"]) :].split("/", 2)[1]
        mount = self._mounts.get(f"/{part}")
        if mount is None:
            await super().app(scope, receive, send)
            return
        scope["root_path"] += mount.path
        await mount.handle(scope, receive, send)


def row_of(table: Table, request: Request) -> Row:
    """The row that the path names by its key.

    Raises:
        HttpError: 404, there is no such row.
    """
    pk: int = request.path_params["pk"]
    if pk not in table:
        raise not_found()
    return table[pk]


def retrieve(table: Table, *, where: Where | None = None, render: Render | None = None) -> Route:
    """`GET {pk}/` → the row."""

    async def endpoint(request: Request) -> Response:
        row = row_of(table, request)
        if where is not None and not where(row):
            raise not_found()
        return JsonResponse(render(request, [row])[0] if render else row)

    return Route("/{pk:int}/", endpoint)


def create(make: Callable[[Row], Row], path: str = "/") -> Route:
    """`POST` → the new row."""

    async def endpoint(request: Request) -> Response:
        return JsonResponse(make(await json_object(request)), 201)

    return Route(path, endpoint, methods=["POST"])


def change(table: Table, make: Callable[[int, Row], Row], path: str = "/{pk:int}/", method: str = "PATCH") -> Route:
    """`PATCH {pk}/` → the changed row."""

    async def endpoint(request: Request) -> Response:
        pk = row_of(table, request)[table.key]
        return JsonResponse(make(pk, await json_object(request)))

    return Route(path, endpoint, methods=[method])


def readable(
    table: Table,
    known: Mapping[str, Filter],
    *,
    violation: Callable[[str], None],
    where: Where | None = None,
    render: Render | None = None,
    **options: Any,
) -> list[Route]:
    """`GET` → a page of the rows, `GET {pk}/` → one of them; `options` are those of `Listing`."""
    listing = Listing(table, known, violation=violation, where=where, render=render, **options)
    return [Route("/", listing.respond), retrieve(table, where=where, render=render)]


def due_listing(
    shop: Shop,
    content_type: str,
    lists: tuple[Due, ...],
    known: Mapping[str, Filter],
    where: Where | None = None,
    render: Render | None = None,
) -> Listing:
    """A list of due objects, as `inserts/`."""
    return Listing(
        shop.offered[content_type],
        known,
        violation=shop.violations.append,
        members=lambda: shop.due_lists.due(content_type, *lists),
        revision=shop.due_lists.revision,
        where=where,
        render=render,
    )
