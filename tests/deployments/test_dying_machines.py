"""A machine dies with runs at work, for real: in the small form (`channel-app serve`) and in the large one (compose.yaml).

What must hold afterwards: the automations end the runs, recover frees their batches, the schedules go on, and nothing
is lost, doubled or recorded that was not sent.
"""

import asyncio
import contextlib
import hashlib
import os
import re
import signal
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from clients import runtime as runtimes
from clients.runtime import Runtime
from clients.settings import Settings
from deployments.sandbox.base.faults import Fault
from deployments.sandbox.server import HOST
from deployments.serve import PREFECT_YAML
from flows.registry import FLOWS
from tests.deployments.large import AUTH, POSTGRES_PASSWORD, REDIS_PASSWORD, Large
from tests.deployments.prefect_server import PrefectServer
from tests.deployments.processes import Process, free_port, wait_until
from tests.harness.canaries import find
from tests.harness.promises import Watch, broken_promises
from tests.harness.served import ServedWorld
from tests.world.loopback import World

pytestmark = [pytest.mark.flow, pytest.mark.process, pytest.mark.minutes]

EDITED = 5
HANG = 600.0
"""Seconds for which a run waits for an answer: it is killed before."""
PASSWORD = "omnitron-canary-5h1k"
RETRY_SECONDS = 30
"""Seconds until the hub offers released objects again; usually 3,600."""
PATIENCE = 600.0
"""Seconds for a recovery, on a busy machine."""
NOUNS = ("products", "prices", "stocks")
IN_A_HURRY = ("recover", *(f"insert-and-update-{noun}" for noun in NOUNS))
"""Deployments that run each minute here, to keep the test short."""
SETTINGS = {
    # Seconds after which a batch has no owner; usually 900.
    "CHANNEL_APP_OLDER_THAN": "120",
    "CHANNEL_APP_READ_TIMEOUT": f"{HANG}",
    "CHANNEL_APP_SCHEDULES": "on",
}


@pytest.fixture
def served() -> Iterator[ServedWorld]:
    """Everything is on sale, and released objects are offered again soon."""
    served = ServedWorld(products=12, failing=0.0, sends_offers=True)
    served.world.hub.reset(password=PASSWORD, retry_interval=RETRY_SECONDS)
    with served:
        asyncio.run(put_on_sale(Settings.model_validate(served.environment)))
        yield served


async def put_on_sale(settings: Settings) -> None:
    with runtimes.using(Runtime(settings)):
        for noun in (*NOUNS, "images"):
            await FLOWS[f"insert_and_update_{noun}"].fn()


@pytest.fixture
def large(served: ServedWorld, environment: dict[str, str], tmp_path: Path) -> Iterator[Large]:
    large = Large(tmp_path, environment, {**served.environment, **SETTINGS})
    try:
        large.open()
        large.once("deploy")
        yield large
    finally:
        large.close()


def hits(world: World) -> int:
    """The number of requests that met a fault."""
    return len(world.hub.faults.fired) + len(world.market.faults.fired)


def edit(world: World, noun: str) -> None:
    """Some of them change in Omnitron."""
    hub = world.shop
    changes: dict[str, Callable[..., object]] = {
        "products": hub.edit_product,
        "prices": hub.edit_price,
        "stocks": hub.edit_stock,
    }
    for pk in [row["pk"] for row in hub.goods.products][:EDITED]:
        changes[noun](pk)


def hang(served: ServedWorld, server: PrefectServer, noun: str, system: str, method: str, path: str) -> UUID:
    """Something changes, and its run gets no answer to a request that was handled."""
    before = served.ask(hits)
    fault = Fault("slow", method, path, seconds=HANG)
    served.ask(lambda world: {"hub": world.hub, "market": world.market}[system].faults.add(fault))
    served.ask(lambda world: edit(world, noun))
    deployment = f"insert-and-update-{noun}"
    run = server.book(deployment)

    def is_hanging() -> bool:
        nonlocal run
        run = server.still_booked(run, deployment)
        return served.ask(hits) > before

    wait_until(is_hanging, f"a run of {deployment} waits for the answer to {method} {path}")
    (hanging,) = server.runs("Running", deployment=deployment)
    return UUID(hanging["id"])


def hang_at_three_points(served: ServedWorld, server: PrefectServer) -> list[UUID]:
    """One run before its commit (its batch exists), one after its commit, one after its send."""
    return [
        hang(served, server, "stocks", "hub", "POST", "/batch_requests/$"),
        hang(served, server, "products", "hub", "PATCH", "/batch_requests/"),
        hang(served, server, "prices", "market", "PUT", "/prices$"),
    ]


def watched(served: ServedWorld) -> Watch:
    """From now on."""
    watch = served.ask(Watch)
    assert served.ask(lambda world: broken_promises(world, watch)) == []
    return watch


