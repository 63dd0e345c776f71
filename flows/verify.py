"""Asks a channel that answers later what became of the batches that it accepted."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any, assert_never

from prefect import flow

from clients.errors import AuthError, ChannelAppError, ConfigError, HeldBackError, TakenOverError
from dto.batches import BatchRequest
from dto.outcomes import CheckOutcome, Completed, InProgress, ItemResult, Unknown
from dto.summary import RunSummary
from flows.artifact import Link, Table
from flows.naming import run_name
from flows.parameters import IsSuccessLog, parameter
from flows.run import Run, run_flow
from tasks.ages import age_of, format_age
from tasks.batch import Batch
from tasks.channel.checking import CheckCommand, check_of
from tasks.channel.integration import ChannelIntegration
from tasks.concurrency import for_each
from tasks.omnitron.integration import OmnitronIntegration
from tasks.omnitron.journal.batch_requests import GetBatchRequests
from tasks.omnitron.kinds import Kind, kind_of
from tasks.settlement import Unanswered

NEARLY = 0.95
"""The part of a pause after which a sweep asks: a little early, rather than late by a whole period of the schedule."""
GRACE = 900.0
"""Seconds for which a batch that the channel does not know may still turn up there."""
FIRST_PAUSE = 0.5
LONGEST_PAUSE = 10.0
"""Seconds between two checks in one run, at first and at most."""


class Result(StrEnum):
    """The result for one batch, in the order of the table: the ones that a person looks for come first."""

    given_up = "given up"
    not_verified = "not verified"
    settled = "settled"
    elsewhere = "settled by another run"
    ongoing = "ongoing"


@dataclass(frozen=True, slots=True)
class _Verified:
    """One batch after it was asked for: its age in seconds, its end or state, and the result or reason."""

    batch: Batch
    age: float
    result: Result
    why: str = ""
    ask_after: float = 0.0
    """Seconds before which asking again is of no use."""


class _Results:
    """The batches of one run, and the table that shows them."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._by_batch: dict[int | None, _Verified] = {}

    def add(self, verified: _Verified) -> None:
        """Of several checks of a batch, the last one counts."""
        self._by_batch[verified.batch.pk] = verified

    def show(self) -> None:
        """Puts the table above that of failures: it is shorter."""
        table = Table("batch", "of", "there as", "age", "what became of it", "result or reason", heading="Batches")
        order = list(Result)
        for one in sorted(self._by_batch.values(), key=lambda one: order.index(one.result)):
            batch = one.batch
            age = format_age(one.age)
            of = str(batch.content_type or "")
            table.add(Link.to(batch), of, batch.remote_batch_id or "", age, one.result, one.why)
        self._run.tables.insert(0, table)


@flow(name="verify batch", flow_run_name=run_name, persist_result=False)
async def verify_batch(
    remote_batch_id: Annotated[str, parameter(min_length=1, description="The channel's own id of the batch.")],
    wait: Annotated[float, parameter(ge=0, description="Seconds for which an unfinished batch is checked again.")] = 0,
    is_success_log: IsSuccessLog = True,
    attempt: Annotated[int, parameter(ge=1, description="The number of this check, the first being 1.")] = 1,
    local_batch_id: Annotated[
        str | None,
        parameter(
            description="Omnitron's id of the batch, for a channel that uses an id for several batches. A run that names it, as "
            "booked runs do, keeps the pace of the connector (`ask_every`)."
        ),
    ] = None,
) -> RunSummary:
    """Asks the channel about the open batch with this remote id, and settles it. An unfinished batch stays open, which is no
    error: where this flow is deployed, it books a later run."""

    async def work(run: Run) -> None:
        hub = await run.open_hub(read_channel=False)
        named = await hub.do_action(GetBatchRequests, remote_batch_id=remote_batch_id)
        rows = [row for row in named if local_batch_id in (None, row.local_batch_id)]
        if not rows:
            run.counts["not open"] += 1
            run.reason = f"No open batch has the remote id {remote_batch_id}: it has been settled, or the id is wrong."
            return
        checker = await _open(run, hub, is_success_log=is_success_log)
        ends_at = run.runtime.clock.monotonic() + wait
        found = _Results(run)
        try:
            for row in rows:
                batch = Batch(hub.client, None, row)
                # A booked run keeps the connector's pace; a person may ask at any time.
                early = checker.too_early(row, batch) if local_batch_id is not None else None
                verified = early or await checker.check_until(ends_at, row, batch)
                found.add(verified)
                if verified.result is Result.ongoing:
                    run.counts["ongoing"] += 1
                    await run.check_bookings.book(
                        batch.local_batch_id, remote_batch_id, attempt + 1, hub.logger(batch), verified.ask_after
                    )
        finally:
            found.show()

    return await run_flow("verify batch", work)


