"""The receiving pipeline: the channel's orders, cancellations and requests are taken in one by one, and bound."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any

from clients.errors import ChannelAppError, ConfigError, RetryableError
from dto.enums import BatchRequestStatus, ContentType, ResponseStatus
from dto.orders import ChannelCreateOrderDto
from dto.reports import ErrorReportDto
from flows.run import Run
from tasks import reports
from tasks.batch import Batch
from tasks.channel.fetching import FetchSince
from tasks.channel.integration import ChannelIntegration, load_channel
from tasks.channel.orders import AcknowledgeOrders
from tasks.omnitron.integration import OmnitronIntegration
from tasks.omnitron.journal.batch_requests import BatchRequestUpdate
from tasks.omnitron.orders.arrivals import Arrival, ArrivalCommand
from tasks.omnitron.orders.places import CreateAddressErrorReport, PlaceNotFoundError
from tasks.settlement import name_of

LOOKBACK_DAYS = 7.0
LAST_CHANCE = timedelta(days=1)
"""An order that leaves the window within this time is reported as about to be lost."""


class Receiving:
    """One run that imports the channel's objects into Omnitron: both sides open, the window known."""

    def __init__(self, run: Run, hub: OmnitronIntegration, channel: ChannelIntegration, since: datetime) -> None:
        self.run = run
        self.hub = hub
        self.channel = channel
        self.since = since

    @classmethod
    async def open(
        cls, run: Run, fetch: type[FetchSince[Any]], content_type: ContentType, lookback_days: float | None
    ) -> "Receiving":
        """Opens both sides.

        Raises:
            ConfigError: the connector cannot fetch this, or the conf's window is negative.
            NotOfferedError: the connector cannot fetch this, and a schedule started the run.
            ChannelInactive: the channel is switched off.
        """
        run.require(load_channel(run.runtime), fetch)
        hub = await run.open_hub(content_type)
        channel = await run.open_channel(hub)
        days = lookback_days or hub.channel.conf.order_lookback or LOOKBACK_DAYS
        if days < 0:
            raise ConfigError(
                f"The conf's `order_lookback` is {days:g}: fill in how many days are read back, or leave it out for "
                f"{LOOKBACK_DAYS:g}."
            )
        since = run.runtime.clock.now() - timedelta(days=min(days, channel.max_lookback_days))
        return cls(run, hub, channel, since)

    async def take_in(
        self, command: type[ArrivalCommand[Any]], kind: str, items: Sequence[Any], leaves: Mapping[str, datetime] = {}
    ) -> list[Arrival]:
        """Takes items in, and counts and reports their endings. Where the command binds, in a batch of their own.

        `leaves` holds the moment until which the channel is asked for each, by its name.
        """
        if not items:
            return []
        if not command.binds:
            arrivals: list[Arrival] = await self.hub.do_action(command, objects=items)
            await self._conclude(kind, arrivals, leaves)
            return arrivals
        batch = self.hub.new_batch()
        async with self._recording(batch):
            arrivals = await self.hub.do_action(command, objects=items)
        await self._conclude(kind, arrivals, leaves, batch)
        return arrivals

    async def acknowledge(self, orders: Sequence[ChannelCreateOrderDto], *, log: bool) -> None:
        """Tells the channel which of the orders that wait for it have arrived in Omnitron. A failure hinders nothing: the channel
        lists them again, and the next run tells it again."""
        waiting = [entry for entry in orders if entry.is_acknowledged is False]
        if not waiting or not self.channel.can(AcknowledgeOrders):
            return
        try:
            answer = await self.channel.do_action(AcknowledgeOrders, objects=waiting)
        except ChannelAppError as error:
            self.run.counts["not acknowledged"] += len(waiting)
            self.hub.logger().warning(
                "The channel could not be told that %d orders have arrived; the next run tells it again: %s",
                len(waiting),
                error.message,
            )
            return
        await self.hub.tell([line for line in answer.reports if log or not line.is_ok])
        refused = {name_of(result): result for result in answer.results if result.status is ResponseStatus.fail}
        lines = []
        for name, result in refused.items():
            why = result.message or "The channel gave no reason."
            message = f"{why} It is in Omnitron; the next run tells the channel again."
            lines.append(self.failed("order", name, "NotAcknowledged", message))
        told = [entry for entry in waiting if not {entry.order.number, entry.order.remote_id} & refused.keys()]
        self.run.counts["acknowledged"] += len(told)
        await self.run.told.tell(lines, self.hub.tell, self.hub.logger())

    @asynccontextmanager
    async def _recording(self, batch: Batch) -> AsyncIterator[None]:
        """Bindings are facts: once committed, the batch ends with them, whatever stops the work inside. If ending it fails
        too, `recover` does it."""
        try:
            yield
        except BaseException as error:
            await self._record(batch, error)
            raise
        if batch.is_open:
            await self._end(batch)

    async def _record(self, batch: Batch, error: BaseException) -> None:
        if not batch.is_open:
            return
        log = self.hub.logger(batch)
        log.warning("The run was stopped (%s); what it had bound is recorded.", type(error).__name__)
        try:
            await self._end(batch)
        except ChannelAppError as second:
            log.warning("The batch could not be ended (%s); `recover` will do it.", second.message)

    async def _end(self, batch: Batch) -> None:
        """Ends the batch with its bindings; one that was never committed has none."""
        initialized = batch.status is BatchRequestStatus.initialized
        status = BatchRequestStatus.fail if initialized else BatchRequestStatus.done
        await self.hub.do_action(BatchRequestUpdate, status=status, batch_request=batch)

    async def _conclude(
        self, kind: str, arrivals: list[Arrival], leaves: Mapping[str, datetime], batch: Batch | None = None
    ) -> None:
        """Counts the endings, and tells the merchant of failures and their reasons."""
        if batch is not None and batch.pk is not None:
            self.run.batches += 1
        lines = []
        for arrival in arrivals:
            if arrival.problem is None:
                self.run.counts[arrival.outcome] += 1
            else:
                message = arrival.problem.message + self._last_chance(leaves.get(arrival.name))
                lines.append(self.failed(kind, arrival.name, arrival.code, message, batch))
            if arrival.notes:
                self.run.counts["texts cut"] += len(arrival.notes)
                text = f"The channel's {kind} {arrival.name} has texts that are too long: {'; '.join(arrival.notes)}."
                lines.append(self._line(kind, arrival.name, "TextsCut", text))
        await self.run.told.tell(lines, self.hub.tell, self.hub.logger())
        places = [arrival.problem for arrival in arrivals if isinstance(arrival.problem, PlaceNotFoundError)]
        if places:
            await self.hub.do_action(CreateAddressErrorReport, objects=places)
        unreached = [arrival.problem for arrival in arrivals if isinstance(arrival.problem, RetryableError)]
        if unreached and len(unreached) == len(arrivals):
            raise unreached[0]  # no item is at fault: Omnitron cannot be reached

    def _last_chance(self, leaves: datetime | None) -> str:
        """An object that leaves the window unsettled is lost: the channel is not asked for it again."""
        if leaves is None or leaves - self.run.runtime.clock.now() > LAST_CHANCE:
            return ""
        self.run.counts["about to be lost"] += 1
        return (
            f" It is fetched only until {leaves:%Y-%m-%d %H:%M} UTC and is lost after that: fix what is missing before "
            "then, or raise the conf's `order_lookback`."
        )

    def failed(self, kind: str, name: str, code: str, message: str, batch: Batch | None = None) -> ErrorReportDto:
        """Counts a failure, and answers the line that tells the merchant."""
        self.run.add_failure(name, code, message, batch, named_by=kind)
        return self._line(kind, name, code, f"{kind.capitalize()} {name}: {message}")

    def _line(self, kind: str, name: str, code: str, text: str) -> ErrorReportDto:
        return reports.of_arrival(self.hub.channel_id, kind, name, code, text, self.run.runtime.clock.now())
