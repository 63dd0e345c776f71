"""Worlds that are checked for broken rules when their test is over."""

from tests.world.fixtures import make_world, world

__all__ = ["make_world", "world"]
