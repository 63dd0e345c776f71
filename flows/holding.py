"""Holding back: after a failure that would meet every run, one run at a time tries, after growing pauses."""

import contextlib
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta

from prefect.context import FlowRunContext
from pydantic import ValidationError

from clients.errors import AuthError, ChannelAppError, HeldBackError, HubUnavailableError, RetryableError
from clients.flow_runs import PrefectUnavailableError
from clients.log_in_turns import LogInTurn
from clients.runtime import Runtime
from clients.variables import Variables
from dto.holds import Hold
from flows.variables import open_variables
from tasks.log import Logger

FIRST_PAUSE = 60.0
"""Seconds from the failure to the first try; each pause is twice the one before."""
LONGEST_PAUSE = 600.0
"""Seconds between two tries, at most."""
CLAIM = 60.0
"""Seconds for which a run that tries keeps the others from it."""
AFTER_A_REFUSAL = 1_500.0
"""Seconds after credentials were refused: three log-ins an hour, for an account locks after a few."""
OMNITRON = "Omnitron"
CHANNEL = "the channel"
LOG_IN = "auth/login/"
OF_HUB = "omnitron"
"""The end of the name of the hold that stops all flows; the others end with their flow's."""
WORDS = 500
"""Characters of an error that a hold quotes."""


def _prefix(channel_id: int) -> str:
    return f"channel-app-hold-{channel_id}-"


async def read_holds(variables: Variables, channel_id: int) -> dict[str, Hold]:
    """The holds of a channel, by the names of their variables, the first created first."""
    holds = {}
    for name, value in (await variables.read(_prefix(channel_id))).items():
        # A value that somebody else wrote under such a name holds nothing back.
        with contextlib.suppress(ValidationError):
            holds[name] = Hold.model_validate(value)
    return holds


def pause(tries: int, error: Exception) -> timedelta:
    """The time until the next try, after so many that failed."""
    if isinstance(error, AuthError):
        return timedelta(seconds=AFTER_A_REFUSAL)
    return timedelta(seconds=min(FIRST_PAUSE * 2.0 ** min(tries - 1, 20), LONGEST_PAUSE))


def system_at_fault(error: Exception) -> str | None:
    """The system that is down or refuses the credentials; None if the error says nothing about the next run."""
    if isinstance(error, PrefectUnavailableError) or not isinstance(error, RetryableError | AuthError):
        return None
    if isinstance(error, HubUnavailableError) or error.context.get("system") == OMNITRON:
        # A permission that an account lacks concerns one flow, which says so each time.
        return None if isinstance(error, AuthError) and error.context.get("path") != LOG_IN else OMNITRON
    return CHANNEL


def describe(name: str, hold: Hold) -> str:
    """A hold in one sentence: whose runs, since when, why, until when, and how to end it. `name` is its variable's."""
    flow = name.removeprefix("channel-app-hold-").partition("-")[2]
    whose = "Runs" if flow == OF_HUB else f"Runs of {flow}"
    tries = "1 try" if hold.tries == 1 else f"{hold.tries} tries"
    return (
        f"{whose} hold back since {hold.since:%Y-%m-%d %H:%M:%S} UTC, after {tries}, because of {hold.system}: {hold.why} "
        f"The next try is at {hold.next_try:%H:%M:%S} UTC. To have the next run try at once, run `channel-app resume`, or delete "
        f"the Prefect variable `{name}`."
    )


