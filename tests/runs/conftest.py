"""Worlds for runs in Prefect, checked for broken rules when their test is over."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tasks import prefect_tasks
from tests.world.loopback import World
from tests.world.shop import assert_clean


@pytest.fixture
def make_world() -> Iterator[Callable[..., World]]:
    made: list[World] = []

    def make(*, connector: str | None = None, **arguments: Any) -> World:
        world = World(**arguments)
        if connector:
            name = f"tests.runs.connectors:{connector}"
            world.settings = world.settings.model_copy(update={"CHANNEL_MODULE": name})
        made.append(world)
        return world

    yield make
    for world in made:
        assert_clean(world)


@pytest.fixture
def _without_delay(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tasks are repeated at once. Only tasks that are made from now on, which are those of a test's own commands."""
    monkeypatch.setattr(prefect_tasks, "exponential_backoff", lambda backoff_factor: 0)
