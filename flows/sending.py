"""The one sending pipeline: read → commit → enrich → send → settle, batch after batch until nothing is due."""

import asyncio
import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, assert_never

from clients.deadline import deadline
from clients.errors import ConfigError, ContractError, DeadlineError, RefusedError, TakenOverError
from dto.enums import BatchRequestStatus, ContentType, ResponseStatus
from dto.omnitron import Catalog, ChannelConf
from dto.outcomes import Accepted, Completed, SendOutcome
from dto.summary import RunSummary
from flows.run import Run, ending, run_flow
from tasks.batch import Batch
from tasks.channel.command import CheckCommand, SendCommand
from tasks.channel.integration import ChannelIntegration, load_channel
from tasks.command import OmnitronCommand
from tasks.concurrency import side_by_side
from tasks.omnitron.batch_requests import BatchRequestUpdate
from tasks.omnitron.integration import OmnitronIntegration
from tasks.settlement import settle

Step = tuple[type[OmnitronCommand[Any, Any]], Mapping[str, Any]]
"""An enrichment command and its parameters."""
Stage = Sequence[Step]
"""Enrichments that do not need one another: they run side by side."""


@dataclass(frozen=True, slots=True)
class Sending:
    """What tells one sending flow from another.

    `read` offers what is due and commits it; `enrich` attaches what the channel needs; `send` hands it over; `settle`
    ends the batch with the results; `check` is what the verify flows ask with, if the channel answers later; none where it
    may not.
    """

    title: str
    content_type: ContentType
    read: type[OmnitronCommand[Any, Any]]
    send: type[SendCommand[Any]]
    settle: type[OmnitronCommand[Any, Any]]
    check: type[CheckCommand] | None
    enrich: Sequence[Stage] = ()
    read_options: Mapping[str, Any] = field(default_factory=dict)
    well: str = "integrated"
    """What an object is called whose send succeeded."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How a run is bounded, and what it expects.

    `is_sync` is what the caller hopes; the channel's answer decides, and a mismatch is an error that says so.
    """

    batch_size: int = 1_000
    max_batches: int | None = None
    is_sync: bool | None = None
    is_success_log: bool = True


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
            await _Drain(run, hub, connector, sending, limits).run_out()

    return await run_flow(title, work)


async def send_lists(
    passes: Callable[[Catalog, ChannelConf], Sequence[Sending]], *, title: str, limits: Limits, none: str
) -> RunSummary:
    """Drains list after list, each in a pass of its own: one with nothing due, or that Omnitron does not let be read,
    keeps no other waiting. `none` is said where there is no list at all.

    Raises:
        RunFailedError: as `send_all`; and after all other lists, where one could not be read.
    """

    async def work(run: Run) -> None:
        connector = load_channel(run.runtime)
        hub = await run.open_hub()
        sendings = passes(hub.catalog, hub.channel.conf)
        run.require(connector, *{sending.send for sending in sendings})
        if not sendings:
            run.reason = none
        unread: list[RefusedError] = []
        for sending in sendings:
            try:
                await _Drain(run, hub, connector, sending, limits).run_out()
            except RefusedError as error:
                if hub.batch_request is None or hub.batch_request.status is not None:
                    raise
                # Nothing was committed: whatever is wrong with this list costs no object an attempt.
                hub.logger(hub.batch_request).error("%s: %s", sending.title, error.message)
                unread.append(error)
        if unread:
            raise unread[0]

    return await run_flow(title, work)


