"""Nothing secret gets into Prefect or into the merchant's log, whatever goes wrong."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import get_args

import httpx
import pytest
from prefect.blocks.system import Secret
from prefect.settings import PREFECT_HOME, PREFECT_LOCAL_STORAGE_PATH, temporary_settings
from pydantic import SecretStr

from clients.runtime import Runtime
from deployments.sandbox.base.faults import Fault, Kind
from flows.product import insert_products
from flows.verify import verify_open_batches
from tasks import prefect_tasks
from tests.harness.canaries import Finding, find
from tests.runs.connectors import CARELESS
from tests.runs.records import Recorded, artifact_of, everything, run
from tests.world.loopback import World

pytestmark = pytest.mark.flow

PASSWORD = 'sandbox-canary-7f3k "ğ\\+/'
API_KEY = "bazaar-canary-2m9q"
PLACES = [("hub", "POST", "auth/login"), ("hub", "GET", "products"), ("hub", "PATCH", "batch_requests")]
"""Where a fault strikes: log-in, read, commit; and the send."""


class Shop:
    """A world whose secrets are canaries, with all that it tells besides Prefect."""

    def __init__(self, world: World, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]) -> None:
        self.world = world
        self._caplog = caplog
        self._capfd = capfd
        self._said: list[str] = []
        self.tokens: set[str] = set()

    async def run(self, trouble: str = "none") -> Recorded:
        """One run that inserts what is due then."""
        self.world.hub.set_channel(conf={"trouble": trouble})
        for _ in range(2):
            self.world.hub.add_product()
        recorded = await run(self.world, insert_products)
        self._said.append(await artifact_of(recorded, "insert-products-channel-6"))
        self.world.hub.faults.clear()
        self.world.market.faults.clear()
        self.world.clock.advance(3_601)
        return recorded

    async def leaks(self, last: Recorded, task_runs: int, *more: str) -> list[Finding]:
        """The canaries that got anywhere."""
        hub = self.world.shop
        reports = [*hub.error_reports, *hub.operational_events]
        logs = [f"{record.getMessage()} {record.exc_text}" for record in self._caplog.records]
        out, err = self._capfd.readouterr()
        assert logs
        assert self.tokens
        places: list[str | Path] = [*await everything(last, task_runs), *self._said, *logs, out, err]
        return find({PASSWORD, API_KEY, *self.tokens, *more}, *places, json.dumps(reports, default=str))


@pytest.fixture
def shop(
    make_world: Callable[..., World],
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    _without_delay: None,
) -> Iterator[Shop]:
    monkeypatch.setattr(prefect_tasks, "_TASKS", {})  # those that are there wait between their tries
    world = make_world(products=2, failing=0, connector="Careless")
    world.hub.reset(password=PASSWORD)
    world.hub.set_channel(conf={"api_key": API_KEY})
    world.settings = world.settings.model_copy(update={"OMNITRON_PASSWORD": SecretStr(PASSWORD)})
    shop = Shop(world, caplog, capfd)

    def note(number: int, request: httpx.Request, moment: str) -> None:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme == "Token":
            shop.tokens.add(token)

    world.hook = note
    # Of its own: what an earlier test run left there would be found again.
    with temporary_settings({PREFECT_HOME: tmp_path}):
        yield shop


async def test_no_fault_takes_a_secret_anywhere(shop: Shop) -> None:
    """Each kind, at the log-in, at a read, at the commit and at the send of one run."""
    for kind in get_args(Kind):
        for _, method, path in PLACES:
            shop.world.hub.faults.add(Fault(kind, method, path))
        shop.world.market.faults.add(Fault(kind, "PUT"))
        await shop.run()
    last = await run(shop.world, verify_open_batches)
    assert {kind for kind, _, _ in shop.world.hub.faults.fired} == set(get_args(Kind))
    assert await shop.leaks(last, 1) == []


async def test_a_connector_that_quotes_its_secrets_takes_them_nowhere(shop: Shop) -> None:
    """In logs of its own and of Prefect's, in failed objects, reports and errors of every kind, and in their causes."""
    runs = [await shop.run(trouble) for trouble in CARELESS]
    assert [recorded.state.is_completed() for recorded in runs].count(True) < len(runs) / 2
    # Prefect writes what a flow raised into its results, pickled, though no result is kept.
    assert find(["cannot log in with"], PREFECT_LOCAL_STORAGE_PATH.value())
    assert await shop.leaks(await shop.run(), 1) == []


class _Echoing(httpx.AsyncBaseTransport):
    """A server in its debugging mode: some requests are answered with a page that holds all of the request."""

    def __init__(self, inner: httpx.AsyncBaseTransport, place: str, status: int, *, as_json: bool) -> None:
        self._inner = inner
        self._place = place
        self._status = status
        self._as_json = as_json

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if self._place not in f"{request.method} {request.url.path}":
            return await self._inner.handle_async_request(request)
        headers = dict(request.headers)
        token = headers.get("authorization", "").rpartition(" ")[2]  # without a word that tells what it is
        if self._as_json:
            body = {"detail": [f"{token} at {request.url}", headers], "request": (await request.aread()).decode()}
            return httpx.Response(self._status, json=body, request=request)
        rows = "".join(f"<tr><td>{name}</td><td>{value}</td></tr>\n" for name, value in headers.items())
        page = f"<html><h1>{token} at {request.url}</h1><table>{rows}</table><pre>{(await request.aread()).decode()}</pre></html>"
        return httpx.Response(self._status, html=page, request=request)


async def test_a_server_that_repeats_the_request_takes_no_secret_anywhere(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = shop.world.runtime
    for place in ("POST /api/v1/auth/login", "GET /api/v1/channel/6/products", "batch_requests", "PUT /products"):
        for status in (200, 400, 403, 500):

            def runtime(place: str = place, status: int = status) -> Runtime:
                made = plain()
                as_json = status in (400, 403)
                return replace(made, connect=lambda n: _Echoing(made.connect(n), place, status, as_json=as_json))

            monkeypatch.setattr(shop.world, "runtime", runtime)
            await shop.run()
    monkeypatch.setattr(shop.world, "runtime", plain)
    assert await shop.leaks(await shop.run(), 1) == []


async def test_a_log_in_that_is_refused_leaves_no_password_in_the_database(shop: Shop) -> None:
    await shop.run()
    wrong = f"{PASSWORD}-wrong"
    shop.world.settings = shop.world.settings.model_copy(update={"OMNITRON_PASSWORD": SecretStr(wrong)})
    recorded = await shop.run()
    assert recorded.state.is_failed()
    assert await shop.leaks(recorded, 1, wrong) == []


async def test_a_password_in_a_block_is_nowhere_in_clear(shop: Shop) -> None:
    """Prefect's database holds it encrypted; the API shows it to whoever asks for secrets, and to nobody else."""
    await Secret(value=SecretStr(PASSWORD)).asave("canary-password", overwrite=True)
    update = {"OMNITRON_PASSWORD": None, "OMNITRON_PASSWORD_BLOCK": "canary-password"}
    shop.world.hub.set_channel(conf={"block": "canary-password"})  # the connector knows it too, and quotes it
    shop.world.settings = shop.world.settings.model_copy(update=update)
    assert (await shop.run()).state.is_completed()
    shop.world.hub.faults.add(Fault("html", "GET", "products", times=None))
    assert (await shop.run("fatal")).state.is_failed()
    shop.world.hub.reset(password="another-one-since-then")
    refused = await shop.run()
    assert "the Secret block `canary-password`" in str(refused.state.message)
    assert await shop.leaks(refused, 1) == []
