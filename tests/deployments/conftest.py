"""One Prefect server and one pair of sandboxes for all runs of the command in processes of their own."""

import logging
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from deployments.console import _FILTER
from deployments.sandbox.server import SandboxProcess
from tests.deployments.wheels import installed, wheel
from tests.world.live import Command, Shop, environment, prefect_server

__all__ = ["environment", "installed", "prefect_server", "wheel"]


@pytest.fixture(autouse=True)
def _terminal_as_before() -> Iterator[None]:
    """The command filters the root logger's handlers, and pytest's own stay there for all tests to come."""
    yield
    for handler in logging.getLogger().handlers:
        handler.removeFilter(_FILTER)


@pytest.fixture
def channel_app(environment: dict[str, str], tmp_path: Path) -> Command:
    """Runs the command in a process of its own, in an empty folder."""

    def run(*arguments: str, settings: dict[str, str] | None = None) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "-m", "deployments.cli", *arguments],
            env=environment | (settings or {}),
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
        )

    return run


@pytest.fixture(scope="session")
def shops() -> Iterator[Shop]:
    with SandboxProcess("all", products=12, failing=0.0) as sandbox:
        shop = Shop(sandbox)
        yield shop
        shop.http.close()


@pytest.fixture
def shop(shops: Shop) -> Shop:
    """A shop of twelve products without a defect, none of them on sale."""
    shops.control("omnitron", "POST", "reset", {})
    shops.control("marketplace", "POST", "reset", {})
    return shops
