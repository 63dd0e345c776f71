"""Asks a channel that answers later what became of the batches that it accepted."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, assert_never

from prefect import flow

from clients.errors import AuthError, ChannelAppError, ConfigError, TakenOverError
from dto.enums import ContentType, FailedReasonType
from dto.omnitron import BatchRequest
from dto.outcomes import CheckOutcome, Completed, InProgress, Unknown
from dto.summary import RunSummary
from flows.artifact import Link, Table
from flows.naming import run_name
from flows.parameters import IsSuccessLog, parameter
from flows.run import Run, run_flow
from tasks.batch import Batch
from tasks.channel.command import CheckCommand
from tasks.channel.images import CheckImages
from tasks.channel.integration import ChannelIntegration
from tasks.channel.orders import CheckOrders
from tasks.channel.prices import CheckPrices
from tasks.channel.products import CheckDeletedProducts, CheckProducts
from tasks.channel.stocks import CheckStocks
from tasks.concurrency import for_each
from tasks.omnitron.batch_requests import (
    GetBatchRequests,
    ProcessBatchRequests,
    ProcessDeleteProductBatchRequests,
    ProcessImageBatchRequests,
    ProcessPriceBatchRequests,
    ProcessProductBatchRequests,
    ProcessStockBatchRequests,
)
from tasks.omnitron.health import said
from tasks.omnitron.integration import OmnitronIntegration
from tasks.omnitron.order_updates import ProcessOrderBatchRequests
from tasks.settlement import fail_waiting

DEADLINE = 24 * 3600.0
"""Seconds after which a batch that the channel never finishes is given up."""
GRACE = 900.0
"""Seconds for which a batch that the channel does not know may still turn up there."""


@dataclass(frozen=True, slots=True)
class Verifying:
    """How batches of one type are asked for, and settled."""

    check: type[CheckCommand]
    settle: type[ProcessBatchRequests | ProcessDeleteProductBatchRequests]
    well: str = "integrated"


VERIFYING: Mapping[ContentType, Verifying] = {
    ContentType.product: Verifying(CheckProducts, ProcessProductBatchRequests),
    ContentType.product_price: Verifying(CheckPrices, ProcessPriceBatchRequests),
    ContentType.product_stock: Verifying(CheckStocks, ProcessStockBatchRequests),
    ContentType.product_image: Verifying(CheckImages, ProcessImageBatchRequests),
    ContentType.order: Verifying(CheckOrders, ProcessOrderBatchRequests, "updated"),
    ContentType.integration_action: Verifying(CheckDeletedProducts, ProcessDeleteProductBatchRequests, "deleted"),
}


class Became(StrEnum):
    """What a run made of one batch, in the order in which its table lists them: first what a person looks for."""

    given_up = "given up"
    not_verified = "not verified"
    settled = "settled"
    elsewhere = "settled by another run"
    ongoing = "ongoing"


@dataclass(frozen=True, slots=True)
class _Verified:
    batch: Batch
    became: Became
    why: str = ""


class _Found:
    """The batches of one run, and the table that shows them."""

    def __init__(self, run: Run, hub: OmnitronIntegration) -> None:
        self._run, self._hub = run, hub
        self._by_batch: dict[int | None, _Verified] = {}

    def add(self, verified: _Verified) -> None:
        """A batch that was asked for again counts as what it became last."""
        self._by_batch[verified.batch.pk] = verified

    def show(self) -> None:
        """Above what failed: there are fewer of them."""
        table = Table("batch", "of", "there as", "age", "what became of it", "result or reason", heading="Batches")
        order = list(Became)
        for one in sorted(self._by_batch.values(), key=lambda one: order.index(one.became)):
            batch = one.batch
            age = said(_age(self._hub, batch))
            of = str(batch.content_type or "")
            table.add(Link.to(batch), of, batch.remote_batch_id or "", age, one.became, one.why)
        self._run.tables.insert(0, table)


@flow(name="verify batch", flow_run_name=run_name, persist_result=False)
async def verify_batch(
    remote_batch_id: Annotated[str, parameter(min_length=1, description="The channel's own id of the batch.")],
    wait: Annotated[float, parameter(ge=0, description="Ask again for so many seconds while it is not finished.")] = 0,
    is_success_log: IsSuccessLog = True,
    ask: Annotated[int, parameter(ge=1, description="How many times it was asked for, this time included.")] = 1,
    local_batch_id: Annotated[
        str | None, parameter(description="Omnitron's own id of it, for a channel that gives an id to several batches.")
    ] = None,
) -> RunSummary:
    """Asks the channel about one batch, and settles it. One that is not finished stays open, which is no error: a later
    run is booked that asks again, where this flow is deployed."""

    async def work(run: Run) -> None:
        hub = await run.open_hub(create_batch=False, read_channel=False)
        named = await hub.do_action(GetBatchRequests, remote_batch_id=remote_batch_id)
        rows = [row for row in named if local_batch_id in (None, row.local_batch_id)]
        if not rows:
            run.counts["not open"] += 1
            run.reason = f"No open batch has the remote id {remote_batch_id}: it is settled already."
            return
        await hub.refresh()
        channel = await run.open_channel(hub)
        clock = run.runtime.clock
        ends_at, pause = clock.monotonic() + wait, 0.5
        found = _Found(run, hub)
        try:
            for batch in (Batch(hub.client, None, row) for row in rows):
                while True:
                    verified = await _verify(run, hub, channel, batch, is_success_log=is_success_log)
                    found.add(verified)
                    left = ends_at - clock.monotonic()
                    if verified.became is not Became.ongoing or left <= 0:
                        break
                    await clock.sleep(min(pause, left))
                    pause = min(pause * 1.5, 10.0)
                if verified.became is Became.ongoing:
                    run.counts["ongoing"] += 1
                    await run.asks.book(batch.local_batch_id, remote_batch_id, ask + 1, hub.logger(batch))
        finally:
            found.show()

    return await run_flow("verify batch", work)


@flow(name="verify open batches", flow_run_name=run_name, persist_result=False)
async def verify_open_batches(is_success_log: IsSuccessLog = True) -> RunSummary:
    """Asks the channel about every batch that it has not answered yet, oldest first. One bad batch delays no other."""

    async def work(run: Run) -> None:
        hub = await run.open_hub(create_batch=False, read_channel=False)
        rows = await hub.do_action(GetBatchRequests)
        if not rows:
            return
        await hub.refresh()
        channel = await run.open_channel(hub)
        found = _Found(run, hub)
        progress = hub.progress("asking about open batches", len(rows))

        async def one(row: BatchRequest) -> None:
            batch = Batch(hub.client, None, row)
            try:
                verified = await _verify(run, hub, channel, batch, is_success_log=is_success_log)
                found.add(verified)
                run.counts["ongoing"] += verified.became is Became.ongoing
            except AuthError:
                raise
            except ChannelAppError as error:
                run.counts["not verified"] += 1
                found.add(_Verified(batch, Became.not_verified, f"{error.message} It is asked for again next time."))
                hub.logger(batch).warning(
                    "Batch %s is asked for again next time: %s", row.local_batch_id, error.message
                )
            except Exception as error:  # a connector's own mistake, met by one batch, delays no other
                run.counts["not verified"] += 1
                words = run.runtime.redactor.text(f"{type(error).__name__}: {error}")
                found.add(_Verified(batch, Became.not_verified, words))
                hub.logger(batch).error("Batch %s met an error that was not foreseen: %s", row.local_batch_id, words)
            progress.step()

        try:
            await for_each(rows, one)
        finally:
            found.show()

    return await run_flow("verify open batches", work)


async def _verify(
    run: Run, hub: OmnitronIntegration, channel: ChannelIntegration, batch: Batch, *, is_success_log: bool
) -> _Verified:
    """One batch, asked for once."""
    verifying = VERIFYING.get(batch.content_type) if batch.content_type else None
    if verifying is None:
        raise ConfigError(
            f"Batch {batch.local_batch_id} is of type {batch.content_type}, which is not verified by any command."
        )
    channel.require(verifying.check)
    outcome: CheckOutcome = await channel.do_action(verifying.check, objects=batch, batch_request=batch)
    await hub.tell([line for line in outcome.reports if is_success_log or not line.is_ok])
    try:
        return await _conclude(run, hub, verifying, batch, outcome)
    except TakenOverError as taken:
        # Another verify run was faster: the batch is settled, by the same answers.
        hub.logger(batch).info("%s", taken.message)
        return _Verified(batch, Became.elsewhere)


def _age(hub: OmnitronIntegration, batch: Batch) -> float:
    """Seconds since the batch was made, by Omnitron's clock."""
    if batch.created_date is None:
        return 0.0
    return max(0.0, (hub.client.server_time - batch.created_date).total_seconds())  # its `Date` has whole seconds


