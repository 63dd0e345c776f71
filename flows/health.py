"""How the channel stands, as a report. Nothing is changed anywhere."""

from prefect import flow

from dto.health import ChannelHealth
from dto.summary import RunSummary
from flows.artifact import Table
from flows.naming import run_name
from flows.run import Run, run_flow
from flows.verify import DEADLINE
from tasks.omnitron.health import ReadHealth, said
from tasks.omnitron.integration import OmnitronIntegration


async def read_health(hub: OmnitronIntegration) -> ChannelHealth:
    """How the channel stands, by the ages and deadlines that the flows go by."""
    older_than = hub.runtime.settings.CHANNEL_APP_OLDER_THAN
    return await hub.do_action(ReadHealth, older_than=older_than, deadline=DEADLINE)


@flow(name="report health", flow_run_name=run_name, persist_result=False)
async def report_health() -> RunSummary:
    """Says how much is due, under way and failed, which batches are open, and what to do where something stands still.
    It changes nothing."""

    async def work(run: Run) -> None:
        hub = await run.open_hub(create_batch=False)
        health = await read_health(hub)
        for content in health.contents:
            run.counts["due"] += (content.inserts or 0) + (content.updates or 0) + (content.deletions or 0)
            run.counts["processing"] += content.processing
            run.counts["failed"] += content.failed
        for group in health.failures:
            run.failures[group.reason] += group.count
        run.counts["open batches"] += sum(group.count for group in health.batches)
        run.counts["out of attempts"] += health.abandoned_total
        run.tables += tables(health)
        for line in health.advice:
            hub.logger().warning("%s", line)

    return await run_flow("report health", work)


def tables(health: ChannelHealth) -> list[Table]:
    """The report as tables: what to do, what is due, what is open, what failed, what is out of attempts, what was assumed."""
    advice = Table("what to do")
    for line in health.advice or ("Nothing stands still.",):
        advice.add(line)
    contents = Table("", "due: new", "due: changed", "due: to delete", "processing", "failed")
    for content in health.contents:
        due = (content.inserts, content.updates, content.deletions)
        counts = ["" if number is None else str(number) for number in due]
        contents.add(content.name, *counts, str(content.processing), str(content.failed))
    batches = Table("open batches", "of", "status", "oldest", "stands for")
    for group in health.batches:
        oldest = group.oldest + (f" (there: {group.oldest_remote_id})" if group.oldest_remote_id else "")
        batches.add(str(group.count), group.content_type or "-", group.status, oldest, said(group.oldest_age))
    failures = Table("failed", "of", "who could not", "the newest of them")
    for failure in health.failures:
        failures.add(str(failure.count), failure.content_type, failure.reason, failure.newest or "")
    abandoned = Table("out of attempts", "key", "product", "last try")
    for row in health.abandoned:
        abandoned.add(
            row.content_type,
            str(row.pk),
            row.name or "gone from Omnitron: nothing to do",
            f"{row.last_try:%Y-%m-%d %H:%M} UTC",
        )
    abandoned.total = health.abandoned_total
    remarks = Table("what this rests on")
    for line in health.remarks:
        remarks.add(line)
    return [advice, contents, batches, failures, abandoned, remarks]