class Holding:
    """What one run knows of the holds: whether it may work, and what it met.

    Only runs of deployments hold back: nobody waits for them, and the next one does the same work. A run from the command
    line is a person's, who wants to see what happens. A convenience: no failure here stops a run.
    """

    def __init__(self, title: str, runtime: Runtime, stack: AsyncExitStack, log: Logger) -> None:
        """The `stack` closes the connection."""
        self._runtime = runtime
        self._stack = stack
        self._log = log
        self._variables: Variables | None = runtime.variables
        names = _prefix(runtime.settings.OMNITRON_CHANNEL_ID)
        self._of_hub = f"{names}{OF_HUB}"
        self._of_flow = f"{names}{title.replace(' ', '-')}"
        self._found: dict[str, Hold] = {}
        self._turn = LogInTurn(runtime.settings.OMNITRON_CHANNEL_ID, runtime.clock)

    @property
    def tries(self) -> int:
        """The runs of this flow that have failed, if this one is to find out with as little as possible whether the next may
        work again; 0 if it may work as usual."""
        hold = self._found.get(self._of_flow)
        return hold.tries if hold else 0

    async def start(self) -> None:
        """Reads the holds, and claims the try if it is time for one.

        Raises:
            HeldBackError: it is not.
        """
        now = self._runtime.clock.now()
        async with self._patient():
            variables = await self._open()
            if variables is None:
                return
            found = await read_holds(variables, self._runtime.settings.OMNITRON_CHANNEL_ID)
            self._found = {name: found[name] for name in (self._of_hub, self._of_flow) if name in found}
            for name, hold in self._found.items():
                if now < hold.next_try:
                    raise HeldBackError(describe(name, hold))
            if (own := self._found.get(self._of_flow)) is not None:
                # Another run of the flow that starts now leaves the try to this one. The log-in has turns of its own.
                self._found[self._of_flow] = own.model_copy(update={"next_try": now + timedelta(seconds=CLAIM)})
                await variables.update(self._of_flow, self._found[self._of_flow].as_value())

    @asynccontextmanager
    async def log_in_turn(self) -> AsyncIterator[None]:
        """Surrounds a log-in: runs of the channel log in one after the other, and none after one that has failed. The turn of a
        log-in that fails lasts until `close`: by then the hold is kept.

        Raises:
            HeldBackError: another run's log-in has failed since this run started, or is still under way.
        """
        async with self._patient():
            if self._variables is not None:
                await self._turn.take(self._variables)
                await self._refuse_what_failed_meanwhile(self._variables)
        yield
        await self.close()

    async def _refuse_what_failed_meanwhile(self, variables: Variables) -> None:
        hold = (await read_holds(variables, self._runtime.settings.OMNITRON_CHANNEL_ID)).get(self._of_hub)
        if hold is not None and hold != self._found.get(self._of_hub):
            raise HeldBackError(describe(self._of_hub, hold))

    async def close(self) -> None:
        """Lets the next run log in."""
        async with self._patient():
            if self._variables is not None:
                await self._turn.give_back(self._variables)

    async def standing(self) -> dict[str, Hold]:
        """All holds of the channel, for a report; empty if there is no server, or it does not answer."""
        async with self._patient():
            variables = self._variables or await open_variables(self._runtime, self._stack)
            if variables is not None:
                return await read_holds(variables, self._runtime.settings.OMNITRON_CHANNEL_ID)
        return {}

    async def succeeded(self, *, reached_channel: bool) -> None:
        """Ends the holds that the run has found to be over. One on the channel is not, if nothing was due for it."""
        async with self._patient():
            for name, hold in self._found.items():
                if self._variables is not None and (hold.system == OMNITRON or reached_channel):
                    await self._variables.delete_value(name, hold.as_value())
                    self._log.info("%s is back: runs hold back no longer.", hold.system)

    async def failed(self, error: Exception) -> str | None:
        """Keeps what the run met. Returns the reason to skip if another run has already reported this failure."""
        system = system_at_fault(error)
        async with self._patient():
            if self._variables is None:
                return None
            if system != OMNITRON and (over := self._found.get(self._of_hub)) is not None:
                await self._variables.delete_value(self._of_hub, over.as_value())
            if system is not None and isinstance(error, ChannelAppError):
                return await self._keep(self._variables, system, error)
        return None

    async def _keep(self, variables: Variables, system: str, error: ChannelAppError) -> str | None:
        # Every run begins with a log-in: one that stopped there would stop all.
        name = self._of_hub if system == OMNITRON and error.context.get("path") == LOG_IN else self._of_flow
        now = self._runtime.clock.now()
        known = self._found.get(name)
        tries = known.tries + 1 if known else 1
        hold = Hold(
            system=system,
            since=known.since if known else now,
            why=self._runtime.redactor.line(error.message, limit=WORDS),
            tries=tries,
            next_try=now + pause(tries, error),
        )
        if known:
            await variables.update(name, hold.as_value())
            return describe(name, hold)
        await variables.create(name, hold.as_value())
        holds = await read_holds(variables, self._runtime.settings.OMNITRON_CHANNEL_ID)
        alike = {other: each for other, each in holds.items() if each.system == system}
        # Whoever reads after its own creation sees all that were created before: of several runs, one finds itself first.
        first = next(iter(alike), name)
        # Of two runs that began the same hold, the one whose words were kept is the first.
        if first == name and alike.get(name, hold) == hold:
            self._log.warning("%s", describe(name, hold))
            return None
        return describe(first, alike[first])

    async def _open(self) -> Variables | None:
        if self._variables is None:
            context = FlowRunContext.get()
            of_deployment = context and context.flow_run and context.flow_run.deployment_id
            if of_deployment:
                self._variables = await open_variables(self._runtime, self._stack)
        return self._variables

    @asynccontextmanager
    async def _patient(self) -> AsyncIterator[None]:
        """After the first request that Prefect does not answer, the run does without holds."""
        try:
            yield
        except PrefectUnavailableError as error:
            self._log.warning(
                "%s This run does not know whether runs hold back, and works as if they did not.", error.message
            )
            self._variables, self._found = None, {}
