"""The booking of runs of `verify_batch`, each for one later check of one batch."""

from contextlib import AsyncExitStack
from datetime import timedelta

from prefect.context import FlowRunContext
from prefect.settings import get_current_settings

from clients.flow_runs import FlowRuns, NotDeployedError, PrefectUnavailableError, starts_later_runs
from clients.prefect_api import PrefectFlowRuns
from clients.runtime import Runtime
from flows.naming import sentence
from tasks.log import Logger

FIRST_PAUSE = 5.0
"""Seconds from the send to the first check."""
GROWTH = 1.3
"""The factor between two pauses. An answer that is ready after 20 s is fetched at most 13 s later, a run's start of a few seconds
included."""
LONGEST_PAUSE = 600.0
"""The longest pause in seconds between two checks."""


def pause(attempt: int) -> float:
    """Seconds to wait before this attempt; the first is number 1."""
    return min(FIRST_PAUSE * GROWTH ** min(attempt - 1, 20), LONGEST_PAUSE)  # the power of a large number overflows


class CheckBookings:
    """Books checks for the batches of one run.

    A convenience: the sweep `verify_open_batches` checks every batch that is not booked, or whose booking is lost in a
    crash. So no failure here stops the run, and after the first one it books no more.
    """

    def __init__(self, runtime: Runtime, stack: AsyncExitStack) -> None:
        """The `stack` closes the connection."""
        self._runtime = runtime
        self._stack = stack
        self._flow_runs = runtime.flow_runs
        self._given_up = False

    async def book(
        self, local_batch_id: str | None, remote_batch_id: str, attempt: int, log: Logger, wait: float = 0.0
    ) -> None:
        """Books one attempt, at least `wait` seconds from now. Two bookings of the same attempt are one run."""
        if self._given_up:
            return
        channel_id = self._runtime.settings.OMNITRON_CHANNEL_ID
        moment = self._runtime.clock.now() + timedelta(seconds=max(pause(attempt), wait))
        try:
            flow_runs = await self._open()
            await flow_runs.book(
                f"verify batch/verify-batch-{channel_id}",
                parameters={"remote_batch_id": remote_batch_id, "local_batch_id": local_batch_id, "attempt": attempt},
                tags=[f"batch:{local_batch_id}"],
                idempotency_key=f"verify:{channel_id}:{local_batch_id}:{remote_batch_id}:{attempt}",
                name=sentence("verify batch", channel_id, moment, remote_batch_id, local_batch_id),
                scheduled_time=moment,
            )
        except NotDeployedError as error:
            self._given_up = True
            log.debug("No run is booked for batch %s: %s", remote_batch_id, error.message)
        except PrefectUnavailableError as error:
            self._given_up = True
            log.warning("%s The sweep `verify_open_batches` checks batch %s.", error.message, remote_batch_id)
        else:
            log.info("Batch %s is checked at %s UTC.", remote_batch_id, f"{moment:%H:%M:%S}")

    async def _open(self) -> FlowRuns:
        if self._flow_runs is None:
            url = get_current_settings().api.url if FlowRunContext.get() and starts_later_runs.get() else None
            if not url:
                raise NotDeployedError("This run has a temporary Prefect server only, which starts no later runs.")
            self._flow_runs = await self._stack.enter_async_context(PrefectFlowRuns.open(url))
        return self._flow_runs
