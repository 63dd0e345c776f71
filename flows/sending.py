"""Sends what is due: of one list after the other."""

from collections.abc import Callable, Sequence

from clients.errors import RefusedError
from dto.omnitron import Catalog, ChannelConf
from dto.summary import RunSummary
from flows.call_by_call import pipeline_of
from flows.plan import Limits, Sending
from flows.run import Run, run_flow
from tasks.channel.integration import load_channel


async def send_all(*sendings: Sending, title: str, limits: Limits) -> RunSummary:
    """Drains what each sending offers, one sending after the other.

    Raises:
        RunFailedError: a setting, the hub or the channel stopped the run.
    """

    async def work(run: Run) -> None:
        connector = load_channel(run.runtime)
        run.require(connector, *(sending.send for sending in sendings))
        hub = await run.open_hub(read_channel=False)
        for sending in sendings:
            await pipeline_of(run, hub, connector, sending, limits).drain()

    return await run_flow(title, work)


async def send_lists(
    passes: Callable[[Catalog, ChannelConf], Sequence[Sending]], *, title: str, limits: Limits, no_list: str
) -> RunSummary:
    """Drains list after list, each in a pass of its own. A list that is empty, or that Omnitron refuses to show, does not hold
    up the others. `no_list` is the run's reason if there are no lists.

    Raises:
        RunFailedError: as `send_all`; and after all other lists, where one could not be read.
    """

    async def work(run: Run) -> None:
        connector = load_channel(run.runtime)
        hub = await run.open_hub()
        sendings = passes(hub.catalog, hub.channel.conf)
        run.require(connector, *{sending.send for sending in sendings})
        if not sendings:
            run.reason = no_list
        unread: list[RefusedError] = []
        for sending in sendings:
            pipeline = pipeline_of(run, hub, connector, sending, limits)
            try:
                await pipeline.drain()
            except RefusedError as error:
                if not pipeline.is_reading:
                    raise
                # Nothing was committed: whatever is wrong with this list costs no object an attempt.
                hub.logger().error("%s: %s", sending.title, error.message)
                unread.append(error)
        if unread:
            raise unread[0]

    return await run_flow(title, work)
