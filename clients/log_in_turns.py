"""Log-ins of one channel, one at a time: runs that start together try a wrong password once, and not once each."""

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from pydantic import BaseModel, ConfigDict, ValidationError

from clients.clock import Clock
from clients.errors import HeldBackError
from clients.variables import Variables
from dto.base import UtcDatetime

LEASE = 30.0
"""Seconds after which a turn that was not given back is free again: its run has died, or nobody answers it."""
POLL = 1.0
"""Seconds between two looks at a turn that another run has."""
POLLS = 45
"""Looks before a run leaves the log-in to others: more than a lease. A log-in takes a second, unless the system is down."""


class _Lease(BaseModel):
    """The turn of one run, as it stands in the variable."""

    model_config = ConfigDict(frozen=True)

    run: str
    """A word of its own, by which a run recognises its turn."""
    until: UtcDatetime


class LogInTurn:
    """The turn of one run: a variable that one run at a time can create.

    Args:
        system: where it logs in.
        log_in: the name of the log-in, if it is another than the one to Omnitron.
    """

    def __init__(self, channel_id: int, clock: Clock, system: str = "Omnitron", log_in: str = "") -> None:
        self._name = f"channel-app-log-in-{channel_id}{'-' * bool(log_in)}{log_in}"
        self._clock = clock
        self._system = system
        self._lease: _Lease | None = None

    async def take(self, variables: Variables) -> None:
        """Waits until no other run of the channel logs in.

        Raises:
            HeldBackError: another one has been at it for too long.
            PrefectUnavailableError: Prefect's API does not answer as it should.
        """
        await self.give_back(variables)  # a turn that is still this run's own, after a log-in that failed
        for _ in range(POLLS):
            if await self._try_to_take(variables):
                return
            await self._clock.sleep(POLL)
        raise HeldBackError(
            f"Other runs of this channel have been logging in to {self._system} for {POLLS * POLL:.0f} s, and runs log in one "
            "after the other. The next run of this flow tries again. If none gets through, delete the Prefect variable "
            f"`{self._name}`."
        )

    async def give_back(self, variables: Variables) -> None:
        """Lets the next run log in."""
        if self._lease is not None:
            await variables.delete_value(self._name, self._lease.model_dump(mode="json"))
            self._lease = None

    async def _try_to_take(self, variables: Variables) -> bool:
        """Takes the turn if no other run has it; frees one whose run has died."""
        now = self._clock.now()
        lease = _Lease(run=uuid4().hex, until=now + timedelta(seconds=LEASE))
        value = lease.model_dump(mode="json")
        is_mine = await variables.create(self._name, value)
        if not is_mine:
            known = (await variables.read(self._name)).get(self._name)
            is_mine = known == value  # the answer to its creation was lost, and it was sent again
            if not is_mine and _is_over(known, now):
                await variables.delete_value(self._name, known)
        if is_mine:
            self._lease = lease
        return is_mine


def _is_over(value: Any, now: datetime) -> bool:
    """Whether nobody has the turn any more. A value that somebody else wrote under its name is nobody's turn."""
    try:
        return _Lease.model_validate(value).until < now
    except ValidationError:
        return True
