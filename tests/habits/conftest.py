"""Worlds that are checked for broken rules when their test is over."""

import random

import pytest

from tests.world.fixtures import make_world

__all__ = ["make_world"]


@pytest.fixture(autouse=True)
def _same_jitter() -> None:
    """The jitter of pauses decides which calls of a busy second are refused."""
    random.seed(7)