def assert_mended(served: ServedWorld, server: PrefectServer, watch: Watch, doomed: list[UUID]) -> None:
    """Only by the schedules."""

    def is_mended() -> bool:
        return not served.ask(lambda world: broken_promises(world, watch))

    wait_until(is_mended, "everything is on sale at its newest version, and no batch is open", PATIENCE)
    # A busy server learns late that a run did not begin.
    wait_until(
        lambda: {server.state(run)["name"] for run in doomed} == {"Crashed"}, "all dead runs are ended", PATIENCE
    )


def open_batches(served: ServedWorld) -> dict[str, int]:
    counts: dict[str, int] = served.ask(lambda world: world.hub.state()["counts"]["open_batches"])
    return counts


def taken(server: PrefectServer, worker: Process) -> UUID:
    """A recover run that the worker has taken and that does not begin: later runs of the worker stand still."""
    known = worker.children()
    run = server.book("recover")

    def of_recover() -> list[Any]:
        nonlocal run
        for started in worker.children() - known:
            with contextlib.suppress(ProcessLookupError):  # it has ended meanwhile
                os.kill(started, signal.SIGSTOP)
        run = server.still_booked(run, "recover")
        return server.runs("Pending", "Submitting", deployment="recover")

    (pending,) = wait_until(of_recover, "the worker takes a recover run")
    return UUID(pending["id"])


def secrets(served: ServedWorld) -> list[str]:
    """The passwords of the hub's user, of Prefect's API and of its databases, and each token of the hub."""
    log_ins = served.ask(lambda world: world.hub.log.routes["POST /api/v1/auth/login/"])
    tokens = [hashlib.sha256(f"sandbox-{number}".encode()).hexdigest()[:40] for number in range(1, log_ins + 1)]
    return [PASSWORD, POSTGRES_PASSWORD, REDIS_PASSWORD, AUTH, *tokens]


def test_a_worker_dies_with_its_runs_and_another_goes_on(large: Large, served: ServedWorld) -> None:
    """With three runs at work, and with a recover run that had not begun. Neither Prefect's database, nor what Redis keeps,
    nor a log holds a secret afterwards."""
    watch = watched(served)
    with PrefectServer(large.url, AUTH) as server:
        worker = large.start("worker-1")
        for service in ("api-1", "api-2", "services", "worker-1"):
            wait_until(partial(large.is_healthy, service), f"{service} is healthy")
        server.pause(
            "recover"
        )  # of a scheduled run that does not begin, Prefect's services learn after a quarter of an hour
        for deployment in IN_A_HURRY:
            if deployment != "recover":
                server.hurry(deployment)
        doomed = hang_at_three_points(served, server)
        pending = taken(server, worker)
        server.hurry("recover")
        large.start("worker-2")
        assert server.state(pending)["type"] == "PENDING"
        worker.kill()
        assert not large.is_healthy("worker-1")
        assert open_batches(served) == {"initialized": 1, "commit": 2}
        assert_mended(served, server, watch, [*doomed, pending])
    dump = large.dump()
    # Both hold text to search: a search through nothing would find nothing.
    assert find(["insert and update products · channel 6"], dump)
    assert find(["Worker 'worker-2' started"], large.folder)
    assert find(secrets(served), dump, large.folder) == []


def test_the_one_machine_of_a_small_shop_dies_and_comes_back(
    served: ServedWorld, environment: dict[str, str], tmp_path: Path
) -> None:
    """The server, the serving process and the runs die at once; only the disk is left."""
    port = free_port()
    settings = {
        **served.environment,
        **SETTINGS,
        "PREFECT_HOME": str(tmp_path / "prefect"),
        "PREFECT_SERVER_API_PORT": f"{port}",
        "PREFECT_RUNNER_POLL_FREQUENCY": "1",
    }
    in_a_hurry = tmp_path / "prefect.yaml"
    text = PREFECT_YAML.read_text(encoding="utf-8")
    for name in IN_A_HURRY:
        text = re.sub(rf'(name: "{name}-\{{.*?interval: )\d+', r"\g<1>60", text, count=1, flags=re.DOTALL)
    in_a_hurry.write_text(text, encoding="utf-8")
    command = [sys.executable, "-u", "-m", "deployments.cli", "serve", "--file", str(in_a_hurry)]

    def started(name: str) -> Process:
        process = Process(name, command, environment | settings, tmp_path)
        process.until("Stop with Ctrl+C")
        return process

    watch = watched(served)
    with PrefectServer(f"http://{HOST}:{port}/api") as server:
        machine = started("before")
        try:
            doomed = hang_at_three_points(served, server)
        finally:
            machine.kill()
        assert open_batches(served) == {"initialized": 1, "commit": 2}
        machine = started("after")
        try:
            assert_mended(served, server, watch, doomed)
        finally:
            assert machine.end() == 0
