"""Books the run of `verify_batch` that asks the channel about one batch, next time."""

from contextlib import AsyncExitStack
from datetime import timedelta

from prefect.context import FlowRunContext
from prefect.settings import get_current_settings

from clients.flow_runs import FlowRuns, NotDeployedError, PrefectUnavailableError
from clients.prefect_api import PrefectFlowRuns
from clients.runtime import Runtime
from flows.naming import sentence
from tasks.log import Logger

FIRST = 5.0
"""Seconds from the send to the first ask."""
GROWTH = 1.3
"""Each pause is so much longer than the one before. Together with the start of a run, a few seconds, an answer that is
ready after 20 s is asked for at most 13 s later."""
LONGEST = 600.0
"""Seconds between two asks, at most."""


def pause(number: int) -> float:
    """Seconds to wait for the ask of this number, the first being 1."""
    return min(FIRST * GROWTH ** min(number - 1, 20), LONGEST)  # the power of a large number overflows


class Asks:
    """Books asks for the batches of one run.

    A convenience: what is not booked, or lost with a crash, the sweep `verify_open_batches` asks for. So nothing that
    goes wrong here stops the run, and after the first trouble it books no more.
    """

    def __init__(self, runtime: Runtime, stack: AsyncExitStack) -> None:
        """What is opened is closed with the `stack`."""
        self._runtime = runtime
        self._stack = stack
        self._flow_runs = runtime.flow_runs
        self._given_up = False

    async def book(self, local_batch_id: str | None, remote_batch_id: str, number: int, log: Logger) -> None:
        """Books the ask of this number. Two bookings of one ask are one run."""
        if self._given_up:
            return
        channel_id = self._runtime.settings.OMNITRON_CHANNEL_ID
        moment = self._runtime.clock.now() + timedelta(seconds=pause(number))
        try:
            flow_runs = await self._open()
            await flow_runs.book(
                f"verify batch/verify-batch-{channel_id}",
                parameters={"remote_batch_id": remote_batch_id, "local_batch_id": local_batch_id, "ask": number},
                tags=[f"batch:{local_batch_id}"],
                idempotency_key=f"verify:{channel_id}:{local_batch_id}:{remote_batch_id}:{number}",
                name=sentence("verify batch", channel_id, moment, remote_batch_id, local_batch_id),
                scheduled_time=moment,
            )
        except NotDeployedError as error:
            self._given_up = True
            log.debug("No run asks for batch %s: %s", remote_batch_id, error.message)
        except PrefectUnavailableError as error:
            self._given_up = True
            log.warning("%s The sweep `verify_open_batches` asks for batch %s.", error.message, remote_batch_id)
        else:
            log.info("Batch %s is asked for at %s UTC.", remote_batch_id, f"{moment:%H:%M:%S}")

    async def _open(self) -> FlowRuns:
        if self._flow_runs is None:
            # A server that lives as long as this process has nobody who would start the run.
            url = get_current_settings().api.url if FlowRunContext.get() else None
            if not url:
                raise NotDeployedError("This run belongs to no Prefect server that stays.")
            self._flow_runs = await self._stack.enter_async_context(PrefectFlowRuns.open(url))
        return self._flow_runs