@flow(name="verify open batches", flow_run_name=run_name, persist_result=False)
async def verify_open_batches(is_success_log: IsSuccessLog = True) -> RunSummary:
    """Asks the channel about every batch that it has not answered yet, oldest first. One bad batch delays no other."""

    async def work(run: Run) -> None:
        hub = await run.open_hub(read_channel=False)
        rows = await hub.do_action(GetBatchRequests)
        if not rows:
            return
        checker = await _open(run, hub, is_success_log=is_success_log)
        found = _Results(run)
        progress = hub.progress("asking about open batches", len(rows))

        async def one(row: BatchRequest) -> None:
            batch, age = Batch(hub.client, None, row), age_of(row, hub.client.server_time)
            try:
                verified = checker.too_early(row, batch) or await checker.check(row, batch)
                found.add(verified)
                if verified.result is Result.ongoing:
                    run.counts["ongoing"] += 1
            except (AuthError, HeldBackError):
                raise
            except ChannelAppError as error:
                run.counts["not verified"] += 1
                found.add(
                    _Verified(batch, age, Result.not_verified, f"{error.message} It is asked for again next time.")
                )
                hub.logger(batch).warning(
                    "Batch %s is asked for again next time: %s", row.local_batch_id, error.message
                )
            except Exception as error:  # a connector's own mistake, met by one batch, delays no other
                run.counts["not verified"] += 1
                words = run.runtime.redactor.text(f"{type(error).__name__}: {error}")
                found.add(_Verified(batch, age, Result.not_verified, words))
                hub.logger(batch).error("Batch %s hit an unexpected error: %s", row.local_batch_id, words)
            progress.step()

        try:
            await for_each(rows, one)
        finally:
            found.show()

    return await run_flow("verify open batches", work)


async def _open(run: Run, hub: OmnitronIntegration, *, is_success_log: bool) -> "_Checker":
    """Something is open: reads the channel, and opens its side."""
    await hub.refresh()
    return _Checker(run, hub, await run.open_channel(hub), is_success_log)


