"""`channel-app serve`: what prefect.yaml says, in one process."""

import asyncio
import signal
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
import yaml
from prefect.client.schemas.objects import ConcurrencyLimitConfig

from clients.errors import ConfigError
from clients.prefect_api import PrefectFlowRuns
from clients.settings import DeploymentSettings
from deployments.sandbox.server import HOST, SandboxProcess, listen
from deployments.serve import PREFECT_YAML, deployment_of, read_rows
from tests.deployments.prefect_server import ENDED, PrefectServer
from tests.deployments.processes import Process, wait_until
from tests.world.live import PROJECT, Shop

TRIGGERS = 10
BOOKING_SECONDS = 600.0
"""A server on SQLite may keep one of ten bookings waiting for a minute on a busy machine, before it answers 503."""


def settings(**values: object) -> DeploymentSettings:
    return DeploymentSettings.model_validate({"OMNITRON_CHANNEL_ID": 6, **values})


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the reading leaves behind goes with the test."""
    monkeypatch.setenv("OMNITRON_CHANNEL_ID", "0")


@pytest.mark.parametrize("on", [True, False])
async def test_each_deployment_is_served_as_it_is_deployed(on: bool):
    """Under the same name, with the same schedules and limits."""
    said = yaml.safe_load(PREFECT_YAML.read_text(encoding="utf-8"))["deployments"]
    chosen = settings(CHANNEL_APP_SCHEDULES=on, CHANNEL_APP_TIMEZONE="Europe/Istanbul")
    served = [await deployment_of(row) for row in read_rows(PREFECT_YAML, chosen)]
    assert len(served) == len(said)
    for row, deployment in zip(said, served, strict=True):
        assert deployment.name == row["name"].replace("{{ $OMNITRON_CHANNEL_ID }}", "6")
        assert deployment.tags == [tag.replace("{{ $OMNITRON_CHANNEL_ID }}", "6") for tag in row["tags"]]
        assert deployment.description == row["description"]
        assert deployment.parameters == row.get("parameters", {})
        assert deployment.entrypoint == row["entrypoint"].replace(".py:", ".").replace("/", ".")
        limit = row.get("concurrency_limit")
        assert deployment.concurrency_limit == (limit and limit["limit"])
        strategy = limit and ConcurrencyLimitConfig(**limit).collision_strategy
        assert (deployment.concurrency_options and deployment.concurrency_options.collision_strategy) == strategy
        made = [
            (schedule.slug, schedule.active, schedule.schedule.model_dump(exclude_unset=True, mode="json"))
            for schedule in deployment.schedules or []
            if schedule.schedule is not None
        ]
        assert made == [(given["slug"], on, given_times(given)) for given in row.get("schedules", [])]


def given_times(schedule: dict[str, Any]) -> dict[str, Any]:
    """The times of a schedule of prefect.yaml, in Prefect's form: only a clock time is in the operator's zone."""
    if "cron" in schedule:
        return {"cron": schedule["cron"], "timezone": "Europe/Istanbul"}
    return {"interval": float(schedule["interval"]), "anchor_date": schedule["anchor_date"], "timezone": "UTC"}


@pytest.mark.parametrize(
    "text", ["deployments: [", "[]", "deployments: [{name: a}]", "deployments: [{name: a, pool: b}]"]
)
def test_a_file_that_is_no_prefect_yaml_is_named(tmp_path: Path, text: str):
    file = tmp_path / "prefect.yaml"
    file.write_text(text)
    with pytest.raises(ConfigError, match=r"prefect\.yaml cannot be served"):
        read_rows(file, settings())


def test_a_file_that_is_not_there_is_named(tmp_path: Path):
    with pytest.raises(ConfigError, match="--file FILE"):
        read_rows(tmp_path / "prefect.yaml", settings())


@contextmanager
def serving(environment: Mapping[str, str], folder: Path, *arguments: str) -> Iterator[Process]:
    command = [sys.executable, "-u", "-m", "deployments.cli", "serve", *arguments]
    quick = {**environment, "PREFECT_RUNNER_POLL_FREQUENCY": "1"}
    process = Process("serve", command, quick, folder, cwd=folder)
    try:
        yield process
    finally:
        process.end()


@pytest.mark.flow
@pytest.mark.process
def test_of_ten_triggers_at_once_one_has_effects(
    environment: dict[str, str], prefect_server: dict[str, str], tmp_path: Path
) -> None:
    """The rest are cancelled with a reason, or come when everything is done. At SIGTERM no deployment is paused: another
    process may serve it."""
    url = prefect_server["PREFECT_API_URL"]
    with SandboxProcess("all", products=12, failing=0.0, latency_ms=300) as sandbox, PrefectServer(url) as server:
        shop = Shop(sandbox)
        name = "insert and update products/insert-and-update-products-6"
        # The server is shared with other tests, some of which deploy to a pool: this one's channel is served.
        everything = {**environment, **prefect_server, **shop.settings}
        with serving(everything, tmp_path) as served:
            served.until("Stop with Ctrl+C")
            states = triggered(server, url, name)
            assert {state["name"] for state in states} == {"Completed", "Cancelled"}
            cancelled = {state["message"] for state in states if state["name"] == "Cancelled"}
            assert cancelled == {"Deployment concurrency limit reached."}
            assert served.end() == 0
        assert shop.control("marketplace", "GET", "state")["counts"]["requests"]["PUT /products"] == 1
        assert shop.state()["counts"]["objects"]["product"]["integrated"] == 12
        shop.assert_nothing_locked()
        assert not server.get(f"/deployments/name/{name}")["paused"]
        shop.http.close()


def triggered(server: PrefectServer, url: str, name: str) -> list[Any]:
    """The states in which as many runs of a deployment ended, all of them booked at once."""
    runs = asyncio.run(booked(url, name))
    wait_until(lambda: all(server.state(run)["type"] in ENDED for run in runs), "all runs have ended", 120)
    return [server.state(run) for run in runs]


async def booked(url: str, name: str) -> list[UUID]:
    """Each run under a key of its own, so that a booking which the busy server did not take can be sent again."""
    keys = [f"trigger-{number}-{uuid4()}" for number in range(TRIGGERS)]
    async with PrefectFlowRuns.open(url, BOOKING_SECONDS) as flow_runs:
        return await asyncio.gather(
            *(flow_runs.book(name, parameters={}, tags=[], idempotency_key=key) for key in keys)
        )


def each_two_seconds(folder: Path, entrypoint: str) -> Path:
    """A prefect.yaml with one flow."""
    file = folder / "prefect.yaml"
    file.write_text(
        (PROJECT / "prefect.yaml").read_text(encoding="utf-8").partition("deployments:\n")[0]
        + f"deployments:\n  - name: hasty\n    entrypoint: {entrypoint}\n    description: In a hurry.\n"
        + "    tags: [hasty]\n    concurrency_limit: *one_at_a_time\n    schedules: [{<<: *regular, interval: 2}]\n"
    )
    return file


@pytest.mark.flow
@pytest.mark.process
def test_a_schedule_for_what_the_channel_cannot_do_is_no_failure(
    environment: dict[str, str], prefect_server: dict[str, str], shop: Shop, tmp_path: Path
) -> None:
    """The run says what the connector lacks. Started by hand it fails, as `channel-app run` does."""
    file = each_two_seconds(tmp_path, "flows/product.py:update_products")
    settings = {**shop.settings, **prefect_server, "CHANNEL_MODULE": "tests.flows.connectors:InsertsOnly"}
    with serving({**environment, **settings}, tmp_path, "--schedules", "--file", str(file)) as served:
        served.until("update products: skipped. The connector `inserts only` has no send_updated_products.")
        assert served.end() == 0
    with PrefectServer(prefect_server["PREFECT_API_URL"]) as server:
        server.delete("update products/hasty")


@pytest.mark.flow
@pytest.mark.process
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_without_a_server_it_brings_its_own_and_flows_start_by_themselves(
    environment: dict[str, str], shop: Shop, tmp_path: Path, number: signal.Signals
) -> None:
    """Stopped by a signal, both are gone."""
    with listen() as free:
        port = free.getsockname()[1]
    file = each_two_seconds(tmp_path, "flows/stock.py:insert_and_update_stocks")
    own = {"PREFECT_HOME": str(tmp_path / "prefect"), "PREFECT_SERVER_API_PORT": str(port)}
    with serving({**environment, **own, **shop.settings}, tmp_path, "--schedules", "--file", str(file)) as served:
        served.until("waiting; 0 batches")
        ours = f"http://localhost:{port}"
        assert readable_by(ours, port) == ours
        assert readable_by("http://some-shop.example", port) is None
        assert served.end(number) == 0
    # Nobody listens there any more.
    with listen(port) as free:
        assert free.getsockname() == (HOST, port)


@pytest.mark.process
def test_it_may_be_stopped_at_its_first_moment(
    environment: dict[str, str], prefect_server: dict[str, str], shop: Shop, tmp_path: Path
) -> None:
    """Before Prefect's runner has begun, which would refuse to be stopped then."""
    with serving({**environment, **prefect_server, **shop.settings}, tmp_path, "--no-schedules") as served:
        served.until("Stop with Ctrl+C")
        assert served.end(signal.SIGTERM) == 0
    assert "Traceback" not in served.said


def readable_by(site: str, port: int) -> str | None:
    """The site, if its pages may read the API in the browser of an operator."""
    response = httpx.get(f"http://{HOST}:{port}/api/health", headers={"Origin": site}, trust_env=False, timeout=60)
    allowed: str | None = response.headers.get("access-control-allow-origin")
    return allowed


@pytest.mark.process
def test_a_port_that_is_taken_is_named_with_what_to_do(environment: dict[str, str], shop: Shop, tmp_path: Path) -> None:
    with listen() as taken:
        port = taken.getsockname()[1]
        with serving({**environment, **shop.settings, "PREFECT_SERVER_API_PORT": str(port)}, tmp_path) as served:
            served.until(f"PREFECT_API_URL=http://{HOST}:{port}/api")
            assert served.result() == 1
