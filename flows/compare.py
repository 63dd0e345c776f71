"""Prices and stocks as Omnitron has them, against what the channel lists. Nothing is changed anywhere."""

from typing import Any

from prefect import flow

from dto.summary import RunSummary
from flows.artifact import Table
from flows.naming import run_name
from flows.parameters import IsSuccessLog
from flows.run import Run, run_flow
from tasks.channel.command import FetchCommand
from tasks.channel.integration import load_channel
from tasks.channel.prices import GetListedPrices
from tasks.channel.stocks import GetListedStocks
from tasks.omnitron.comparison import Compare, ComparePrices, CompareStocks, Verdict

COUNTED: dict[Verdict, str] = {
    Verdict.same: "same",
    Verdict.different: "different",
    Verdict.missing: "missing",
    Verdict.unknown: "unknown",
}
LOGGED = 20
"""Differences that the log names; the artifact shows a hundred."""


@flow(name="compare prices", flow_run_name=run_name, persist_result=False)
async def compare_prices(is_success_log: IsSuccessLog = True) -> RunSummary:
    """Says where the channel sells at another price than Omnitron's, lacks one, or has one that Omnitron does not know.
    It changes nothing."""
    return await _compare("compare prices", GetListedPrices, ComparePrices, is_success_log=is_success_log)


@flow(name="compare stocks", flow_run_name=run_name, persist_result=False)
async def compare_stocks(is_success_log: IsSuccessLog = True) -> RunSummary:
    """Says where the channel has another number of pieces than Omnitron, lacks one, or has one that Omnitron does not
    know. It changes nothing."""
    return await _compare("compare stocks", GetListedStocks, CompareStocks, is_success_log=is_success_log)


async def _compare(
    title: str, fetch: type[FetchCommand[None, Any]], compare: type[Compare[Any]], *, is_success_log: bool
) -> RunSummary:
    async def work(run: Run) -> None:
        run.require(load_channel(run.runtime), fetch)
        hub = await run.open_hub(create_batch=False)
        channel = await run.open_channel(hub)
        listed = await channel.do_action(fetch)
        await hub.tell([line for line in listed.reports if is_success_log or not line.is_ok])
        comparison = await hub.do_action(compare, objects=listed.items)
        run.counts.update({name: comparison.counts[verdict] for verdict, name in COUNTED.items()})
        run.counts["unreadable"] += len(listed.unreadable)
        table = Table("sku", "in Omnitron", "on the channel", "what")
        for difference in comparison.differences:
            table.add(*difference)
        table.total = sum(number for verdict, number in comparison.counts.items() if verdict is not Verdict.same)
        run.tables.append(table)
        for sku, in_omnitron, on_channel, verdict in comparison.differences[:LOGGED]:
            run.log.warning(
                "%s is %s: %s in Omnitron, %s there", sku, verdict, in_omnitron or "nothing", on_channel or "nothing"
            )
        for odd in listed.unreadable:
            run.log.warning("%s could not be understood on the channel: %s", odd.name, odd.why)

    return await run_flow(title, work)
