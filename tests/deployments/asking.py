"""The command, asked in a local shop by somebody who only looks."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from typer.testing import CliRunner, Result

from clients import runtime as runtimes
from deployments.cli import app
from flows.product import insert_products
from tests.world.loopback import World
from tests.world.shop import assert_clean, run, writes

Call = Callable[..., Result]


@contextmanager
def tried_world() -> Iterator[World]:
    """Twelve products, six of them with a defect, all tried once."""
    made = World(products=12)
    asyncio.run(run(made, insert_products))
    yield made
    assert_clean(made)


def asking(world: World, *command: str) -> Call:
    """The command, in this world; it writes nothing."""

    def invoke(*arguments: str) -> Result:
        before = len(writes(world))
        with runtimes.using(world.runtime()):
            result = CliRunner().invoke(app, [*command, *arguments])
        assert len(writes(world)) == before
        assert "Traceback" not in result.output
        return result

    return invoke
