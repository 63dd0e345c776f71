"""The way of one sending's objects: read → prepare → commit → enrich → send → settle, batch after batch until nothing is due."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, assert_never

from clients.deadline import deadline
from clients.errors import ConfigError, ContractError, DeadlineError, TakenOverError
from dto.enums import BatchRequestStatus, ContentType, ResponseStatus
from dto.outcomes import Accepted, Completed, SendOutcome
from flows.groups import whole_groups
from flows.plan import Limits, Sending
from flows.release import released_when_stopped
from flows.run import Run
from flows.stages import Commands, enrichment_of, merged, stages_of, travelling_in
from flows.waiting import let_wait
from tasks.batch import Batch, in_order
from tasks.channel.checking import check_of
from tasks.channel.integration import ChannelIntegration
from tasks.channel.sending import SendCommand
from tasks.concurrency import side_by_side
from tasks.omnitron.integration import OmnitronIntegration
from tasks.omnitron.journal.batch_requests import BatchRequestUpdate
from tasks.omnitron.journal.due import Due
from tasks.omnitron.journal.recording import record_settled
from tasks.omnitron.journal.standing import is_any_held, standing_of
from tasks.progress import span
from tasks.settlement import settle


class Pipeline:
    """One sending of one run. `send_due` is the whole way of a batch; the methods below it are its steps, in order."""

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
        self.sending = sending
        self.limits = limits
        self.batch_size = min(limits.batch_size, connector.max_batch_size)
        self.size = 1 if run.holding.tries else self.batch_size
        """Objects of the next batch. After a failure of the channel the first batch is one object, and each next one twice as
        many: so a trial costs the channel little, and an object that the channel cannot bear takes few others along."""
        self.seen: set[int] = set()
        """Keys that this run has tried. One that is offered again at once waits for the next run."""
        self.total = 0
        """Objects that were due when the run began, for progress messages."""
        self.waiting: set[int] = set()
        """Keys that are due, and cannot be sent yet."""
        self.is_reading = False
        """Whether the next objects are being read: nothing of them is locked yet."""
        self.is_prepared = False
        self.command = send_command_of(sending, connector)
        self.group_by = self.command.group_by
        self.counterpart = sending.counterpart if self.command.needs_counterpart else None
        carried = [ContentType(f"product{name}") for name in self.command.carries]
        stages = stages_of(sending, self.counterpart, carried)
        self.stages: list[Commands] = [[(each, enrichment_of(hub, each)) for each in stage] for stage in stages]
        self.travelling = travelling_in(self.stages)
        self.owned_seconds = run.runtime.settings.CHANNEL_APP_OLDER_THAN / 3
        """The time in which a batch is certainly still ours."""

    async def drain(self) -> None:
        """Batch after batch, each object at most once."""
        rounds = itertools.count() if self.limits.max_batches is None else range(self.limits.max_batches)
        for _ in rounds:
            if not await self.send_next():
                break
            self.size = min(self.size * 2, self.batch_size)
        if self.waiting:
            self.run.counts["waiting"] += len(self.waiting)
            self.run.log.info(
                "%s: %s wait until their products have been sent, at no cost of attempts. `channel-app explain SKU` says why one "
                "has not.",
                self.sending.title,
                f"{len(self.waiting):,}",
            )

    async def send_next(self) -> bool:
        """The next objects, from their reading to their end or into the channel's hands. False when no more are due."""
        self.is_reading = True
        due, is_last = await self.read()
        self.is_reading = False
        if not due.members:
            return False
        await self.prepare()
        await self.send_due(due)
        return not is_last or any(member.pk not in self.seen for member in due.members)

    async def send_due(self, due: Due[Any]) -> None:
        """Sends the objects, in one batch."""
        async with self.batch() as batch:
            await self.commit(batch, due)
            objects = await self.enrich(batch, due)
            if objects:
                outcome = await self.send(batch, objects)
                await self.settle(batch, outcome)
            else:
                await self.end(batch)

    @asynccontextmanager
    async def batch(self) -> AsyncIterator[Batch]:
        """A new batch. It is released if the work inside stops, and dropped if another run has taken it over."""
        batch = self.hub.new_batch(self.sending.content_type)
        try:
            async with released_when_stopped(self.run, self.hub, batch):
                yield batch
        except TakenOverError as taken:
            self.hub.logger(batch).warning("%s", taken.message)
            self.run.counts["taken over"] += sum(1 for _ in batch.of_type())

    # -- read --------------------------------------------------------------------------------------------------------

    async def read(self) -> tuple[Due[Any], bool]:
        """The next objects that are due and that this run has not tried, and whether they are the last."""
        command, parameters = self.sending.read.command, self.sending.read.parameters
        # The trials take turns, lest one object that the channel cannot bear fails them all.
        turn = min(self.run.holding.tries, self.batch_size) if not self.seen else 0
        # The rest of a group may stand further down the list.
        wanted = turn or self.size + (self.batch_size if self.group_by else 0)
        found: dict[str, Any] = {"limit": wanted, "skip": self.seen, "waiting": self.waiting}
        due: Due[Any] = await self.hub.do_action(command.key, **found, **parameters)
        self.waiting.update(due.waiting)
        self.total = self.total or due.total
        if turn:
            return due.last(), len(due.members) < self.size
        if self.group_by:
            together = due.only(whole_groups(due, self.group_by, self.size, self.batch_size))
            return together, len(due.members) < wanted and len(together) == len(due)
        return due, len(due.members) < self.size

    # -- prepare -----------------------------------------------------------------------------------------------------

    async def prepare(self) -> None:
        """Once, when something is due: opens the channel, and checks that it is up and answers as expected. Nothing has been
        changed yet."""
        if self.is_prepared:
            return
        await self.hub.refresh()
        channel = await self.run.open_channel(self.hub)
        check = self.sending.kind.check
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
        self.is_prepared = True

    # -- commit ------------------------------------------------------------------------------------------------------

    async def commit(self, batch: Batch, due: Due[Any]) -> None:
        """Locks the objects in a new batch, at the versions that were read: from here on no other run is offered them."""
        for member in due.members:
            batch.add(member)
        if self.sending.read.command.which == "inserts":
            batch.before.update((member.object_key, None) for member in due.members)
        await self.note_standing(batch)
        await self.hub.commit(batch)
        for failure in due.unreadable:
            batch.fail_member(failure)
        self.log_beginning(batch, due)

    def log_beginning(self, batch: Batch, due: Due[Any]) -> None:
        """From here on, this run has tried the objects."""
        which = span(len(self.seen), len(due.members))
        self.seen.update(member.pk for member in due.members)
        of = f" of {self.total:,} that were due" if self.total >= len(self.seen) else ""
        self.hub.logger(batch).info("%s: %s%s", self.sending.title, which, of)

    async def note_standing(self, batch: Batch) -> None:
        """Reads the actions of objects that are about to be committed, so that they can be put back: in a trial, and where an
        object may have to wait for another batch, which holds its other half or what travels with it."""
        is_trial = self.run.holding.tries and self.size == 1
        if is_trial or self.counterpart is not None or await self.may_wait(batch):
            await self.read_standing(batch)

    async def may_wait(self, batch: Batch) -> bool:
        """Whether other batches hold prices or stocks, and it is not known how the products of this one stood before."""
        if batch.is_open or all(object_key in batch.before for object_key in batch.members):
            return False
        return await is_any_held(self.hub.client, self.travelling)

    async def read_standing(self, batch: Batch) -> None:
        """Notes how the objects stand that are not committed yet."""
        unknown = (member for member in batch.members.values() if member.object_key not in batch.before)
        batch.before.update(await standing_of(self.hub.client, (each for each in unknown if not each.committed)))

    def draft(self, due: Due[Any]) -> Batch:
        """The objects, as a batch that Omnitron never sees."""
        draft = self.hub.new_batch(self.sending.content_type)
        for member in due.members:
            draft.add(member)
        for failure in due.unreadable:
            draft.fail_member(failure)
        return draft

    # -- enrich ------------------------------------------------------------------------------------------------------

    async def enrich(self, batch: Batch, due: Sequence[Any], stages: Sequence[Commands] | None = None) -> Sequence[Any]:
        """The objects with all that the channel needs, or that some stages attach. A second commit names those that failed, and
        what travels along."""
        objects = await self.attach(batch, due, self.stages if stages is None else stages)
        if objects:
            await self.note_standing(batch)
            await self.move(batch, BatchRequestStatus.commit)
        return objects

    async def attach(self, batch: Batch, objects: Sequence[Any], stages: Sequence[Commands]) -> Sequence[Any]:
        """The objects with all that the stages attach. Each command fails the ones that lack something, with the reason."""
        for stage in stages:
            if objects:
                objects = await self.attach_once(batch, stage, objects)
                await let_wait(self.run, self.hub, self.sending.title, batch)
        return objects

    async def attach_once(self, batch: Batch, stage: Commands, objects: Sequence[Any]) -> list[Any]:
        """The objects that every command of the stage kept, with the fields that each attached. Failures of an earlier
        stage are reported meanwhile."""
        work = (
            self.hub.do_action(each.command.key, objects=objects, batch_request=batch, **each.parameters)
            for each, _ in stage
        )
        reporting = [self.hub.report_failures(batch)] if batch.is_open else []
        answers = (await side_by_side(*work, *reporting))[: len(stage)]
        return merged(objects, [(command.attaches, rows) for (_, command), rows in zip(stage, answers, strict=True)])

    # -- send --------------------------------------------------------------------------------------------------------

    async def send(self, batch: Batch, objects: Sequence[Any]) -> SendOutcome:
        """Hands the objects over, within the time in which the batch is certainly still ours."""
        with deadline(self.owned_seconds, self.run.runtime.clock):
            ends_at = asyncio.get_running_loop().time() + self.owned_seconds
            return await self.hand_over(batch, in_order(objects), ends_at)

    async def hand_over(self, batch: Batch, objects: Sequence[Any], ends_at: float) -> SendOutcome:
        """Makes the call to the channel, which is cut off when the loop's clock shows `ends_at`.

        Raises:
            DeadlineError: it was.
        """
        channel = await self.run.open_channel(self.hub)
        owned = asyncio.timeout_at(ends_at)
        try:
            async with owned:
                return await channel.do_action(self.sending.send, objects=objects, batch_request=batch)
        except TimeoutError as error:
            if not owned.expired():  # the connector's own
                raise
            raise DeadlineError(
                f"The channel did not take the batch within {self.owned_seconds:.0f} s; it is released, and offered again.",
                spent=True,
            ) from error

    # -- settle ------------------------------------------------------------------------------------------------------

    async def settle(self, batch: Batch, outcome: SendOutcome) -> None:
        """Ends the batch with the channel's results, or leaves it with the channel, to be asked later."""
        hub, kind = self.hub, self.sending.kind
        lines = [line for line in outcome.reports if self.limits.is_success_log or not line.is_ok]
        match outcome:
            case Completed(results):
                settled = hub.do_action(
                    kind.settle, objects=results, batch_request=batch, unreadable=outcome.unreadable, rest=outcome.rest
                )
                odd, _ = await side_by_side(settled, hub.tell(lines))
                self.run.add_irregularities(odd)
                self.log_end(batch, self.run.add_batch(batch, kind.success_label))
            case Accepted(remote_batch_id) if kind.check is None:
                raise ContractError(
                    f"The connector answered `{self.sending.send.key}` with the batch id {remote_batch_id}, but nothing asks "
                    "for such a batch later: it has to answer at once."
                )
            case Accepted(remote_batch_id):
                await hub.tell(lines)
                await self.settle_at_once(batch, outcome)
                await self.move(batch, BatchRequestStatus.sent_to_remote)
                self.run.add_remote_batch(batch)
                self.log_end(batch, self.run.add_batch(batch, "accepted"))
                check = check_of(await self.run.open_channel(hub), kind.check)
                wait = outcome.ask_after or check.ask_every
                await self.run.check_bookings.book(batch.local_batch_id, remote_batch_id, 1, hub.logger(batch), wait)
            case _ as unreachable:
                assert_never(unreachable)
        answered_at_once = isinstance(outcome, Completed)
        if self.limits.is_sync is not None and self.limits.is_sync != answered_at_once:
            raise ConfigError(
                f"The flow was started with is_sync={str(self.limits.is_sync).lower()}, but the channel answered "
                f"{'at once' if answered_at_once else 'that it will answer later'}. The batch was handled as the channel "
                "answered, and nothing is lost; leave is_sync out, or turn it around."
            )

    async def settle_at_once(self, batch: Batch, outcome: Accepted) -> None:
        """The channel decided about some objects at once. Refused ones fail, and a commit names them before the batch waits;
        those that it took are recorded now. The settling command, which ends a batch, runs when the channel has answered
        for the others. It alone deletes, so deletions wait for it."""
        is_deletion = self.sending.content_type is ContentType.integration_action
        at_once = [result for result in outcome.rejected if result.status is ResponseStatus.fail or not is_deletion]
        odd = settle(batch, at_once, partial=True, unreadable=outcome.unreadable)
        self.run.add_irregularities(odd)
        await self.hub.report_irregularities(batch, odd)
        if taken := await record_settled(self.hub.client, batch):
            self.run.counts[self.sending.kind.success_label] += taken
        if any(not member.committed for member in batch.members.values()):
            await self.move(batch, BatchRequestStatus.commit)

    async def end(self, batch: Batch) -> None:
        """Every object has failed: there is nothing to send."""
        await self.move(batch, BatchRequestStatus.done)
        self.log_end(batch, self.run.add_batch(batch, self.sending.kind.success_label))

    async def move(self, batch: Batch, status: BatchRequestStatus) -> None:
        """Reports the failures since the last move, then moves the batch."""
        await self.hub.do_action(BatchRequestUpdate, batch_request=batch, status=status)

    def log_end(self, batch: Batch, counts: str) -> None:
        self.hub.logger(batch).info("%s: the batch is %s: %s", self.sending.title, batch.status, counts)


def send_command_of(sending: Sending, connector: type[ChannelIntegration]) -> type[SendCommand[Any]]:
    """The connector's own form of the send command, which says what one of its calls takes.

    Raises:
        CapabilityError: the connector has none.
        ConfigError: its command is no send.
    """
    connector.require(sending.send)
    own = connector.get_action(sending.send)
    if not issubclass(own, SendCommand):
        raise ConfigError(
            f"{own.__name__} takes the place of `{sending.send.key}`: derive it from {sending.send.__name__}."
        )
    return own
