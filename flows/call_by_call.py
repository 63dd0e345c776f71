"""The pipeline of a channel that takes fewer objects in one call than a batch holds.

If the channel answers at once, the calls run side by side in one batch. If it may answer later, each call has a batch of its own,
with a remote id of its own: reading and enriching are shared, and an object is committed only when its call is about to start.
Either way a call that fails costs its own objects an attempt, and no others.
"""

import asyncio
import itertools
from collections.abc import Iterable, Sequence
from typing import Any

from clients.errors import (
    AuthError,
    ChannelAppError,
    ContractError,
    DeadlineError,
    LostAnswerError,
    NoTurnError,
    RefusedError,
    RetryableError,
    UnforeseenError,
    error_code,
)
from clients.omnitron.lists import PAGE
from dto.enums import FailedReasonType, IntegrationActionStatus
from dto.omnitron import IntegrationAction
from dto.outcomes import Accepted, Completed, SendOutcome
from flows.dry_run import DryRun
from flows.groups import calls_of
from flows.pipeline import Pipeline, send_command_of
from flows.plan import Limits, Sending
from flows.run import Run
from tasks.batch import Batch, Member, ObjectKey, in_order
from tasks.channel.integration import ChannelIntegration
from tasks.concurrency import for_each
from tasks.failure import Failure
from tasks.omnitron.integration import OmnitronIntegration
from tasks.omnitron.journal.due import Due
from tasks.omnitron.journal.giving_back import give_back
from tasks.omnitron.journal.standing import standing_of
from tasks.progress import span

FRESH = 5.0
"""Seconds for which it is relied on that no other run has taken or sent an object: hardly longer than one call."""