class _Drain:
    """One sending of one run."""

    def __init__(
        self,
        run: Run,
        hub: OmnitronIntegration,
        connector: type[ChannelIntegration],
        sending: Sending,
        limits: Limits,
    ) -> None:
        self.run = run
        self.hub = hub
        self.connector = connector
        self.sending = sending
        self.limits = limits
        self.seen: set[int] = set()
        self.due = 0
        """What was due when the run began: the whole of which it says how far it is."""

    async def run_out(self) -> None:
        """Batch after batch, each object at most once: one that is offered again at once waits for the next run."""
        self.hub.content_type = self.sending.content_type
        self.hub.before_first_commit = self._prepare_channel
        rounds = itertools.count() if self.limits.max_batches is None else range(self.limits.max_batches)
        for _ in rounds:
            batch = self.hub.new_batch()
            async with ending(self.run, self.hub, batch):
                try:
                    more = await self._one_batch(batch)
                except TakenOverError as taken:
                    self.hub.logger(batch).warning("%s", taken.message)
                    self.run.counts["taken over"] += sum(1 for _ in batch.of_type())
                    more = True
            if not more:
                return

    async def _prepare_channel(self) -> None:
        """Something is due: does the channel answer as expected, and is it up? Nothing was changed so far."""
        channel = await self.run.open_channel(self.hub)
        check = self.sending.check
        if check is not None and not (channel.is_sync or self.limits.is_sync or channel.can(check)):
            raise ConfigError(
                f"The connector `{channel.name}` has no {check.key}, which a channel that answers later needs. Add that command "
                "to its `actions`, or say `is_sync = True` in the connector where it always answers at once."
            )
        if self.limits.is_sync is not None and channel.is_sync not in (None, self.limits.is_sync):
            raise ConfigError(
                f"The flow was started with is_sync={str(self.limits.is_sync).lower()}, but the channel `{channel.name}` "
                f"answers {'at once' if channel.is_sync else 'later'}: leave is_sync out, or turn it around."
            )
        await channel.sign_of_life()

    async def _one_batch(self, batch: Batch) -> bool:
        """One batch from reading to its end, or to the channel's hands. False when nothing (more) was due."""
        hub, sending = self.hub, self.sending
        limit = min(self.limits.batch_size, self.connector.max_batch_size)
        objects = await hub.do_action(sending.read, limit=limit, skip=self.seen, **sending.read_options)
        tried = [member.pk for member in batch.of_type()]
        if not tried:
            return False
        self.due = self.due or hub.client.due
        which = span(len(self.seen), len(tried))
        self.seen.update(tried)
        of = f" of {self.due:,} that were due" if self.due >= len(self.seen) else ""
        hub.logger(batch).info("%s: %s%s", sending.title, which, of)
        for stage in sending.enrich:
            objects = objects and await self._enrich(batch, stage, objects)
        if objects:
            await hub.do_action(BatchRequestUpdate, status=BatchRequestStatus.commit)
            await self._settle(batch, await self._send(batch, objects))
        else:
            await hub.do_action(BatchRequestUpdate, status=BatchRequestStatus.done)
            self._say_end(batch, self.run.add_batch(batch, sending.well))
        return len(tried) >= limit

    async def _enrich(self, batch: Batch, stage: Stage, objects: Sequence[Any]) -> list[Any]:
        """The objects that every command of the stage kept, each with what any of them attached. What failed in an
        earlier stage is reported meanwhile."""
        work = (self.hub.do_action(command, objects=objects, **options) for command, options in stage)
        _, *kept = await side_by_side(self.hub.report_failures(batch), *work)
        answers = [{row.pk: row for row in rows} for rows in kept]
        return [
            item.model_copy(update=_attached(item, [answer[item.pk] for answer in answers]))
            for item in objects
            if all(item.pk in answer for answer in answers)
        ]

    async def _send(self, batch: Batch, objects: Any) -> SendOutcome:
        """Hands the objects over, within the time in which the batch is certainly still ours."""
        seconds = self.run.runtime.settings.CHANNEL_APP_OLDER_THAN / 3
        try:
            with deadline(seconds, self.run.runtime.clock):
                async with asyncio.timeout(seconds):
                    channel = await self.run.open_channel(self.hub)
                    return await channel.do_action(self.sending.send, objects=objects, batch_request=batch)
        except TimeoutError as error:
            raise DeadlineError(
                f"The channel did not take the batch within {seconds:.0f} s; it is released, and offered again.",
                spent=True,
            ) from error

    async def _settle(self, batch: Batch, outcome: SendOutcome) -> None:
        """Ends the batch, or leaves it with the channel."""
        hub = self.hub
        lines = [line for line in outcome.reports if self.limits.is_success_log or not line.is_ok]
        match outcome:
            case Completed(results):
                odd, _ = await side_by_side(hub.do_action(self.sending.settle, objects=results), hub.tell(lines))
                self.run.add_irregularities(odd)
                self._say_end(batch, self.run.add_batch(batch, self.sending.well))
            case Accepted(remote_batch_id) if self.sending.check is None:
                raise ContractError(
                    f"The connector answered `{self.sending.send.key}` with the batch id {remote_batch_id}, but nothing asks "
                    "for such a batch later: it has to answer at once."
                )
            case Accepted(remote_batch_id, rejected):
                await hub.tell(lines)
                refused = [result for result in rejected if result.status is ResponseStatus.fail]
                odd = settle(batch, refused, partial=True)
                self.run.add_irregularities(odd)
                await hub.report_irregularities(batch, odd)
                if any(not member.committed for member in batch.members.values()):
                    await hub.do_action(BatchRequestUpdate, status=BatchRequestStatus.commit)
                await hub.do_action(BatchRequestUpdate, status=BatchRequestStatus.sent_to_remote)
                self.run.add_remote_batch(batch)
                self._say_end(batch, self.run.add_batch(batch, "accepted"))
                await self.run.asks.book(batch.local_batch_id, remote_batch_id, 1, hub.logger(batch))
            case _ as unreachable:
                assert_never(unreachable)
        answered_at_once = isinstance(outcome, Completed)
        if self.limits.is_sync is not None and self.limits.is_sync != answered_at_once:
            raise ConfigError(
                f"The flow was started with is_sync={str(self.limits.is_sync).lower()}, but the channel answered "
                f"{'at once' if answered_at_once else 'that it will answer later'}. The batch was handled as the channel "
                "answered, and nothing is lost; leave is_sync out, or turn it around."
            )

    def _say_end(self, batch: Batch, counts: str) -> None:
        self.hub.logger(batch).info("%s: the batch is %s: %s", self.sending.title, batch.status, counts)


def span(done: int, more: int) -> str:
    """The next objects of many, by their places: `2,001 to 3,000`."""
    return f"{done + 1:,} to {done + more:,}" if more > 1 else f"{done + 1:,}"


def _attached(item: Any, richer: Sequence[Any]) -> dict[str, Any]:
    """What the richer forms of an object have that it had not."""
    known = vars(item)
    return {name: value for form in richer for name, value in vars(form).items() if value is not known.get(name)}
