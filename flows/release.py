"""The end of a batch whose run was stopped: it is failed, and its objects are released.

If a system was at fault and no object, that costs no attempt where it can be helped (`give_back`).
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from clients.errors import ChannelAppError, DeadlineError, NoTurnError
from flows.holding import system_at_fault
from flows.run import Run
from tasks import reports
from tasks.batch import Batch
from tasks.omnitron.hub import Hub
from tasks.omnitron.journal.giving_back import give_back
from tasks.omnitron.overview.health import retry_interval


@asynccontextmanager
async def released_when_stopped(run: Run, hub: Hub, batch: Batch) -> AsyncIterator[None]:
    """If the work inside stops, fails the open batch with a report, which releases its objects. If that fails too, `recover`
    does it later."""
    try:
        yield
    except BaseException as error:
        if batch.is_open:
            await _release(run, hub, batch, error)
        raise


async def _release(run: Run, hub: Hub, batch: Batch, error: BaseException) -> None:
    words = error.message if isinstance(error, ChannelAppError) else f"{type(error).__name__}."
    costs_attempts = not _nothing_is_wrong_with_the_objects(error)
    again = _offered_again(hub, costs_attempts=costs_attempts)
    log = hub.logger(batch)
    try:
        line = reports.of_batch(batch, "stopped", f"The batch was stopped: {words} {again}", hub.runtime.clock.now())
        await hub.tell([line])
        run.add_batch(batch, "released")
        if not costs_attempts:
            await give_back(hub.client, batch)
        await batch.fail()
    except ChannelAppError as second:
        log.warning("The batch could not be ended (%s); `recover` will release its objects.", second.message)
    else:
        log.warning("The batch was failed: %s %s", words, again)


def _offered_again(hub: Hub, *, costs_attempts: bool) -> str:
    """When the next runs are offered the objects."""
    interval = retry_interval(hub.channel.conf)
    seconds = f" ({interval.total_seconds():.0f} s)" if interval else ""
    later = f"after the RETRY_INTERVAL of the channel's conf{seconds}"
    when = later if costs_attempts else f"at once if they had never been sent, otherwise {later}"
    return f"Its objects are offered again {when}. Runs before that do not see them."


def _nothing_is_wrong_with_the_objects(error: BaseException) -> bool:
    """A send that was too slow may be so because of what it carried, and would be so again."""
    was_slow = isinstance(error, DeadlineError) and not isinstance(error, NoTurnError)
    return isinstance(error, Exception) and not was_slow and system_at_fault(error) is not None
