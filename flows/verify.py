"""Asks a channel that answers later what became of the batches that it accepted."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, assert_never

from prefect import flow

from clients.errors import AuthError, ChannelAppError, ConfigError, TakenOverError
from dto.enums import ContentType, FailedReasonType
from dto.omnitron import BatchRequest
from dto.outcomes import CheckOutcome, Completed, InProgress, Unknown
from dto.summary import RunSummary
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


@flow(name="verify batch", flow_run_name=run_name, persist_result=False)
async def verify_batch(
    remote_batch_id: Annotated[str, parameter(min_length=1, description="The channel's own id of the batch.")],
    wait: Annotated[float, parameter(ge=0, description="Ask again for so many seconds while it is not finished.")] = 0,
    is_success_log: IsSuccessLog = True,
    ask: Annotated[int, parameter(ge=1, description="How many times it was asked for, this time included.")] = 1,
) -> RunSummary:
    """Asks the channel about one batch, and settles it. One that is not finished stays open, which is no error: a later
    run is booked that asks again, where this flow is deployed."""

    async def work(run: Run) -> None:
        hub = await run.open_hub(create_batch=False, read_channel=False)
        rows = await hub.do_action(GetBatchRequests, remote_batch_id=remote_batch_id)
        if not rows:
            run.counts["not open"] += 1
            hub.logger().info("No open batch has the remote id %s: it is settled already.", remote_batch_id)
            return
        await hub.refresh()
        channel = await run.open_channel(hub)
        clock = run.runtime.clock
        ends_at, pause = clock.monotonic() + wait, 0.5
        for batch in (Batch(hub.client, None, row) for row in rows):
            while True:
                still_open = await _verify(run, hub, channel, batch, is_success_log=is_success_log)
                left = ends_at - clock.monotonic()
                if not still_open or left <= 0:
                    break
                await clock.sleep(min(pause, left))
                pause = min(pause * 1.5, 10.0)
            if still_open:
                run.counts["ongoing"] += 1
                await run.asks.book(batch.local_batch_id, remote_batch_id, ask + 1, hub.logger(batch))

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

        async def one(row: BatchRequest) -> None:
            batch = Batch(hub.client, None, row)
            try:
                still_open = await _verify(run, hub, channel, batch, is_success_log=is_success_log)
                run.counts["ongoing"] += still_open
            except AuthError:
                raise
            except ChannelAppError as error:
                run.counts["not verified"] += 1
                hub.logger(batch).warning(
                    "Batch %s is asked for again next time: %s", row.local_batch_id, error.message
                )
            except Exception as error:  # a connector's own mistake, met by one batch, delays no other
                run.counts["not verified"] += 1
                words = run.runtime.redactor.text(f"{type(error).__name__}: {error}")
                hub.logger(batch).error("Batch %s met an error that was not foreseen: %s", row.local_batch_id, words)

        await for_each(rows, one)

    return await run_flow("verify open batches", work)


async def _verify(
    run: Run, hub: OmnitronIntegration, channel: ChannelIntegration, batch: Batch, *, is_success_log: bool
) -> bool:
    """One batch, asked for once. True when it is still open afterwards."""
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
        return False


async def _conclude(
    run: Run, hub: OmnitronIntegration, verifying: Verifying, batch: Batch, outcome: CheckOutcome
) -> bool:
    age = (hub.client.server_time - batch.created_date).total_seconds() if batch.created_date else 0.0
    match outcome:
        case Completed(results):
            odd = await hub.do_action(verifying.settle, objects=results, batch_request=batch)
            run.add_irregularities(odd)
            run.add_batch(batch, verifying.well)
            return False
        case InProgress() if age < DEADLINE:
            await batch.ongoing()
            return True
        case InProgress():
            why = f"The channel did not finish the batch within {DEADLINE / 3600:.0f} hours."
            await _give_up(run, hub, verifying, batch, "NeverFinished", why)
            return False
        case Unknown() if age < GRACE:
            await batch.ongoing()
            return True
        case Unknown(why):
            await _give_up(
                run, hub, verifying, batch, "BatchForgotten", f"{why} What became of its objects is unknown."
            )
            return False
        case _ as unreachable:
            assert_never(unreachable)


async def _give_up(run: Run, hub: OmnitronIntegration, verifying: Verifying, batch: Batch, code: str, why: str) -> None:
    """The channel will not answer: every object fails with that reason, and is offered again."""
    await verifying.settle(hub, batch_request=batch).load_members()
    fail_waiting(batch, FailedReasonType.remote, code, f"{why} It is sent again.")
    await hub.do_action("batch_request_update", batch_request=batch, status="done")
    run.add_batch(batch, verifying.well)
    hub.logger(batch).warning("%s", why)
