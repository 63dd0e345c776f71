"""Fixtures of the clients' tests."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from clients.omnitron import OmnitronClient
from clients.settings import Settings
from tests.clients.support import Sleeper
from tests.world.loopback import World


@pytest.fixture
def clock() -> Sleeper:
    return Sleeper()


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
async def hub_client(world: World) -> AsyncIterator[OmnitronClient]:
    """A client of the world's hub. No test may make the hub see a breach of its contract."""
    async with OmnitronClient(world.runtime()) as client:
        yield client
    assert world.hub.violations == []


@pytest.fixture
def _no_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """An environment without the program's settings, in an empty directory."""
    monkeypatch.chdir(tmp_path)
    for name in Settings.model_fields:
        monkeypatch.delenv(name, raising=False)
