"""A report on the state of the channel. It changes nothing."""

from collections.abc import Mapping

from prefect import flow

from clients.errors import ConfigError
from dto.enums import ContentType
from dto.health import ChannelHealth
from dto.holds import Hold
from dto.summary import RunSummary
from flows.artifact import Table
from flows.holding import describe
from flows.naming import run_name
from flows.run import Run, run_flow
from tasks.ages import format_age
from tasks.channel.checking import CheckCommand
from tasks.channel.integration import load_channel
from tasks.omnitron.integration import OmnitronIntegration
from tasks.omnitron.kinds import KINDS, noun_of
from tasks.omnitron.overview.health import ReadHealth


async def read_health(hub: OmnitronIntegration) -> ChannelHealth:
    """The state of the channel, by the ages and deadlines of the flows."""
    older_than = hub.runtime.settings.CHANNEL_APP_OLDER_THAN
    return await hub.do_action(ReadHealth, older_than=older_than, deadlines=_deadlines(hub))


def _deadlines(hub: OmnitronIntegration) -> dict[ContentType, float]:
    """Seconds that the channel has for a batch of each type, as the connector says."""
    try:
        actions = load_channel(hub.runtime).actions
    except ConfigError:  # the other runs say so; the state of the channel can be read all the same
        return {}
    own = {content_type: kind.check and actions.get(kind.check.key) for content_type, kind in KINDS.items()}
    return {
        content_type: check.give_up_after
        for content_type, check in own.items()
        if check is not None and issubclass(check, CheckCommand)
    }


@flow(name="report health", flow_run_name=run_name, persist_result=False)
async def report_health() -> RunSummary:
    """Reports the objects that are due, in work and failed, the open batches, and the next step where something stands still.
    It changes nothing."""

    async def work(run: Run) -> None:
        hub = await run.open_hub()
        health = with_holds(await read_health(hub), await run.holding.standing())
        for content in health.contents:
            run.counts["due"] += (content.inserts or 0) + (content.updates or 0) + (content.deletions or 0)
            run.counts["waiting for a product"] += content.waiting or 0
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


def with_holds(health: ChannelHealth, holds: Mapping[str, Hold], note: str | None = None) -> ChannelHealth:
    """The report with the holds of the channel, each among the next steps; or with the reason why they are unknown."""
    steps = [describe(name, hold) for name, hold in holds.items()]
    return health.model_copy(
        update={
            "holds": dict(holds),
            "advice": (*health.advice, *steps),
            "remarks": (*health.remarks, *([note] if note else [])),
        }
    )


def tables(health: ChannelHealth) -> list[Table]:
    """The report as tables: next steps, objects out of attempts, due objects, open batches, failures, assumptions."""
    advice = Table("what to do")
    for line in health.advice or ("Nothing stands still.",):
        advice.add(line)
    contents = Table("", "due: new", "due: changed", "due: to delete", "wait for a product", "processing", "failed")
    for content in health.contents:
        due = (content.inserts, content.updates, content.deletions)
        counts = ["" if number is None else str(number) for number in due]
        waiting = str(content.waiting) if content.waiting else ""
        contents.add(content.name, *counts, waiting, str(content.processing), str(content.failed))
    batches = Table("open batches", "of", "status", "oldest", "stands for")
    for group in health.batches:
        oldest = group.oldest + (f" (there: {group.oldest_remote_id})" if group.oldest_remote_id else "")
        of = noun_of(group.content_type) if group.content_type else "-"
        batches.add(str(group.count), of, group.status, oldest, format_age(group.oldest_age))
    failures = Table("failed", "of", "failed at", "the newest of them")
    for failure in health.failures:
        failures.add(str(failure.count), noun_of(failure.content_type), failure.reason, failure.newest or "")
    abandoned = Table("out of attempts", "key", "product", "last try")
    for row in health.abandoned:
        abandoned.add(
            noun_of(row.content_type),
            str(row.pk),
            row.name or "gone from Omnitron: nothing to do",
            f"{row.last_try:%Y-%m-%d %H:%M} UTC",
        )
    abandoned.total = health.abandoned_total
    remarks = Table("what this rests on")
    for line in health.remarks:
        remarks.add(line)
    return [advice, abandoned, contents, batches, failures, remarks]
