"""Ends batches whose run has died, so that no object stays locked."""

from typing import Annotated

from prefect import flow

from clients.errors import RefusedError, TakenOverError
from dto.batch_states import OPEN_LOCALLY
from dto.batches import BatchRequest
from dto.enums import ContentType
from dto.summary import RunSummary
from flows.artifact import Link, Table
from flows.naming import run_name
from flows.parameters import parameter
from flows.run import Run, run_flow
from tasks import reports
from tasks.ages import age_of, format_age
from tasks.batch import Batch, Member
from tasks.omnitron.integration import OmnitronIntegration
from tasks.omnitron.journal.batch_requests import GetBatchRequests
from tasks.omnitron.journal.giving_back import give_back

OlderThan = Annotated[
    int | None,
    parameter(
        ge=0,
        description="Seconds for which a batch must have stood untouched before it counts as nobody's. Left out: what "
        "CHANNEL_APP_OLDER_THAN says, by which runs know how long a batch is theirs.",
    ),
]


@flow(name="recover", flow_run_name=run_name, persist_result=False)
async def recover(older_than: OlderThan = None) -> RunSummary:
    """Ends batches that stand in `initialized` or `commit` and were not touched for `older_than` seconds. They are failed:
    nothing is recorded as sent, and their objects are offered again, at once if they had never been sent. Only orders that
    had been brought in keep their bindings to the channel's ids, for those are facts."""

    async def work(run: Run) -> None:
        patience = run.runtime.settings.CHANNEL_APP_OLDER_THAN if older_than is None else older_than
        hub = await run.open_hub(read_channel=False)
        rows = await hub.do_action(GetBatchRequests, statuses=OPEN_LOCALLY)
        now = hub.client.server_time
        if rows:
            await hub.refresh()
        found = Table("batch", "of", "stood in", "for", "what became of it", heading="Batches")
        run.tables.append(found)
        progress = hub.progress("ending batches", len(rows))
        for row in rows:
            batch, age = Batch(hub.client, None, row), age_of(row, now)
            became = await _end(run, hub, batch, row, patience) if age >= patience else _left(run)
            found.add(Link.to(batch), str(batch.content_type or ""), str(row.status), format_age(age), became)
            progress.step()

    return await run_flow("recover", work)


def _left(run: Run) -> str:
    run.counts["still in work"] += 1
    return "left to its run, which is at work"


async def _end(run: Run, hub: OmnitronIntegration, batch: Batch, row: BatchRequest, older_than: int) -> str:
    """Ends a batch that has stood long enough, and says what became of it. One that Omnitron refuses to end, or that somebody
    else has ended, delays no other."""
    try:
        return await _free(run, hub, row, older_than)
    except TakenOverError as taken:
        hub.logger(batch).info("%s", taken.message)
        return "ended by somebody else"
    except RefusedError as error:
        run.counts["refused"] += 1
        hub.logger(batch).error("Batch %s could not be ended: %s", row.local_batch_id, error.message)
        return f"could not be ended: {error.message}"


async def _free(run: Run, hub: OmnitronIntegration, row: BatchRequest, older_than: int) -> str:
    # Its run may have come back to life since the list was read.
    fresh = await hub.client.batches.get(row.pk)
    if fresh.status not in OPEN_LOCALLY or fresh.modified_date != row.modified_date:
        return _left(run)
    batch = Batch(hub.client, None, fresh)
    bindings = await _brought_in(hub, batch)
    text = (
        f"Batch {fresh.local_batch_id} stood in `{fresh.status}` for more than {older_than} s: the run that made it has "
        "died. "
    )
    if bindings:
        batch.take_members(bindings)
        text += "The orders that it had brought in are bound to the channel's ids."
    else:
        text += "It was failed; its objects are offered again."
    await hub.tell([reports.of_batch(batch, "recovered", text, hub.runtime.clock.now())])
    if bindings:
        await batch.done()
    else:
        await give_back(hub.client, batch)
        await batch.fail()
    hub.logger(batch).warning("%s", text)
    run.batches += 1
    run.counts["bound" if bindings else "released"] += 1
    return "bound the orders that it had brought in" if bindings else "failed; its objects are offered again"


async def _brought_in(hub: OmnitronIntegration, batch: Batch) -> list[Member]:
    """The orders and items that the batch was binding, if it is one that brought orders in: such a one holds items.

    A batch of order updates holds none. Its orders were perhaps not sent, and nothing is recorded for them.
    """
    if batch.content_type is not ContentType.order or batch.local_batch_id is None:
        return []
    actions, unreadable = await hub.client.actions.held_by(batch.local_batch_id)
    if unreadable:
        return []  # as below
    if not any(action.content_type.model == ContentType.order_item for action in actions):
        return []
    members = []
    for action in actions:
        if action.remote_id is None or action.version_date is None:
            return []  # not all of it is known: the next run looks for these orders by their numbers
        key = action.object_key
        members.append(Member(*key, action.version_date, owner=key, remote_id=action.remote_id, settled=True))
    return members
