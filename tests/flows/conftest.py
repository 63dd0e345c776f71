"""The same worlds as the commands are tested with."""

from tests.tasks.conftest import make_world, world

__all__ = ["make_world", "world"]
