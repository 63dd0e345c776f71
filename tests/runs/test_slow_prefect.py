"""Finished work never goes red because Prefect was slow: artifacts, bookings and logs are tried, and given up with a warning."""

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest
from prefect import get_client
from prefect.settings import PREFECT_CLIENT_MAX_RETRIES, temporary_settings

from clients import prefect_api
from flows import artifact
from flows.product import insert_products
from tests.runs.gateway import behind_a_gateway
from tests.runs.records import run
from tests.world.loopback import World
from tests.world.shop import batches

pytestmark = pytest.mark.flow

ways = pytest.mark.parametrize("hangs", [False, True], ids=["answers 503", "never answers"])


@pytest.fixture
async def _verify_is_deployed(prefect_server: None) -> AsyncIterator[None]:
    async with get_client() as client:
        flow_id = await client.create_flow_from_name("verify batch")
        deployment_id = await client.create_deployment(flow_id, "verify-batch-6")
        yield
        await client.delete_deployment(deployment_id)


@ways
@pytest.mark.parametrize(
    ("path", "warning"),
    [
        ("POST /api/artifacts", "Prefect's API did not keep the run's artifact"),
        ("/api/deployments/", "Prefect's API did not take the booking"),
        ("POST /api/logs", None),
    ],
    ids=["artifact", "booking", "log"],
)
@pytest.mark.usefixtures("_verify_is_deployed")
async def test_a_run_completes_without_what_prefect_does_not_take(
    make_world: Callable[..., World],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    path: str,
    warning: str | None,
    hangs: bool,
) -> None:
    """With a warning in the log, unless it is the log that cannot be written."""
    monkeypatch.setattr(artifact, "SECONDS", 1.0)
    monkeypatch.setattr(prefect_api, "SECONDS", 1.0)
    world = make_world(failing=0, products=3, asynchronous=True)
    # What sends the log repeats a request for a minute, beside the run, which does not wait for it: here it does not.
    retries = {} if warning else {PREFECT_CLIENT_MAX_RETRIES: 0}
    async with behind_a_gateway(path, hangs=hangs) as gateway:
        with temporary_settings(retries):
            recorded = await run(world, insert_products)
            assert await asyncio.to_thread(gateway.has_stopped.wait, 30)
    assert recorded.state.is_completed(), recorded.state.message
    assert [row["status"] for row in batches(world)] == ["sent_to_remote"]
    if warning:
        (record,) = [record for record in caplog.records if warning in record.getMessage()]
        assert record.levelname == "WARNING"
