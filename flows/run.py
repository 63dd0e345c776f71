"""One run of a flow: both sides opened and closed, its counts, its end."""

import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace

from prefect.context import FlowRunContext

from clients import runtime as runtimes
from clients.calls import Traffic
from clients.errors import (
    CapabilityError,
    ChannelAppError,
    ConfigError,
    HeldBackError,
    NotOfferedError,
    SkipError,
    UnreadableRowError,
)
from clients.flow_runs import PrefectUnavailableError
from clients.runtime import Runtime
from dto.enums import ContentType
from dto.outcomes import Unreadable
from dto.reports import ErrorReportDto
from dto.summary import FailedObject, RunOutcome, RunSummary
from flows.artifact import CELL, Link, Table, publish
from flows.booking import CheckBookings
from flows.holding import Holding
from flows.telling import Told
from tasks import reports
from tasks.batch import Batch
from tasks.channel.integration import ChannelIntegration, load_channel
from tasks.integration import CommandType
from tasks.log import Logger, logger, masked_logs
from tasks.omnitron.integration import OmnitronIntegration, load_hub
from tasks.omnitron.kinds import kind_of
from tasks.sanitizing import sanitized, trace_of
from tasks.settlement import Irregularities

CHANNEL_TAG = "channel:"
"""What the tag of a channel begins with; its key in Omnitron follows."""
REMOTE_BATCHES_KEPT = 100
FAILED_OBJECTS_KEPT = 10
"""Failed objects that a summary names, with their reasons."""
LEFT_OUT_NAMED = 100
"""Rows that a run left out of Omnitron's lists and names to the merchant and in its log; all are counted."""


class RunFailedError(ChannelAppError):
    """The run stopped before its work was done. Its counts so far are in `summary`."""

    @property
    def summary(self) -> RunSummary:
        """The work of the run until then."""
        summary: RunSummary = self.context["summary"]
        return summary


