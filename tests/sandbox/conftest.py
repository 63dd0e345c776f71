"""A hub and a marketplace in this process, and a clock that only moves when it is told to."""

from collections.abc import AsyncIterator

import httpx
import pytest

from deployments.sandbox import MarketplaceSandbox, OmnitronSandbox
from tests.world.hub_client import HubClient, StillClock


@pytest.fixture
def clock() -> StillClock:
    return StillClock()


@pytest.fixture
def hub(clock: StillClock) -> OmnitronSandbox:
    return OmnitronSandbox(products=12, failing=0, clock=clock)


@pytest.fixture
async def api(hub: OmnitronSandbox) -> AsyncIterator[HubClient]:
    client = HubClient(hub)
    async with client.http:
        await client.log_in()
        yield client


@pytest.fixture
def marketplace(clock: StillClock) -> MarketplaceSandbox:
    return MarketplaceSandbox(clock=clock)


@pytest.fixture
async def market(marketplace: MarketplaceSandbox) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(marketplace), base_url="http://market/") as client:
        yield client
