"""Ends batches whose run has died, so that no object stays locked."""

from typing import Annotated

from prefect import flow

from clients.errors import ChannelAppError, RefusedError, TakenOverError
from dto.batch_states import OPEN_LOCALLY
from dto.omnitron import BatchRequest
from dto.summary import RunSummary
from flows.parameters import parameter
from flows.run import Run, run_flow
from tasks import reports
from tasks.batch import Batch
from tasks.omnitron.batch_requests import GetBatchRequests
from tasks.omnitron.integration import OmnitronIntegration

OlderThan = Annotated[
    int,
    parameter(ge=0, description="Seconds for which a batch must have stood untouched before it counts as nobody's."),
]


@flow(name="recover", flow_run_name="recover batches older than {older_than} s", persist_result=False)
async def recover(older_than: OlderThan = 900) -> RunSummary:
    """Fails batches that stand in `initialized` or `commit` and were not touched for `older_than` seconds. Their objects
    are released and offered again; nothing is ever recorded as sent."""

    async def work(run: Run) -> None:
        hub = await run.open_hub(create_batch=False, read_channel=False)
        rows = await hub.do_action(GetBatchRequests, statuses=OPEN_LOCALLY)
        now = hub.client.server_time.timestamp()
        if rows:
            await hub.refresh()
        for row in rows:
            if _age(row, now) < older_than:
                run.counts["still in work"] += 1
                continue
            try:
                await _free(run, hub, row, older_than)
            except TakenOverError as taken:
                hub.logger().info("%s", taken.message)
            except ChannelAppError as error:
                if not isinstance(error, RefusedError):
                    raise
                # One bad batch never delays another.
                run.counts["refused"] += 1
                hub.logger().error("Batch %s could not be ended: %s", row.local_batch_id, error.message)

    return await run_flow("recover", work)


def _age(row: BatchRequest, now: float) -> float:
    """Seconds since the batch was touched, by Omnitron's clock."""
    touched = row.modified_date or row.created_date
    return now - touched.timestamp() if touched else 0.0


async def _free(run: Run, hub: OmnitronIntegration, row: BatchRequest, older_than: int) -> None:
    # Its run may have come back to life since the list was read.
    fresh = await hub.client.batch(row.pk)
    if fresh.status not in OPEN_LOCALLY or fresh.modified_date != row.modified_date:
        run.counts["still in work"] += 1
        return
    batch = Batch(hub.client, None, fresh)
    text = (
        f"Batch {fresh.local_batch_id} stood in `{fresh.status}` for more than {older_than} s: the run that made it has "
        "died. It was failed; its objects are offered again."
    )
    await hub.tell([reports.of_batch(batch, "recovered", text, hub.runtime.clock.now())])
    await batch.fail()
    hub.logger(batch).warning("%s", text)
    run.batches += 1
    run.counts["released"] += 1
