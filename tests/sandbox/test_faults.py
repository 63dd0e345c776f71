"""Faults on demand, in process."""

import httpx
import pytest

from deployments.sandbox import ConnectionDroppedError, Fault, MarketplaceSandbox
from deployments.sandbox.base.faults import Kind
from tests.world.hub_client import StillClock

BODY = {"items": [{"sku": "A", "name": "A", "version": "1"}]}


@pytest.mark.parametrize(
    ("kind", "status", "is_handled"),
    [
        ("status", 503, False),
        ("rate_limited", 429, False),
        ("rate_limited_date", 429, False),
        ("unauthorized", 401, False),
        ("nonsense", 200, False),
        ("html", 200, True),
        ("truncated", 200, True),
        ("slow", 200, True),
    ],
)
async def test_a_fault_hits_once(
    market: httpx.AsyncClient, marketplace: MarketplaceSandbox, kind: Kind, status: int, is_handled: bool
) -> None:
    """The program saw the request or did not; the next request is whole, and the log has both."""
    marketplace.faults.add(Fault(kind))
    response = await market.put("/products", json=BODY)
    assert response.status_code == status
    assert ("A" in marketplace.items) is is_handled
    assert (await market.put("/products", json=BODY)).json()["results"][0]["status"] == "SUCCESS"
    assert [entry[2] for entry in marketplace.requests] == [status, 200]


@pytest.mark.parametrize(("kind", "is_handled"), [("drop_before", False), ("drop_after", True)])
async def test_a_connection_drops(
    market: httpx.AsyncClient, marketplace: MarketplaceSandbox, kind: Kind, is_handled: bool
) -> None:
    """Before or after the program handled the request."""
    marketplace.faults.add(Fault(kind))
    with pytest.raises(ConnectionDroppedError):
        await market.put("/products", json=BODY)
    assert ("A" in marketplace.items) is is_handled


async def test_rate_limits_say_how_long(market: httpx.AsyncClient, marketplace: MarketplaceSandbox) -> None:
    """In seconds, or as a date of the sandbox's clock."""
    marketplace.faults.add(Fault("rate_limited", seconds=7))
    marketplace.faults.add(Fault("rate_limited_date", seconds=60))
    assert (await market.get("/health")).headers["retry-after"] == "7"
    assert (await market.get("/health")).headers["retry-after"] == "Wed, 31 Jan 2024 12:01:00 GMT"


async def test_a_fault_picks_its_requests(market: httpx.AsyncClient, marketplace: MarketplaceSandbox) -> None:
    """By method and path, after some have passed, until it is healed."""
    marketplace.faults.add(Fault("status", method="GET", path="^/listing", skip=1, times=None, status=500))
    assert (await market.get("/health")).status_code == 200
    assert [(await market.get("/listing")).status_code for _ in range(3)] == [200, 500, 500]
    marketplace.faults.clear()
    assert (await market.get("/listing")).status_code == 200
    assert len(marketplace.faults.fired) == 2


async def test_a_truncated_body_is_half_of_it(market: httpx.AsyncClient, marketplace: MarketplaceSandbox) -> None:
    """Its length header matches what is sent."""
    whole = (await market.get("/listing")).content
    marketplace.faults.add(Fault("truncated"))
    half = await market.get("/listing")
    assert half.content == whole[: len(whole) // 2]
    assert half.headers["content-length"] == str(len(half.content))


async def test_latency_and_slowness_pass_on_the_clock(
    market: httpx.AsyncClient, marketplace: MarketplaceSandbox, clock: StillClock
) -> None:
    """Control requests are not delayed."""
    before = clock.now()
    await market.post("/_sandbox/latency", json={"seconds": 2})
    assert clock.now() == before
    marketplace.faults.add(Fault("slow", seconds=10))
    await market.get("/health")
    assert (clock.now() - before).total_seconds() == 12


async def test_faults_are_armed_by_control_requests(market: httpx.AsyncClient) -> None:
    """And healed; an unknown kind is refused."""
    assert (await market.post("/_sandbox/faults", json={"kind": "earthquake"})).status_code == 400
    assert (await market.post("/_sandbox/faults", json={"kind": "status", "times": None})).status_code == 201
    assert (await market.get("/health")).status_code == 503
    await market.delete("/_sandbox/faults")
    assert (await market.get("/health")).status_code == 200
