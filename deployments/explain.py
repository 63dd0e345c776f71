"""Why is a product on sale, or not? The answer in one sentence, then what it rests on."""

from collections.abc import Sequence
from datetime import datetime

from rich.console import Console

from clients import runtime as runtimes
from clients.errors import ChannelAppError
from deployments.status import draw
from dto.batch_states import OPEN_LOCALLY, OPEN_REMOTELY
from dto.explanation import Explanation, ObjectStanding
from dto.listing import ListedPriceDto, ListedStockDto
from flows.artifact import Table
from tasks.channel.integration import load, load_channel
from tasks.channel.prices import GetListedPrices
from tasks.channel.stocks import GetListedStocks
from tasks.omnitron.explanation import ExplainProduct
from tasks.omnitron.health import said
from tasks.omnitron.integration import OmnitronIntegration
from tasks.unforeseen import unforeseen

Listed = Sequence[ListedPriceDto | ListedStockDto]


async def explain_product(sku: str | None, pk: int | None, *, ask_channel: bool = True) -> Explanation:
    """Where a product stands, by its `sku` or by Omnitron's key of it.

    With `ask_channel`, what the channel lists is read too, where the connector can: the whole list.

    Raises:
        ChannelAppError: Omnitron could not be read. What the channel does not answer is a note.
    """
    runtime = runtimes.current()
    kind = load("OMNITRON_MODULE", runtime.settings.OMNITRON_MODULE, "OmnitronIntegration", OmnitronIntegration)
    with runtimes.using(runtime):
        async with kind(create_batch=False, read_channel=False, runtime=runtime) as hub:
            listed, note = await _listed(hub) if ask_channel else (None, "It was not asked.")
            explanation: Explanation = await hub.do_action(
                ExplainProduct,
                objects=listed,
                sku=sku,
                pk=pk,
                older_than=runtime.settings.CHANNEL_APP_OLDER_THAN,
                channel_note=note,
            )
            return explanation


async def _listed(hub: OmnitronIntegration) -> tuple[Listed | None, str | None]:
    """What the channel lists; or none, and why."""
    row = await hub.client.channel()
    if not row.is_active:
        return None, "It was not asked: the channel is switched off."
    try:
        connector = load_channel(hub.runtime)
        fetches = [fetch for fetch in (GetListedPrices, GetListedStocks) if connector.can(fetch)]
        if not fetches:
            return None, f"The connector `{connector.name}` has neither get_listed_prices nor get_listed_stocks."
        async with connector(row, hub.runtime) as channel:
            return [item for fetch in fetches for item in (await channel.do_action(fetch)).items], None
    except Exception as problem:  # whatever befalls the channel, what Omnitron knows is told
        error = problem if isinstance(problem, ChannelAppError) else unforeseen(problem, hub.runtime.redactor)
        return None, f"It could not be asked: {error.message}"


def show_explanation(explanation: Explanation) -> None:
    """Prints it for people: first the answer."""
    console = Console()
    console.print(explanation.sentence, style="bold", markup=False, highlight=False)
    standings = Table("", "key", "record", "there as", "its version", "version now", "due now", "next try")
    reasons = Table("of", "when", "why it failed")
    for row in explanation.objects:
        standings.add(*_cells(row, explanation.moment))
        for reason in row.reasons:
            reasons.add(row.content_type, _moment(reason.moment), reason.text)
    draw(console, standings)
    draw(console, reasons)
    if explanation.are_reports_readable is False:
        console.print("Why it failed is unknown here: this Omnitron does not let its reports be read.")
    if (batch := explanation.batch) is not None:
        there = f", there {batch.remote_batch_id}" if batch.remote_batch_id else ""
        is_open = batch.status in (*OPEN_LOCALLY, *OPEN_REMOTELY)
        age = "" if batch.age is None else f", for {said(batch.age)}" if is_open else f", {said(batch.age)} ago"
        status = batch.status or "not among those that were read"
        console.print(f"Last batch: {batch.local_batch_id} ({status}{there}){age}", markup=False, highlight=False)
    console.print(f"The channel: {_listing(explanation)}", markup=False, highlight=False)


def _listing(explanation: Explanation) -> str:
    listed = explanation.listed
    if listed is None:
        return explanation.channel_note or "It does not list this product."
    price = "" if listed.price is None else f", price {listed.price:f} {listed.currency or ''}".rstrip()
    stock = "" if listed.stock is None else f", stock {listed.stock}"
    return f"It lists this product as {listed.remote_id or 'one without an id'}{price}{stock}."


def _cells(row: ObjectStanding, now: datetime) -> tuple[str, ...]:
    name = row.content_type + (f" (list {row.list_number})" if row.list_number else "")
    here = (
        "gone"
        if row.modified_date is None
        else "the same"
        if row.version_date == row.modified_date
        else _moment(row.modified_date)
    )
    record = row.status or "none"
    return (
        name,
        str(row.pk),
        record + (f" ({row.failed_reason_type})" if row.failed_reason_type else ""),
        row.remote_id or "",
        _moment(row.version_date),
        here,
        row.due or "",
        "not any more" if row.next_try and row.next_try < now and not row.due else _moment(row.next_try),
    )


def _moment(moment: datetime | None) -> str:
    return "" if moment is None else f"{moment:%Y-%m-%d %H:%M}"
