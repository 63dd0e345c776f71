"""What every flow run shares: its surroundings, its counts, its ending."""

from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from prefect.artifacts import acreate_markdown_artifact
from prefect.context import FlowRunContext

from clients import runtime as runtimes
from clients.errors import CapabilityError, ChannelAppError, ConfigError, NotOfferedError, SkipError
from clients.runtime import Runtime
from clients.transport import Traffic
from dto.enums import ContentType
from dto.summary import RunOutcome, RunSummary
from flows.artifact import Link, Table, document, plain
from flows.booking import Asks
from tasks import reports
from tasks.batch import Batch
from tasks.channel.integration import ChannelIntegration, load, load_channel
from tasks.integration import CommandType
from tasks.log import Logger, logger, masked_logs
from tasks.omnitron.integration import OmnitronIntegration
from tasks.settlement import Irregularities
from tasks.unforeseen import presentable

CHANNEL_TAG = "channel:"
"""What the tag of a channel begins with; its key in Omnitron follows."""
REMOTE_BATCHES_KEPT = 100
CALLED = {
    ContentType.order: "order",
    ContentType.cancellation_request: "cancellation request",
    ContentType.integration_action: "remote id",
}
"""What the objects of a batch go by; of all other types by their product's sku."""


class RunFailedError(ChannelAppError):
    """The run stopped before its work was done. Its counts so far are in `summary`."""

    @property
    def summary(self) -> RunSummary:
        """What the run did until then."""
        return self.context["summary"]  # type: ignore[no-any-return]


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
        self._called: dict[str, None] = {}
        self._traffic: list[Traffic] = []
        self._channel: ChannelIntegration | None = None
        self._started = runtime.clock.monotonic()
        self._stack = AsyncExitStack()
        self.asks = Asks(runtime, self._stack)
        """Books asks for batches that the channel has not answered yet."""

    @property
    def log(self) -> Logger:
        """For lines about the whole run; those about a batch go to `hub.logger(batch)`."""
        return logger(f"channel {self.runtime.settings.OMNITRON_CHANNEL_ID}")

    async def open_hub(self, **arguments: Any) -> OmnitronIntegration:
        """Opens Omnitron's side until the run ends."""
        kind = load(
            "OMNITRON_MODULE", self.runtime.settings.OMNITRON_MODULE, "OmnitronIntegration", OmnitronIntegration
        )
        hub: OmnitronIntegration = await self._stack.enter_async_context(kind(runtime=self.runtime, **arguments))
        self._traffic.append(hub.client.traffic)
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

    async def aclose(self) -> None:
        """Closes both sides."""
        await self._stack.aclose()

    def add_batch(self, batch: Batch, well: str) -> str:
        """Counts what became of a batch's objects, and says it: `well` names what the good ones are."""
        self.batches += 1
        good = sum(1 for member in batch.of_type() if member.failure is None) + batch.ended
        self.counts[well] += good
        failed = 0
        for member in batch.of_type():
            if member.failure is not None:
                failed += 1
                name = member.name or member.key or f"{member.content_type} {member.pk}"
                called = CALLED.get(member.content_type, "sku")
                self.add_failure(name, member.failure.code, member.failure.message, batch, called=called)
        return ", ".join([f"{good:,} {well}", *([f"{failed:,} failed"] if failed else [])])

    def add_failure(
        self, name: str, code: str, message: str, batch: Batch | None = None, *, called: str = "object"
    ) -> None:
        """Counts something that failed, and keeps the first hundred for the table. `called` says what `name` is."""
        self.counts["failed"] += 1
        self.failures[code] += 1
        self._called[called] = None
        self.failed_objects.columns = (" or ".join(self._called), *self.failed_objects.columns[1:])
        self.failed_objects.add(name, code, message, Link.to(batch) if batch is not None else "")

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
            irregularities=dict(self.irregularities),
            batches=self.batches,
            remote_batches=tuple(self.remote_batches),
            requests=sum(traffic.requests for traffic in self._traffic) - log_ins,
            log_ins=log_ins,
            retries=sum(traffic.retries for traffic in self._traffic),
            seconds=round(self.runtime.clock.monotonic() - self._started, 3),
            wire_seconds=round(self._wire_seconds(), 3),
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
                await work(run)
            finally:
                await run.aclose()
        except SkipError as reason:
            words = runtime.redactor.text(reason.message)
            summary = run.summary(RunOutcome.skipped, words)
            run.log.warning("%s: skipped. %s", title, words)
        except Exception as problem:
            error = presentable(problem, runtime.redactor)
            summary = run.summary(RunOutcome.failed, error.message)
            await _show(run, summary)
            raise RunFailedError(error.message, summary=summary) from error
        else:
            summary = run.summary(RunOutcome.completed, run.reason)
            run.log.info("%s: %s", title, summary.reason or sentence(summary))
        await _show(run, summary)
        return summary


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


def counted(summary: RunSummary) -> str:
    """What became of how many objects."""
    return ", ".join(f"{number} {name}" for name, number in summary.counts.items()) or "nothing was due"


def sentence(summary: RunSummary) -> str:
    """A run in one line: what it did to how many objects."""
    why = "; ".join(f"{number} {code}" for code, number in summary.failures.items())
    reasons = f" ({why})" if why else ""
    batches = f"{summary.batches} batch{'' if summary.batches == 1 else 'es'}"
    return f"{counted(summary)}{reasons}; {batches}, {summary.requests} requests, {summary.seconds:.1f} s"


async def _show(run: Run, summary: RunSummary) -> None:
    """The summary and the table of failures as an artifact of the flow run, where there is one."""
    if FlowRunContext.get() is None:
        return
    channel = run.runtime.settings.OMNITRON_CHANNEL_ID
    title = f"{run.title.capitalize()}: {summary.outcome}"
    text = summary.reason or sentence(summary)
    await acreate_markdown_artifact(
        key=artifact_key(run.title, channel),
        markdown=document(title, text, run.tables, run.runtime.redactor),
        # All that a list of artifacts shows.
        description=plain(summary.reason or counted(summary), run.runtime.redactor),
    )


def artifact_key(title: str, channel: int) -> str:
    """What Prefect knows the artifacts of a flow by: the same for all its runs of one channel."""
    return f"{title.replace(' ', '-')}-channel-{channel}"


@asynccontextmanager
async def ending(run: Run, hub: OmnitronIntegration, batch: Batch) -> AsyncIterator[None]:
    """Whatever stops the work inside, an open batch does not stay behind: it is failed with a report, and its objects
    are released. Where even that fails, `recover` does it later."""
    try:
        yield
    except BaseException as error:
        if batch.is_open:
            await _release(run, hub, batch, error)
        raise


async def _release(run: Run, hub: OmnitronIntegration, batch: Batch, error: BaseException) -> None:
    words = error.message if isinstance(error, ChannelAppError) else type(error).__name__
    log = hub.logger(batch)
    try:
        line = reports.of_batch(batch, "stopped", f"The batch was stopped: {words}", hub.runtime.clock.now())
        await hub.tell([line])
        run.add_batch(batch, "released")
        await batch.fail()
    except ChannelAppError as second:
        log.warning("The batch could not be ended (%s); `recover` will release its objects.", second.message)
    else:
        log.warning("The batch was failed, and its objects are offered again: %s", words)
