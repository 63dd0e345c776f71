"""Omnitron's products, prices and stocks, compared with the channel's. Nothing is changed."""

from typing import Any

from prefect import flow

from dto.summary import RunSummary
from flows.artifact import Table
from flows.naming import run_name
from flows.parameters import IsSuccessLog
from flows.run import Run, run_flow
from tasks.channel.fetching import FetchCommand
from tasks.channel.integration import load_channel
from tasks.channel.prices import GetListedPrices
from tasks.channel.products import GetListing
from tasks.channel.stocks import GetListedStocks
from tasks.omnitron.catalogue.comparison import Compare, ComparePrices, CompareStocks, ComparisonResult
from tasks.omnitron.catalogue.listing_comparison import CompareListing

COUNTED: dict[ComparisonResult, str] = {
    ComparisonResult.same: "same",
    ComparisonResult.in_review: "in review",
    ComparisonResult.different: "different",
    ComparisonResult.missing: "missing",
    ComparisonResult.rejected: "rejected",
    ComparisonResult.delisted: "delisted",
    ComparisonResult.unknown: "unknown",
}
LOGGED = 20
"""The number of differences in the log; the artifact shows a hundred."""


@flow(name="compare listing", flow_run_name=run_name, persist_result=False)
async def compare_listing(is_success_log: IsSuccessLog = True) -> RunSummary:
    """Lists products that the channel has rejected or delisted since they were sent, or does not know; that were changed there
    by hand; and that Omnitron does not know. It changes nothing."""
    return await _compare("compare listing", GetListing, CompareListing, is_success_log=is_success_log)


@flow(name="compare prices", flow_run_name=run_name, persist_result=False)
async def compare_prices(is_success_log: IsSuccessLog = True) -> RunSummary:
    """Lists prices that differ between Omnitron and the channel, and prices that one side lacks. It changes nothing."""
    return await _compare("compare prices", GetListedPrices, ComparePrices, is_success_log=is_success_log)


@flow(name="compare stocks", flow_run_name=run_name, persist_result=False)
async def compare_stocks(is_success_log: IsSuccessLog = True) -> RunSummary:
    """Lists stocks that differ between Omnitron and the channel, and stocks that one side lacks. It changes nothing."""
    return await _compare("compare stocks", GetListedStocks, CompareStocks, is_success_log=is_success_log)


async def _compare(
    title: str, fetch: type[FetchCommand[None, Any]], compare: type[Compare[Any]], *, is_success_log: bool
) -> RunSummary:
    async def work(run: Run) -> None:
        run.require(load_channel(run.runtime), fetch)
        hub = await run.open_hub()
        channel = await run.open_channel(hub)
        listed = await channel.do_action(fetch)
        await hub.tell([line for line in listed.reports if is_success_log or not line.is_ok])
        comparison = await hub.do_action(compare, objects=listed.items)
        run.counts.update({name: comparison.counts[result] for result, name in COUNTED.items()})
        run.counts["unreadable"] += len(listed.unreadable)
        table = Table("sku", "in Omnitron", "on the channel", "what")
        for difference in comparison.differences:
            table.add(*difference)
        table.total = comparison.differing
        run.tables.append(table)
        for sku, in_omnitron, on_channel, result in comparison.differences[:LOGGED]:
            run.log.warning(
                "%s is %s. In Omnitron: %s. There: %s.", sku, result, in_omnitron or "nothing", on_channel or "nothing"
            )
        for odd in listed.unreadable:
            run.log.warning("%s could not be understood on the channel: %s", odd.name, odd.why)

    return await run_flow(title, work)
