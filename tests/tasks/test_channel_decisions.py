"""Requests that the channel decides by itself: Omnitron hears of it, and the channel does not hear it back."""

from collections.abc import Mapping
from typing import Any

import pytest

from deployments.sandbox.base.faults import Fault
from flows.order import fetch_and_create_cancellation_requests, update_cancellation_requests
from tests.world.driving import die_at
from tests.world.loopback import World
from tests.world.sales import imported, list_products
from tests.world.shop import Row, action, requests_of, run

KIND = "cancellationrequest"
FETCH = "fetch_and_create_cancellation_requests"


@pytest.fixture
async def request_(world: World) -> Row:
    """A request that the channel lists, about an order that is in Omnitron."""
    list_products(world)
    (placed,) = await imported(world, 1)
    return world.market.request(placed["items"][0]["id"], "refund")


async def fetch(world: World) -> Mapping[str, int]:
    """One run of the flow that brings them in."""
    return (await run(world, fetch_and_create_cancellation_requests)).counts


async def tell(world: World) -> list[Any]:
    """The requests with which one run of the flow told decisions to the channel."""
    with requests_of(world) as seen:
        await run(world, update_cancellation_requests)
    return [request for request in seen if request.url.path == "/requests" and request.method == "PUT"]


def row(world: World) -> Row:
    """Omnitron's one request."""
    (found,) = world.requests
    return found


def decide(world: World, request: Row, status: str = "approved") -> None:
    """The channel decides by itself."""
    world.market.sales.decide_request(request["id"], status)


async def test_a_new_request_comes_in_with_the_channels_decision(world: World, request_: Row) -> None:
    decide(world, request_)
    assert await fetch(world) == {"created": 1}
    assert row(world)["status"] == "approved"
    assert await tell(world) == []


@pytest.mark.parametrize("status", ["approved", "rejected", "completed"])
async def test_a_known_request_takes_the_channels_decision_over(world: World, request_: Row, status: str) -> None:
    await fetch(world)
    decide(world, request_, status)
    assert await fetch(world) == {"decided by the channel": 1}
    assert row(world)["status"] == status
    assert await tell(world) == []


async def test_a_decision_that_was_taken_over_costs_nothing_more(world: World, request_: Row) -> None:
    await fetch(world)
    decide(world, request_)
    await fetch(world)
    with requests_of(world) as seen:
        assert await fetch(world) == {"known": 1}
    assert [request for request in seen if request.method != "GET"] == []
    assert world.hub.counts()["objects"][KIND]["due_updates"] == 0


async def test_the_channels_decision_stands_against_one_that_it_never_heard_of(world: World, request_: Row) -> None:
    await fetch(world)
    world.hub.decide_request(row(world)["id"], "rejected")
    decide(world, request_)
    await fetch(world)
    assert row(world)["status"] == "approved"
    assert await tell(world) == []


async def test_what_the_merchant_decides_later_is_told(world: World, request_: Row) -> None:
    """The money was sent, say; and the channel's decision takes nothing back."""
    decide(world, request_)
    await fetch(world)
    world.hub.decide_request(row(world)["id"], "completed")
    assert await fetch(world) == {"known": 1}
    assert row(world)["status"] == "completed"
    assert len(await tell(world)) == 1


async def test_a_merchants_decision_that_the_channel_lists_is_not_written_again(world: World, request_: Row) -> None:
    await fetch(world)
    world.hub.decide_request(row(world)["id"], "approved")
    assert len(await tell(world)) == 1
    request_["is_decided_here"] = True
    assert await fetch(world) == {"known": 1}
    assert await tell(world) == []


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize(
    ("path", "time"), [("/integration_actions/", 1), ("/cancellation_requests/", 1), ("/integration_actions/", 2)]
)
async def test_a_run_that_dies_in_between_is_made_up_for_and_nothing_is_told_meanwhile(
    world: World, request_: Row, path: str, time: int, moment: str
) -> None:
    await fetch(world)
    decide(world, request_)
    await die_at(world, FETCH, "PATCH", path, time, moment)
    assert await tell(world) == []
    await fetch(world)
    assert row(world)["status"] == "approved"
    assert await tell(world) == []
    found = action(world, row(world)["id"], KIND)
    assert found
    assert found["state"]["request"] == {"status": "approved"}


async def test_a_hub_that_takes_no_status_binds_the_request_and_says_so(world: World, request_: Row) -> None:
    decide(world, request_)
    world.hub.faults.add(Fault("status", "PATCH", "cancellation_requests", status=405, times=None))
    assert await fetch(world) == {"created": 1}
    summary = await run(world, fetch_and_create_cancellation_requests)
    assert summary.failures == {"Refused": 1}


async def test_a_decision_of_the_merchants_that_is_on_its_way_is_waited_for(world: World, request_: Row) -> None:
    await fetch(world)
    world.hub.decide_request(row(world)["id"], "rejected")
    found = action(world, row(world)["id"], KIND)
    assert found
    found["status"] = "processing"
    decide(world, request_)
    assert await fetch(world) == {"known": 1}
    assert row(world)["status"] == "rejected"
    found["status"] = "success"
    assert await fetch(world) == {"decided by the channel": 1}
