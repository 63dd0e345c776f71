"""Nothing secret gets into Prefect's database, whatever goes wrong."""

from collections.abc import Callable

import httpx
import pytest
from pydantic import SecretStr

from deployments.sandbox.faults import Fault
from flows.product import insert_products
from flows.verify import verify_open_batches
from tests.harness.loopback import World
from tests.runs.connectors import Troubled
from tests.runs.records import artifact_of, everything, run

pytestmark = pytest.mark.flow

PASSWORD = "sandbox-canary-7f3k"
FAULTS = [
    (Fault("drop_before", "POST", "auth/login"), None),
    (Fault("html", "GET", "products"), None),
    (Fault("unauthorized", "GET", "stocks|prices", times=2), None),
    (Fault("status", "PATCH", "batch_requests", status=500, times=None), None),
    (None, Fault("truncated", times=None)),
    (None, Fault("status", status=403, times=None)),
]


@pytest.fixture
def tokens() -> list[str]:
    """Each token that Omnitron was shown."""
    return []


@pytest.fixture
def world(make_world: Callable[..., World], tokens: list[str]) -> World:
    world = make_world(products=6, connector="Troubled")
    world.hub.reset(password=PASSWORD)
    world.settings = world.settings.model_copy(update={"OMNITRON_PASSWORD": SecretStr(PASSWORD)})

    def note(number: int, request: httpx.Request, moment: str) -> None:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme == "Token":
            tokens.append(token)

    world.hook = note
    return world


def leaks(database: str, tokens: list[str]) -> list[str]:
    """The lines of a database that hold a secret."""
    assert tokens
    return [line for line in database.splitlines() if any(secret in line for secret in (PASSWORD, *tokens))]


async def test_runs_under_faults_leave_no_secret_in_the_database(world: World, tokens: list[str]) -> None:
    ended = []
    for hub_fault, market_fault in FAULTS:
        world.hub.faults.clear()
        world.market.faults.clear()
        if hub_fault:
            world.hub.faults.add(hub_fault)
        if market_fault:
            world.market.faults.add(market_fault)
        recorded = await run(world, insert_products)
        ended.append(recorded.state.is_failed())
        assert PASSWORD not in await artifact_of(recorded, "insert-products-channel-6")
        world.clock.advance(3_601)
    assert True in ended
    world.hub.faults.clear()
    final = await run(world, verify_open_batches)
    database = await everything(final, 1)
    assert "verify open batches" in database
    assert leaks(database, tokens) == []


async def test_a_log_in_that_is_refused_leaves_no_password_in_the_database(world: World, tokens: list[str]) -> None:
    world.settings = world.settings.model_copy(update={"OMNITRON_PASSWORD": SecretStr(f"{PASSWORD}-wrong")})
    recorded = await run(world, insert_products)
    assert recorded.state.is_failed()
    assert leaks(await everything(recorded, 1), [f"{PASSWORD}-wrong"]) == []


async def test_an_error_that_quotes_a_secret_does_not_take_it_into_the_database(
    world: World, tokens: list[str]
) -> None:
    """A library that a connector uses may put anything into the text of its errors."""
    Troubled.expect(RuntimeError(f"cannot log in with {PASSWORD}"))
    recorded = await run(world, insert_products)
    assert recorded.state.is_failed()
    assert leaks(await everything(recorded, 8), tokens) == []
