"""Handlers that most resources of the local hub share: one row by its key, and the lists of what is due."""

from collections.abc import Callable, Mapping

from deployments.sandbox.hub_state import HubState
from deployments.sandbox.listing import Filter, Listing
from deployments.sandbox.messages import HttpError, Request, Response, json_response
from deployments.sandbox.offers import Due
from deployments.sandbox.routing import as_pk
from deployments.sandbox.tables import Row, Table

Where = Callable[[Row], bool]
Render = Callable[[Request, Row], Row]


def known_pk(table: Table, text: str) -> int:
    """A path's part as the key of a row.

    Raises:
        HttpError: 404, there is no such row.
    """
    pk = as_pk(text)
    if pk not in table:
        raise HttpError(404, {"detail": "Not found."})
    return pk


def retrieve(table: Table, *, where: Where | None = None, render: Render | None = None) -> Callable[..., Response]:
    """The handler of `GET path/{pk}/`."""

    def handler(request: Request, pk_text: str) -> Response:
        row = table[known_pk(table, pk_text)]
        if where is not None and not where(row):
            raise HttpError(404, {"detail": "Not found."})
        return json_response(render(request, row) if render else row)

    return handler


def due_listing(
    state: HubState,
    content_type: str,
    lists: tuple[Due, ...],
    known: Mapping[str, Filter],
    where: Where | None = None,
    render: Render | None = None,
) -> Listing:
    """The handler of `GET path/inserts/` and the like."""
    return Listing(
        state.offered[content_type],
        known,
        violation=state.violations.append,
        members=lambda: state.offers.due(content_type, *lists),
        revision=state.offers.revision,
        where=where,
        render=render,
    )
