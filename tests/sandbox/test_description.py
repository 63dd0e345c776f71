"""The description of the local marketplace's API is that of its routes, and its examples are taken."""

from typing import Any

import httpx
import pytest
from starlette.routing import Route

from deployments.sandbox.market.api import market_routes
from deployments.sandbox.market.description import CALLS, Described
from deployments.sandbox.market.marketplace import MarketplaceSandbox

BODIES = [call for call in CALLS if call.body is not None]
READS = [call for call in CALLS if call.method == "GET" and "{" not in call.path]


def routes(*habits: str) -> set[tuple[str, str]]:
    market = MarketplaceSandbox(habits=list(habits))
    found = market_routes(market._intake._settings, market._intake, market.sales, market.assortment)
    return {
        (method, route.path)
        for route in found
        if isinstance(route, Route)
        for method in route.methods or ()
        if method != "HEAD"
    }


def test_every_route_is_described_and_no_other() -> None:
    """The log-in is no route of its own: a gate answers it."""
    described = {(call.method, call.path) for call in CALLS}
    assert described - {("POST", "/token")} == routes() | routes("event-stream")
    assert len(described) == len(CALLS)


@pytest.mark.parametrize("call", BODIES, ids=lambda call: f"{call.method} {call.path}")
async def test_every_example_is_taken(
    marketplace: MarketplaceSandbox, market: httpx.AsyncClient, call: Described
) -> None:
    """Its answer has the fields that the description shows."""
    await market.put("/products", json={"items": [{"sku": "1KBATC00000001", "name": "Shoes"}]})
    marketplace.place_order(items=[("1KBATC00000001", 1)])
    answer = await market.request(call.method, call.path, json=call.body)
    assert answer.status_code == 200
    assert keys_of(answer.json()) == keys_of(call.answer)


def keys_of(answer: Any) -> set[str]:
    """The fields of an answer, and of its results."""
    return {*answer, *(key for row in answer["results"] for key in row)}


@pytest.mark.parametrize("call", READS, ids=lambda call: call.path)
async def test_every_list_has_the_fields_that_are_shown(call: Described) -> None:
    """With the habit that it belongs to."""
    habits = ["event-stream"] if call.path == "/events" else []
    market = MarketplaceSandbox(habits=habits)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(market), base_url="http://market/") as client:
        assert {*(await client.get(call.path)).json()} == {*call.answer}