class Run:
    """One run of one flow: opens both sides, counts, and closes them again."""

    def __init__(self, title: str, runtime: Runtime) -> None:
        self.title = title
        self.runtime = runtime
        self.counts: Counter[str] = Counter()
        self.failures: Counter[str] = Counter()
        self.irregularities: Counter[str] = Counter()
        self.batches = 0
        self.remote_batches: list[str] = []
        self.reason: str | None = None
        """Why a run that completed had nothing to do."""
        self.failed_objects = Table("object", "reason", "message", "batch", heading="Failed")
        self.tables = [self.failed_objects]
        """What the artifact shows; a flow may add a table of its own."""
        self._named_by: dict[str, None] = {}
        self._traffic: list[Traffic] = []
        self._hubs: list[OmnitronIntegration] = []
        self._channel: ChannelIntegration | None = None
        self._started = runtime.clock.monotonic()
        self._stack = AsyncExitStack()
        self.check_bookings = CheckBookings(runtime, self._stack)
        """Books asks for batches that the channel has not answered yet."""
        self.holding = Holding(title, runtime, self._stack, self.log)
        """Knows whether a system is down."""
        self.runtime = replace(runtime, log_in_turn=self.holding.log_in_turn)
        self.told = Told(title, runtime, self._stack)
        """Knows what the merchant was told already."""

    @property
    def log(self) -> Logger:
        """For lines about the whole run; those about a batch go to `hub.logger(batch)`."""
        return logger(f"channel {self.runtime.settings.OMNITRON_CHANNEL_ID}")

    async def open_hub(
        self, content_type: ContentType | None = None, *, read_channel: bool = True
    ) -> OmnitronIntegration:
        """Opens Omnitron's side until the run ends. Its commands create no batch: flows do."""
        hub = await self._stack.enter_async_context(
            load_hub(self.runtime)(
                create_batch=False, content_type=content_type, read_channel=read_channel, runtime=self.runtime
            )
        )
        self._traffic.append(hub.client.traffic)
        self._hubs.append(hub)
        return hub

    async def open_channel(self, hub: OmnitronIntegration) -> ChannelIntegration:
        """The channel's side, open until the run ends; the hub has read the channel already."""
        if self._channel is None:
            channel = load_channel(self.runtime)(hub.channel, self.runtime)
            self._channel = await self._stack.enter_async_context(channel)
            self._traffic.append(channel.traffic)
        return self._channel

    def require(self, connector: type[ChannelIntegration], *commands: CommandType) -> None:
        """Makes sure that the connector has these commands, before anything is done.

        Raises:
            NotOfferedError: it lacks one, and the schedule started this run. All flows have a schedule, and a shop whose
                channel takes products alone is not to see the others fail every few minutes.
            CapabilityError: it lacks one, and a person or an event wanted this run.
        """
        try:
            connector.require(*commands)
        except CapabilityError as error:
            context = FlowRunContext.get()
            if context and context.flow_run and context.flow_run.auto_scheduled:
                raise NotOfferedError(f"{error.message} This schedule may be switched off.") from error
            raise

    @property
    def reached_channel(self) -> bool:
        """Whether the run has opened the channel's side."""
        return self._channel is not None

    async def tell_of_left_out_rows(self) -> None:
        """Names the rows of Omnitron that were left out, because they do not fit the contract: to the operator in each run, and
        to the merchant once."""
        code, now = UnreadableRowError.code, self.runtime.clock.now()
        for hub in self._hubs:
            left_out = hub.client.left_out.unreported
            lines = []
            for row in left_out:
                self.add_failure(row.name, code, row.message(), named_by="row in Omnitron")
            for row in left_out[:LEFT_OUT_NAMED]:
                self.log.warning("%s: %s", self.title, row.message())
                text = f"{code}: {row.message()}"
                lines.append(reports.of_arrival(hub.channel_id, "row", row.name, code, text, now))
            if len(left_out) > len(lines):
                self.log.warning("%s: %d more rows cannot be read.", self.title, len(left_out) - len(lines))
            await self.told.tell(lines, hub.tell, self.log)

    async def aclose(self) -> None:
        """Closes both sides."""
        await self._stack.aclose()

    def add_batch(self, batch: Batch, label: str) -> str:
        """Counts the objects of a batch, those without a failure under `label`, and answers the counts as text."""
        self.batches += 1
        good = sum(1 for member in batch.of_type() if member.failure is None) + batch.ended
        self.counts[label] += good
        failed = 0
        for member in batch.of_type():
            if member.failure is not None:
                failed += 1
                name = member.name or member.key or f"{member.content_type} {member.pk}"
                kind = kind_of(member.content_type)
                named_by = kind.named_by if kind else "sku"
                self.add_failure(name, member.failure.code, member.failure.message, batch, named_by=named_by)
        return ", ".join([f"{good:,} {label}", *([f"{failed:,} failed"] if failed else [])])

    def add_failure(
        self, name: str, code: str, message: str, batch: Batch | None = None, *, named_by: str = "object"
    ) -> None:
        """Counts a failure, and keeps the first hundred for the table. `named_by` is the kind of name that `name` is."""
        self.counts["failed"] += 1
        self.failures[code] += 1
        self._named_by[named_by] = None
        self.failed_objects.columns = (" or ".join(self._named_by), *self.failed_objects.columns[1:])
        self.failed_objects.add(name, code, message, Link.to(batch) if batch is not None else "")

    def add_unreadable(self, kind: str, rows: Sequence[Unreadable]) -> list[ErrorReportDto]:
        """Counts what the connector could not understand, and answers the lines that tell the merchant."""
        channel_id, redactor = self.runtime.settings.OMNITRON_CHANNEL_ID, self.runtime.redactor
        lines = []
        for row in rows:
            name = redactor.line(row.name)  # a connector may call a row by a customer's address
            message = f"The connector could not make sense of it: {row.why}. It is read again on the next run."
            self.add_failure(name, "Unreadable", message, named_by=kind)
            text = f"{kind.capitalize()} {name}: {message}"
            lines.append(reports.of_arrival(channel_id, kind, name, "Unreadable", text, self.runtime.clock.now()))
        return lines

    def add_irregularities(self, odd: Irregularities) -> None:
        """Counts lines of the channel's answer that fit nothing."""
        self.irregularities.update(odd.counts)

    def add_remote_batch(self, batch: Batch) -> None:
        """Remembers a batch that the channel answers later."""
        if batch.remote_batch_id and len(self.remote_batches) < REMOTE_BATCHES_KEPT:
            self.remote_batches.append(batch.remote_batch_id)

    def summary(self, outcome: RunOutcome, reason: str | None = None) -> RunSummary:
        """The run as a value."""
        log_ins = sum(traffic.log_ins for traffic in self._traffic)
        return RunSummary(
            flow=self.title,
            outcome=outcome,
            reason=reason,
            counts={name: number for name, number in self.counts.items() if number},
            failures=dict(self.failures),
            failed_objects=self._first_failed(),
            irregularities=dict(self.irregularities),
            batches=self.batches,
            remote_batches=tuple(self.remote_batches),
            requests=sum(traffic.requests for traffic in self._traffic) - log_ins,
            log_ins=log_ins,
            retries=sum(traffic.retries for traffic in self._traffic),
            seconds=round(self.runtime.clock.monotonic() - self._started, 3),
            wire_seconds=round(self._wire_seconds(), 3),
        )

    def _first_failed(self) -> tuple[FailedObject, ...]:
        """The first failed objects. Their texts are masked, because they leave the program as those of the artifact do."""
        masked = self.runtime.redactor.line
        rows = self.failed_objects.rows[:FAILED_OBJECTS_KEPT]
        return tuple(
            FailedObject(name=masked(str(name)), code=masked(str(code)), message=masked(str(message), CELL))
            for name, code, message, _ in rows
        )

    def _wire_seconds(self) -> float:
        used = [(traffic.first, traffic.last) for traffic in self._traffic if traffic.first and traffic.last]
        return max(last for _, last in used) - min(first for first, _ in used) if used else 0.0