class CallByCall(Pipeline):
    """One sending of one run, in calls of at most `max_items_per_call` objects."""

    failed_calls = 0
    """Calls in a row that failed though the channel was up."""
    stopped_by: ChannelAppError | None = None
    """What kept the calls of a batch from being made, if others of it were answered."""
    read_at = 0.0
    """When it was read how the objects of the next calls stand."""

    async def send_due(self, due: Due[Any]) -> None:
        channel, check = await self.run.open_channel(self.hub), self.sending.kind.check
        if check is not None and channel.can(check) and not channel.is_sync:
            await self.send_in_batches(due)
            return
        await super().send_due(due)
        self.raise_if_stopped()

    def raise_if_stopped(self) -> None:
        """Ends the run if not all objects of a batch could be sent, now that the others have their results."""
        stopped_by, self.stopped_by = self.stopped_by, None
        if stopped_by is not None and not isinstance(stopped_by, NoTurnError):
            raise stopped_by

    def calls(self, objects: Iterable[Any]) -> list[list[Any]]:
        """The objects in calls, in the order of their keys."""
        ordered = in_order(objects)
        return calls_of(ordered, self.group_by, self.command.max_items_per_call or len(ordered))

    def object_key(self, item: Any) -> ObjectKey:
        return self.sending.content_type, item.pk

    # -- one batch, calls side by side -------------------------------------------------------------------------------

    async def note_standing(self, batch: Batch) -> None:
        """Also outside a trial: calls that do not begin are given back."""
        await self.read_standing(batch)

    async def hand_over(self, batch: Batch, objects: Sequence[Any], ends_at: float) -> SendOutcome:
        """Makes the calls of one batch side by side, and joins their answers. Once one shows that the channel is down or the time
        over, no further call starts, and what was not sent is given back: it stays due.

        Raises:
            ChannelAppError: the first error, if no call was answered.
        """
        calls = self.calls(objects)
        if len(calls) == 1:
            outcome = await super().hand_over(batch, objects, ends_at)
            if isinstance(outcome, Completed):
                await self.give_back(batch, self.unsent(outcome))
            return outcome
        make_call, loop = super().hand_over, asyncio.get_running_loop()
        answers: list[Completed] = []
        errors: list[ChannelAppError] = []
        unsent: list[ObjectKey] = []

        async def make(call: list[Any]) -> None:
            if self.stopped_by is not None or loop.time() >= ends_at:
                unsent.extend(map(self.object_key, call))
                return
            try:
                answers.append(self._completed(await make_call(batch, call, ends_at)))
                unsent.extend(self.unsent(answers[-1]))
                self.failed_calls = 0
            except ChannelAppError as error:
                errors.append(error)
                if await self.is_about_the_call(error):
                    self.fail_call(batch, call, error)
                else:
                    self.stopped_by = error
                    unsent.extend(map(self.object_key, call))

        await for_each(calls, make, at_once=self.run.runtime.settings.CHANNEL_APP_IN_FLIGHT)
        if errors and not answers:
            raise errors[0]
        await self.give_back(batch, unsent)
        rests = {answer.rest for answer in answers}
        return Completed(
            tuple(result for answer in answers for result in answer.results),
            tuple(line for answer in answers for line in answer.reports),
            tuple(row for answer in answers for row in answer.unreadable),
            rest=rests.pop() if len(rests) == 1 else None,
        )

    def unsent(self, outcome: Completed) -> list[ObjectKey]:
        """The objects that a call did not send."""
        if outcome.unsent is None:
            return []
        if isinstance(outcome.unsent.error, ChannelAppError):
            self.stopped_by = outcome.unsent.error
        return [(self.sending.content_type, key) for key in outcome.unsent.keys]

    def _completed(self, outcome: SendOutcome) -> Completed:
        if isinstance(outcome, Accepted):
            raise ContractError(
                f"The connector answered `{self.sending.send.key}` with the batch id {outcome.remote_batch_id}, though the "
                "channel answers at once: leave `is_sync` out of the connector where it may answer later."
            )
        return outcome

    async def give_back(self, batch: Batch, unsent: Sequence[ObjectKey]) -> None:
        """Objects that were not sent stay due, at no cost of attempts. This run takes them up again."""
        if not unsent:
            return
        owners = set(unsent)
        together = [member.object_key for member in batch.members.values() if member.owner in owners]
        await give_back(self.hub.client, batch, only=together)
        self.seen.difference_update(pk for _, pk in unsent)
        self.hub.logger(batch).warning(
            "%s: %d objects were not sent: the channel took too long, or is down. They stay due, at no cost of attempts.",
            self.sending.title,
            len(unsent),
        )

    # -- a batch for each call ---------------------------------------------------------------------------------------

    async def send_in_batches(self, due: Due[Any]) -> None:
        """Enriches all objects together; then commits and sends those of one call after the other."""
        draft = self.draft(due)
        self.log_beginning(draft, due)
        shared = self.stages if self.counterpart is None else self.stages[:-1]
        objects = await self.attach(draft, due, shared)
        await self.end_failed(draft)
        first_error: ChannelAppError | None = None
        has_sent = False
        calls = self.calls(objects)
        for number, call in enumerate(calls):
            await self.read_ahead(draft, calls[number:])
            async with self.batch() as batch:
                draft.hand_over(map(self.object_key, call), batch)
                error = await self.send_call(batch, call)
                first_error = first_error or error
                has_sent = has_sent or error is None
        if first_error is not None and not has_sent:
            raise first_error

    async def read_ahead(self, draft: Batch, calls: Sequence[Sequence[Any]]) -> None:
        """Reads how the objects of the next calls stand, as many as one page tells, unless that is known and fresh."""
        now = self.run.runtime.clock.monotonic()
        if self.object_key(calls[0][0]) in draft.before and now - self.read_at < FRESH:
            return
        soon = {self.object_key(item) for item in itertools.islice(itertools.chain.from_iterable(calls), PAGE)}
        soon.update(map(self.object_key, calls[0]))
        members = (each for each in draft.members.values() if each.owner in soon)
        draft.before = await standing_of(self.hub.client, members)
        self.read_at = now

    async def end_failed(self, draft: Batch) -> None:
        """Objects that lack something end in a batch of their own."""
        failed = [member.owner for member in draft.of_type() if member.failure is not None]
        if failed:
            async with self.batch() as batch:
                draft.hand_over(failed, batch)
                await self.hub.commit(batch)
                await self.end(batch)

    async def send_call(self, batch: Batch, call: list[Any]) -> ChannelAppError | None:
        """Commits and sends the objects of one call. Returns the error if the call failed, and the next one may go better."""
        sendable: Sequence[Any] = self.leave_out_others(batch, call)
        if not sendable:
            return None
        await self.hub.commit(batch)
        if self.counterpart is not None:
            sendable = await self.enrich(batch, sendable, self.stages[-1:])
            if not sendable:
                await self.end(batch)
                return None
        self.hub.logger(batch).info("%s: a call with %s", self.sending.title, span(0, len(sendable)))
        try:
            outcome = await self.send(batch, sendable)
        except ChannelAppError as error:
            if not await self.is_about_the_call(error):
                raise
            self.fail_call(batch, sendable, error)
            await self.end(batch)
            return error
        self.failed_calls = 0
        await self.settle(batch, outcome)
        self.raise_if_stopped()
        return None

    def leave_out_others(self, batch: Batch, call: list[Any]) -> list[Any]:
        """The objects that no other run has taken or sent since they were read. One that was sent, or whose price or stock was
        sent in a newer version, is read again: it may be due no longer."""
        gone: set[ObjectKey] = set()
        for member in list(batch.members.values()):
            action = batch.before.get(member.object_key)
            if action is None:
                continue
            is_held = action.status is IntegrationActionStatus.processing
            is_sent = action.status is IntegrationActionStatus.success and _is_newer(action, member)
            if is_sent or is_held:
                gone.add(member.owner)
            if is_sent:
                self.seen.discard(member.owner[1])
        for owner in gone:
            for member in [member for member in batch.members.values() if member.owner == owner]:
                batch.drop(member.object_key)
        return [item for item in call if self.object_key(item) not in gone]

    # -- failed calls ------------------------------------------------------------------------------------------------

    async def is_about_the_call(self, error: ChannelAppError) -> bool:
        """Whether the objects of a call may be the reason why it failed: it was refused, or the channel is up otherwise. A second
        call in a row that the channel does not answer shows that they are not."""
        match error:
            case NoTurnError():
                return False
            case RefusedError() | ContractError() | UnforeseenError() | LostAnswerError() | DeadlineError():
                return True
            case RetryableError() if self.failed_calls == 0:
                self.failed_calls += 1
                return await self.is_up()
            case _:
                return False

    async def is_up(self) -> bool:
        """Whether the channel gives a sign of life."""
        channel = await self.run.open_channel(self.hub)
        try:
            await channel.sign_of_life()
        except (RetryableError, AuthError):
            return False
        return True

    def fail_call(self, batch: Batch, call: Sequence[Any], error: ChannelAppError) -> None:
        """Fails the objects of one call, each with the error of the call."""
        others = f" It carried {len(call):,} objects; each is tried again." if len(call) > 1 else ""
        for item in call:
            message = f"The call to the channel failed: {error.message}{others}"
            content_type, code = self.sending.content_type, error_code(error)
            batch.fail_member(
                Failure(item, content_type, message, FailedReasonType.remote, code, self.sending.send.key)
            )


def _is_newer(action: IntegrationAction, member: Member) -> bool:
    """Whether a version at least as new as the member's was sent; of what travels along, a newer one."""
    if action.version_date is None:
        return False
    if member.object_key == member.owner:
        return action.version_date >= member.version_date
    return action.version_date > member.version_date


def pipeline_of(
    run: Run, hub: OmnitronIntegration, connector: type[ChannelIntegration], sending: Sending, limits: Limits
) -> Pipeline:
    """The pipeline for as many objects as one call of the channel takes."""
    if run.runtime.rehearsal is not None:
        return DryRun(run, hub, connector, sending, limits)
    command = send_command_of(sending, connector)
    is_whole = command.max_items_per_call is None and not command.is_one_by_one()
    return (Pipeline if is_whole else CallByCall)(run, hub, connector, sending, limits)
