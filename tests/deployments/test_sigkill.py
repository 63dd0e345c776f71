"""A real process, real sockets, and SIGKILL: the results of the in-process harness hold for real processes, too."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from deployments.sandbox.server import SandboxProcess
from tests.deployments.processes import Process, wait_until
from tests.world.live import Command, Shop

pytestmark = [pytest.mark.process, pytest.mark.flow]

PRODUCTS = 60
HANG = {"kind": "slow", "seconds": 3_600.0}
"""A request that gets no answer: the moment lasts, whatever the machine's pace."""


def committed(shop: Shop) -> bool:
    """The hub holds a batch in commit."""
    return bool(shop.control("omnitron", "GET", "state")["counts"]["open_batches"].get("commit"))


def sent(shop: Shop) -> bool:
    """The marketplace has received products."""
    return bool(shop.control("marketplace", "GET", "state")["counts"]["requests"].get("PUT /products"))


@pytest.mark.parametrize(
    ("moment", "system", "unanswered"),
    [
        (committed, "marketplace", {"method": "PUT", "path": "^/products$"}),
        (sent, "omnitron", {"method": "PATCH", "path": "/batch_requests/", "skip": 1}),
    ],
    ids=["after the commit", "after the send"],
)
def test_a_killed_run_is_mended_by_recover_and_the_next_run(
    moment: Callable[[Shop], bool],
    system: str,
    unanswered: dict[str, Any],
    environment: dict[str, str],
    prefect_server: dict[str, str],
    channel_app: Command,
    tmp_path: Path,
) -> None:
    """Nothing stays locked, everything is integrated or failed with a reason, and the hub saw no illegal move."""
    with SandboxProcess("all", products=PRODUCTS, failing=0.1) as sandbox:
        shop = Shop(sandbox)
        settings = {**sandbox.environment, **prefect_server}
        shop.control(system, "POST", "faults", HANG | unanswered)
        command = [sys.executable, "-m", "deployments.cli", "run", "insert_products", "-p", "batch_size=20"]
        run = Process("run", command, environment | settings, tmp_path, cwd=tmp_path)
        try:
            wait_until(lambda: moment(shop) or not run.is_running, "the moment comes")
            assert run.is_running, run.said
        finally:
            run.kill()
        shop.control(system, "DELETE", "faults")
        assert state_of(shop)["processing"] > 0

        assert channel_app("recover", "--older-than", "0", settings=settings).returncode == 0
        shop.control("omnitron", "POST", "clock", {"advance": 3_700})
        assert channel_app("run", "insert_products", settings=settings).returncode == 0
        state = shop.control("omnitron", "GET", "state")
        products = state["counts"]["objects"]["product"]
        assert (products["integrated"], products["failed"], products["processing"]) == (54, 6, 0)
        assert not state["counts"]["open_batches"]
        assert state["violations"] == []


def state_of(shop: Shop) -> dict[str, Any]:
    counts: dict[str, Any] = shop.control("omnitron", "GET", "state")["counts"]["objects"]["product"]
    return counts