@dataclass(frozen=True, slots=True)
class _Checker:
    """Both sides of a run that asks about batches."""

    run: Run
    hub: OmnitronIntegration
    channel: ChannelIntegration
    is_success_log: bool

    def commands(self, batch: Batch) -> tuple[Kind, type[CheckCommand[Any]]]:
        """How a batch ends, and the connector's command that asks about it.

        Raises:
            ConfigError, CapabilityError: nothing asks about such a batch.
        """
        kind = kind_of(batch.content_type)
        if kind is None or kind.check is None:
            raise ConfigError(
                f"Batch {batch.local_batch_id} is of type {batch.content_type}, which is not verified by any command."
            )
        return kind, check_of(self.channel, kind.check)

    def too_early(self, row: BatchRequest, batch: Batch) -> _Verified | None:
        """The result for a batch that was asked for a short while ago; None if it is time to ask. Every question moves the
        batch's `modified_date`."""
        _, check = self.commands(batch)
        now = self.hub.client.server_time
        if not check.ask_every or row.modified_date is None:
            return None
        since = max(0.0, (now - row.modified_date).total_seconds())  # the hub's clock shows whole seconds
        if since >= check.ask_every * NEARLY:
            return None
        left = check.ask_every - since
        why = f"The connector asks every {format_age(check.ask_every)}: next in {format_age(left)}."
        return _Verified(batch, age_of(row, now), Result.ongoing, why, left)

    async def check(self, row: BatchRequest, batch: Batch) -> _Verified:
        """Asks about one batch, once, and acts on the answer."""
        hub = self.hub
        kind, check = self.commands(batch)
        if check.needs_sent and not batch.is_known:
            await hub.do_action(kind.settle, objects=(), batch_request=batch, reads_only=True)
        outcome: CheckOutcome = await self.channel.do_action(check, objects=batch, batch_request=batch)
        await hub.tell([line for line in outcome.reports if self.is_success_log or not line.is_ok])
        age = age_of(row, hub.client.server_time)
        try:
            return await self._conclude(kind, check, batch, age, outcome)
        except TakenOverError as taken:
            # Another verify run was faster: the batch is settled, by the same answers.
            hub.logger(batch).info("%s", taken.message)
            return _Verified(batch, age, Result.elsewhere)

    async def check_until(self, ends_at: float, row: BatchRequest, batch: Batch) -> _Verified:
        """Asks again, after growing pauses, until the channel has finished the batch or the clock shows `ends_at`."""
        clock, pause = self.run.runtime.clock, FIRST_PAUSE
        verified = await self.check(row, batch)
        while verified.result is Result.ongoing and (left := ends_at - clock.monotonic()) > 0:
            await clock.sleep(min(max(pause, verified.ask_after), left))
            pause = min(pause * 1.5, LONGEST_PAUSE)
            verified = await self.check(row, batch)
        return verified

    async def _conclude(
        self, kind: Kind, check: type[CheckCommand[Any]], batch: Batch, age: float, outcome: CheckOutcome
    ) -> _Verified:
        match outcome:
            case Completed(results):
                odd = await self.hub.do_action(
                    kind.settle,
                    objects=results,
                    batch_request=batch,
                    unreadable=outcome.unreadable,
                    rest=outcome.rest,
                )
                self.run.add_irregularities(odd)
                counts = self.run.add_batch(batch, kind.success_label)
                self.hub.logger(batch).info("The batch is %s: %s", batch.status, counts)
                return _Verified(batch, age, Result.settled, counts)
            case InProgress() if age < check.give_up_after:
                # Recorded objects leave the batch, and the lines of the send would be counted wrongly.
                if outcome.results and not check.needs_sent:
                    odd = await self.hub.do_action(
                        kind.settle, objects=outcome.results, batch_request=batch, is_partial=True
                    )
                    if odd.recorded:
                        self.run.counts[kind.success_label] += odd.recorded
                await batch.ongoing()
                wait = outcome.ask_after or check.ask_every
                return _Verified(batch, age, Result.ongoing, "The channel has not finished it.", wait)
            case InProgress():
                why = f"The channel did not finish the batch within {format_age(check.give_up_after)}."
                return await self._give_up(kind, batch, age, "NeverFinished", why, outcome.results)
            case Unknown(why) if age < GRACE:
                await batch.ongoing()
                return _Verified(batch, age, Result.ongoing, f"{why} It may still turn up there.", check.ask_every)
            case Unknown(why):
                unknown = f"{why} What became of its objects is unknown."
                return await self._give_up(kind, batch, age, "BatchForgotten", unknown)
            case _ as unreachable:
                assert_never(unreachable)

    async def _give_up(
        self, kind: Kind, batch: Batch, age: float, code: str, why: str, known: Sequence[ItemResult] = ()
    ) -> _Verified:
        """The channel will not answer: every object without a known result fails with that reason, and is offered again."""
        unanswered = Unanswered(code, f"{why} It is sent again.")
        await self.hub.do_action(kind.settle, objects=known, batch_request=batch, unanswered=unanswered)
        self.run.add_batch(batch, kind.success_label)
        self.hub.logger(batch).warning("%s", why)
        return _Verified(batch, age, Result.given_up, why)
