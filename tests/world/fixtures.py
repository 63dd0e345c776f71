"""Worlds that are checked for broken rules when their test is over."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.world.loopback import World
from tests.world.shop import assert_clean


@pytest.fixture
def make_world() -> Iterator[Callable[..., World]]:
    made: list[World] = []

    def make(**arguments: Any) -> World:
        made.append(World(**arguments))
        return made[-1]

    yield make
    for world in made:
        assert_clean(world)


@pytest.fixture
def world(make_world: Callable[..., World]) -> World:
    """Twelve products without a defect, and a channel that answers at once."""
    return make_world(failing=0)
