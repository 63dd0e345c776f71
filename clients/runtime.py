"""What a run stands on: its settings, its clock and its way to the network. Handed in, never looked up globally."""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

import httpx
from pydantic import SecretStr

from clients.clock import Clock, SystemClock
from clients.connections import Connections
from clients.flow_runs import FlowRuns
from clients.redaction import Redactor
from clients.settings import Settings


async def _from_prefect(block: str) -> SecretStr:
    from clients.secret_blocks import read_secret  # noqa: PLC0415  # Prefect takes its time to import

    return await read_secret(block)


@dataclass(frozen=True)
class Runtime:
    """The surroundings of one run."""

    settings: Settings
    clock: Clock = field(default_factory=SystemClock)
    connect: Callable[[int], httpx.AsyncBaseTransport] = Connections
    """Makes the connections for so many requests in flight."""
    redactor: Redactor = field(default_factory=Redactor)
    """Knows every secret of the run, whichever client learnt it."""
    flow_runs: FlowRuns | None = None
    """Books flow runs; none: with the Prefect server that the run itself belongs to, if there is one."""
    read_secret: Callable[[str], Awaitable[SecretStr]] = _from_prefect
    """Reads a Secret block by its name; `secret` also has it masked."""

    async def secret(self, block: str) -> SecretStr:
        """What a Prefect Secret block holds, masked from now on in every text of the run.

        Raises what `clients.secret_blocks.read_secret` raises.
        """
        secret = await self.read_secret(block)
        self.redactor.learn(secret.get_secret_value())
        return secret


_runtime: ContextVar[Runtime | None] = ContextVar("runtime", default=None)


def current() -> Runtime:
    """The runtime in force, or one made from the environment.

    Raises:
        ConfigError: the environment does not say enough.
    """
    return _runtime.get() or Runtime(Settings.load())


@contextmanager
def using(runtime: Runtime) -> Iterator[Runtime]:
    """Puts a runtime in force, for tests and for programs that run several shops."""
    token = _runtime.set(runtime)
    try:
        yield runtime
    finally:
        _runtime.reset(token)