async def _conclude(
    run: Run, hub: OmnitronIntegration, verifying: Verifying, batch: Batch, outcome: CheckOutcome
) -> _Verified:
    age = _age(hub, batch)
    match outcome:
        case Completed(results):
            odd = await hub.do_action(verifying.settle, objects=results, batch_request=batch)
            run.add_irregularities(odd)
            counts = run.add_batch(batch, verifying.well)
            hub.logger(batch).info("The batch is %s: %s", batch.status, counts)
            return _Verified(batch, Became.settled, counts)
        case InProgress() if age < DEADLINE:
            await batch.ongoing()
            return _Verified(batch, Became.ongoing, "The channel has not finished it.")
        case InProgress():
            why = f"The channel did not finish the batch within {DEADLINE / 3600:.0f} hours."
            return await _give_up(run, hub, verifying, batch, "NeverFinished", why)
        case Unknown(why) if age < GRACE:
            await batch.ongoing()
            return _Verified(batch, Became.ongoing, f"{why} It may still turn up there.")
        case Unknown(why):
            why = f"{why} What became of its objects is unknown."
            return await _give_up(run, hub, verifying, batch, "BatchForgotten", why)
        case _ as unreachable:
            assert_never(unreachable)


async def _give_up(
    run: Run, hub: OmnitronIntegration, verifying: Verifying, batch: Batch, code: str, why: str
) -> _Verified:
    """The channel will not answer: every object fails with that reason, and is offered again."""
    await verifying.settle(hub, batch_request=batch).load_members()
    fail_waiting(batch, FailedReasonType.remote, code, f"{why} It is sent again.")
    await hub.do_action("batch_request_update", batch_request=batch, status="done")
    run.add_batch(batch, verifying.well)
    hub.logger(batch).warning("%s", why)
    return _Verified(batch, Became.given_up, why)