async def run_flow(title: str, work: Callable[[Run], Awaitable[None]]) -> RunSummary:
    """Runs a flow's work and answers its summary.

    Raises:
        RunFailedError: it stopped before its work was done; carries the summary.
    """
    runtime = runtimes.current()
    with runtimes.using(runtime), masked_logs(runtime.redactor):
        run = Run(title, runtime)
        try:
            try:
                _refuse_another_channel(runtime.settings.OMNITRON_CHANNEL_ID)
                await _held(run, work)
            finally:
                await run.aclose()
        except SkipError as reason:
            words = runtime.redactor.text(reason.message)
            summary = run.summary(RunOutcome.skipped, words)
            run.log.warning("%s: skipped. %s", title, words)
        except Exception as problem:
            if run.log.isEnabledFor(logging.DEBUG):
                run.log.debug("%s:\n%s", title, trace_of(problem, runtime.redactor))
            error = sanitized(problem, runtime.redactor)
            summary = run.summary(RunOutcome.failed, error.message)
            await _publish(run, summary)
            raise RunFailedError(error.message, summary=summary) from error
        else:
            summary = run.summary(RunOutcome.completed, run.reason)
            run.log.info("%s: %s", title, summary.reason or summary.sentence)
        await _publish(run, summary)
        return summary


async def _held(run: Run, work: Callable[[Run], Awaitable[None]]) -> None:
    """The work, unless runs hold back; what it meets decides whether the next ones do.

    Raises:
        HeldBackError: they do, or this run met again what another one has failed of.
    """
    await run.holding.start()
    try:
        await _told(run, work)
    except HeldBackError:  # another run's log-in failed while this one waited for its turn
        raise
    except SkipError:
        await run.holding.succeeded(reached_channel=False)
        raise
    except Exception as problem:
        known = await run.holding.failed(problem)
        if known is not None:
            raise HeldBackError(known) from None
        raise
    else:
        await run.holding.succeeded(reached_channel=run.reached_channel)
    finally:
        await run.holding.close()


async def _told(run: Run, work: Callable[[Run], Awaitable[None]]) -> None:
    """The work; whatever its end, people hear of the rows that it left out."""
    try:
        await work(run)
    except Exception:
        await run.tell_of_left_out_rows()
        raise
    await run.tell_of_left_out_rows()


def _refuse_another_channel(channel_id: int) -> None:
    """A run works with the settings of the process that it is in: those of the channel that it was deployed for?

    Raises:
        ConfigError: they are another channel's.
    """
    context = FlowRunContext.get()
    tags = context.flow_run.tags if context and context.flow_run else []
    deployed_for = [tag for tag in tags if tag.startswith(CHANNEL_TAG)]
    if deployed_for and f"{CHANNEL_TAG}{channel_id}" not in deployed_for:
        raise ConfigError(
            f"This run was deployed for {deployed_for[0]}, and its worker is set up for channel:{channel_id}. Nothing was "
            f"done. Start each worker with the settings of one channel, for the pool of that channel: channel-app-{channel_id}."
        )


async def _publish(run: Run, summary: RunSummary) -> None:
    """The summary and the tables as an artifact of the flow run, where there is one."""
    if FlowRunContext.get() is None:
        return
    try:
        await publish(summary, run.tables, run.runtime.settings.OMNITRON_CHANNEL_ID, run.runtime.redactor)
    except PrefectUnavailableError as error:
        run.log.warning(
            "%s The run's work is done, and its summary stands in this log alone: %s", error.message, summary.sentence
        )
