"""The surroundings of a run: settings, clock, network. Passed in, never looked up globally."""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from dataclasses import dataclass, field

import httpx
from pydantic import SecretStr

from clients.clock import Clock, SystemClock
from clients.connections import Connections, PublicConnections
from clients.flow_runs import FlowRuns
from clients.redaction import Redactor
from clients.rehearsal import Rehearsal
from clients.settings import Settings
from clients.slots import SharedSlots
from clients.variables import Secrets, Variables


async def _from_prefect(block: str) -> SecretStr:
    from clients.secret_blocks import read_secret  # noqa: PLC0415  # Prefect is slow to import

    return await read_secret(block)


@dataclass(frozen=True)
class Runtime:
    """The surroundings of one run."""

    settings: Settings
    clock: Clock = field(default_factory=SystemClock)
    connect: Callable[[int], httpx.AsyncBaseTransport] = Connections
    """Opens connections for this many requests in flight."""
    connect_elsewhere: Callable[[int], httpx.AsyncBaseTransport] = PublicConnections
    """The same, to hosts that a system names in its answers."""
    redactor: Redactor = field(default_factory=Redactor)
    """Knows every secret of the run, no matter which client learnt it."""
    flow_runs: FlowRuns | None = None
    """Books flow runs; None: with the run's own Prefect server, if it has one."""
    variables: Variables | None = None
    """Keeps values from run to run; None: with the run's own Prefect server, if it has one."""
    slots: SharedSlots | None = None
    """Keeps limits for several processes; None: with the run's own Prefect server, if it has one."""
    secrets: Secrets | None = None
    """Keeps secrets from run to run; None: with the run's own Prefect server, if it has one."""
    log_in_turn: Callable[[], AbstractAsyncContextManager[None]] = nullcontext
    """Surrounds each log-in to Omnitron, to have it wait for those of other runs."""
    rehearsal: Rehearsal | None = None
    """Makes a dry run of it: whatever would change something is not sent."""
    read_secret: Callable[[str], Awaitable[SecretStr]] = _from_prefect
    """Reads a Secret block by its name; `secret` also masks its value."""

    async def secret(self, block: str) -> SecretStr:
        """The value of a Prefect Secret block, masked from now on in every text of the run.

        Raises what `clients.secret_blocks.read_secret` raises.
        """
        secret = await self.read_secret(block)
        self.redactor.learn(secret.get_secret_value())
        return secret


_runtime: ContextVar[Runtime | None] = ContextVar("runtime", default=None)


def current() -> Runtime:
    """The runtime in force, or one made from the environment.

    Raises:
        ConfigError: a setting is missing or wrong.
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
