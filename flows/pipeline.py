"""The way of one sending's objects: read → prepare → commit → enrich → send → settle, batch after batch until nothing is due."""

import asyncio
import itertools
from collections import defaultdict
from collections.abc import Sequence
from typing import Any, assert_never

from clients.deadline import deadline
from clients.errors import ConfigError, ContractError, DeadlineError, TakenOverError
from dto.enums import BatchRequestStatus, ContentType, ResponseStatus
from dto.outcomes import Accepted, Completed, SendOutcome
from flows.plan import Limits, Sending, Stage, Step
from flows.release import released_when_stopped
from flows.run import Run
from tasks.batch import Batch, in_order
from tasks.channel.command import SendCommand, check_of
from tasks.channel.integration import ChannelIntegration
from tasks.concurrency import side_by_side
from tasks.omnitron.enrichment import Enrichment
from tasks.omnitron.hub import Hub
from tasks.omnitron.integration import OmnitronIntegration
from tasks.omnitron.journal.batch_requests import BatchRequestUpdate
from tasks.omnitron.journal.due import Due
from tasks.omnitron.journal.recording import record_settled
from tasks.progress import span
from tasks.settlement import settle


class Pipeline:
    """One sending of one run. `send_batch` is the whole way of a batch; the methods below it are its steps, in order."""

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
        self.is_prepared = False
        self.counterpart = _counterpart(sending, connector)
        stages = _stages(sending, self.counterpart)
        self.stages = [[(each, _enrichment(hub, each)) for each in stage] for stage in stages]

    async def drain(self) -> None:
        """Batch after batch, each object at most once."""
        rounds = itertools.count() if self.limits.max_batches is None else range(self.limits.max_batches)
        for _ in rounds:
            batch = self.hub.new_batch(self.sending.content_type)
            async with released_when_stopped(self.run, self.hub, batch):
                if not await self.send_batch(batch):
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

    async def send_batch(self, batch: Batch) -> bool:
        """One batch, from its reading to its end or into the channel's hands. False when nothing (more) was due."""
        due = await self.read()
        if not due.members:
            return False
        await self.prepare()
        try:
            await self.commit(batch, due)
            objects = await self.enrich(batch, due)
            if objects:
                outcome = await self.send(batch, objects)
                await self.settle(batch, outcome)
            else:
                await self.end(batch)
        except TakenOverError as taken:
            self.hub.logger(batch).warning("%s", taken.message)
            self.run.counts["taken over"] += sum(1 for _ in batch.of_type())
        return len(due.members) >= self.size

    # -- read --------------------------------------------------------------------------------------------------------

    async def read(self) -> Due[Any]:
        """The next objects that are due and that this run has not tried. Nothing is locked yet."""
        command, parameters = self.sending.read.command, self.sending.read.parameters
        # The trials take turns, lest one object that the channel cannot bear fails them all.
        turn = min(self.run.holding.tries, self.batch_size) if not self.seen else 0
        found: dict[str, Any] = {"limit": turn or self.size, "skip": self.seen, "waiting": self.waiting}
        due: Due[Any] = await self.hub.do_action(command.key, **found, **parameters)
        self.waiting.update(due.waiting)
        self.total = self.total or due.total
        return due.last() if turn else due

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
        which = span(len(self.seen), len(due.members))
        self.seen.update(member.pk for member in due.members)
        of = f" of {self.total:,} that were due" if self.total >= len(self.seen) else ""
        self.hub.logger(batch).info("%s: %s%s", self.sending.title, which, of)

    async def note_standing(self, batch: Batch) -> None:
        """Reads the actions of objects that are about to be committed, so that they can be put back: in a trial, and where an
        object may have to wait for its other half."""
        is_trial = self.run.holding.tries and self.size == 1
        if not is_trial and self.counterpart is None:
            return
        of_type: dict[ContentType, list[int]] = defaultdict(list)
        for member in batch.members.values():
            if member.object_key not in batch.before and not member.committed:
                of_type[member.content_type].append(member.pk)
        for content_type, keys in of_type.items():
            found = await self.hub.client.actions.find(content_type=content_type, object_ids=keys)
            known = {action.object_id: action for action in found}
            batch.before.update(((content_type, pk), known.get(pk)) for pk in keys)

    # -- enrich ------------------------------------------------------------------------------------------------------

    async def enrich(self, batch: Batch, due: Due[Any]) -> Sequence[Any]:
        """The objects with all that the channel needs. Each command fails the ones that lack something, with the reason; a
        second commit names those, and what travels along."""
        objects: Sequence[Any] = due
        for stage in self.stages:
            if objects:
                objects = await self.enrich_once(batch, stage, objects)
        if objects:
            await self.note_standing(batch)
            await self.move(batch, BatchRequestStatus.commit)
        return objects

    async def enrich_once(
        self, batch: Batch, stage: Sequence[tuple[Step, type[Enrichment[Any]]]], objects: Sequence[Any]
    ) -> list[Any]:
        """The objects that every command of the stage kept, with the fields that each attached. Failures of an earlier
        stage are reported meanwhile."""
        work = (
            self.hub.do_action(each.command.key, objects=objects, batch_request=batch, **each.parameters)
            for each, _ in stage
        )
        _, *answers = await side_by_side(self.hub.report_failures(batch), *work)
        return merged(objects, [(command.attaches, rows) for (_, command), rows in zip(stage, answers, strict=True)])

    # -- send --------------------------------------------------------------------------------------------------------

    async def send(self, batch: Batch, objects: Sequence[Any]) -> SendOutcome:
        """Hands the objects over, within the time in which the batch is certainly still ours."""
        seconds = self.run.runtime.settings.CHANNEL_APP_OLDER_THAN / 3
        owned = asyncio.timeout(seconds)
        try:
            with deadline(seconds, self.run.runtime.clock):
                async with owned:
                    channel = await self.run.open_channel(self.hub)
                    return await channel.do_action(self.sending.send, objects=in_order(objects), batch_request=batch)
        except TimeoutError as error:
            if not owned.expired():  # the connector's own
                raise
            raise DeadlineError(
                f"The channel did not take the batch within {seconds:.0f} s; it is released, and offered again.",
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


def _counterpart(sending: Sending, connector: type[ChannelIntegration]) -> Step | None:
    """The step that attaches the other halves, if the connector's one call carries both."""
    send = connector.actions.get(sending.send.key)
    carries_both = send is not None and issubclass(send, SendCommand) and send.needs_counterpart
    return sending.counterpart if carries_both else None


def _stages(sending: Sending, counterpart: Step | None) -> list[Stage]:
    """The enrichments of a sending. Other halves come last, and once: not for information too."""
    if counterpart is None:
        return list(sending.enrich)
    others = [[each for each in stage if each.command is not counterpart.command] for stage in sending.enrich]
    return [*filter(None, others), [counterpart]]


def _enrichment(hub: Hub, each: Step) -> type[Enrichment[Any]]:
    """The command that a step runs: an integrator may have replaced it.

    Raises:
        ConfigError: the replacement is no enrichment.
    """
    command = hub.get_action(each.command)
    if not issubclass(command, Enrichment):
        raise ConfigError(
            f"{command.__name__} takes the place of `{command.key}`, but does not say which fields it attaches: derive it "
            f"from {each.command.__name__}, or from Enrichment with its fields in `attaches`."
        )
    return command


def merged(objects: Sequence[Any], answers: Sequence[tuple[Sequence[str], Sequence[Any]]]) -> list[Any]:
    """The objects that are in every answer, each with the fields that the answers attach.

    Args:
        objects: rows with a `pk`.
        answers: the names of the attached fields, and the rows that carry them.
    """
    by_key = [(fields, {row.pk: row for row in rows}) for fields, rows in answers]
    return [
        item.model_copy(
            update={name: getattr(rows[item.pk], name) for fields, rows in by_key for name in fields},
        )
        for item in objects
        if all(item.pk in rows for _, rows in by_key)
    ]
