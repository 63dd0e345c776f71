"""`channel-app explain`: why a product is on sale or not, in one sentence, and the records behind the answer."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from rich.console import Console

from clients import runtime as runtimes
from deployments.drawing import draw, line
from deployments.standing_holds import read_standing_holds
from dto.batch_states import OPEN_LOCALLY, OPEN_REMOTELY
from dto.enums import GOODS, ListingState
from dto.explanation import Explanation, ObjectStanding
from dto.listing import ListedPriceDto, ListedProductDto, ListedStockDto
from flows.artifact import Table
from flows.holding import OF_HUB, describe
from tasks.ages import format_age
from tasks.batch import short
from tasks.channel.fetching import FetchAll
from tasks.channel.integration import load_channel
from tasks.channel.prices import GetListedPrices
from tasks.channel.products import GetListing
from tasks.channel.stocks import GetListedStocks
from tasks.omnitron.integration import OmnitronIntegration, load_hub
from tasks.omnitron.kinds import KINDS, noun_of
from tasks.omnitron.overview.explanation import ExplainProduct
from tasks.sanitizing import sanitized

Listed = Sequence[ListedProductDto | ListedPriceDto | ListedStockDto]


async def explain_product(sku: str | None, pk: int | None, *, ask_channel: bool = True) -> Explanation:
    """The explanation of a product, by its `sku` or by Omnitron's key.

    With `ask_channel`, the channel's whole list is read too, if the connector can do that.

    Raises:
        ChannelAppError: Omnitron could not be read. A failure of the channel becomes a note.
    """
    runtime = runtimes.current()
    with runtimes.using(runtime):
        async with load_hub(runtime)(create_batch=False, read_channel=False, runtime=runtime) as hub:
            listed, note = await _listed(hub) if ask_channel else (None, "It was not asked.")
            holds, holds_note = await read_standing_holds(runtime.settings.OMNITRON_CHANNEL_ID)
            explanation: Explanation = await hub.do_action(
                ExplainProduct,
                objects=listed,
                sku=sku,
                pk=pk,
                older_than=runtime.settings.CHANNEL_APP_OLDER_THAN,
                channel_note=note,
            )
            concerned = {name: hold for name, hold in holds.items() if _is_about_goods(name)}
            return explanation.model_copy(update={"holds": concerned, "holds_note": holds_note})


def _is_about_goods(hold: str) -> bool:
    """Whether a hold may keep a product back: that of all flows, or of one that sends or verifies products and their offers."""
    return any(word in hold for word in (OF_HUB, "verify", *(KINDS[kind].noun for kind in GOODS)))


async def _listed(hub: OmnitronIntegration) -> tuple[Listed | None, str | None]:
    """The channel's listings; or None, and the reason."""
    row = await hub.client.channel.get()
    if not row.is_active:
        return None, "It was not asked: the channel is switched off."
    try:
        connector = load_channel(hub.runtime)
        known: tuple[type[FetchAll[Any, Any]], ...] = (GetListing, GetListedPrices, GetListedStocks)
        fetches = [fetch for fetch in known if connector.can(fetch)]
        if not fetches:
            keys = ", ".join(fetch.key for fetch in known)
            return None, f"The connector `{connector.name}` cannot list: it has no {keys}."
        async with connector(row, hub.runtime) as channel:
            return [item for fetch in fetches for item in (await channel.do_action(fetch)).items], None
    except Exception as problem:  # a failure of the channel must not hide Omnitron's record
        return None, f"It could not be asked: {sanitized(problem, hub.runtime.redactor).message}"


def show_explanation(explanation: Explanation) -> None:
    """Prints it for people, the answer first."""
    console = Console()
    line(console, explanation.sentence, "bold")
    for name, hold in explanation.holds.items():
        line(console, describe(name, hold))
    standings = Table(
        "object",
        "key",
        "record",
        "remote id",
        "recorded version",
        "current version",
        "due list",
        "waits for",
        "next try",
    )
    reasons = Table("object", "time", "reason")
    for row in explanation.objects:
        standings.add(*_cells(row, explanation.moment))
        for reason in row.reasons:
            reasons.add(noun_of(row.content_type), _moment(reason.moment), reason.text)
    draw(console, standings)
    draw(console, reasons)
    if explanation.are_reports_readable is False:
        line(console, "The reason is unknown here: this Omnitron does not allow its reports to be read.")
    if (batch := explanation.batch) is not None:
        remote = f", remote id {batch.remote_batch_id}" if batch.remote_batch_id else ""
        is_open = batch.status in (*OPEN_LOCALLY, *OPEN_REMOTELY)
        age = "" if batch.age is None else format_age(batch.age)
        since = age and (f", for {age}" if is_open else f", {age} ago")
        status = batch.status or "not among the batches that were read"
        line(console, f"Last batch: {batch.local_batch_id} ({status}{remote}){since}")
    line(console, f"The channel: {_listing(explanation)}")
    if explanation.holds_note is not None:
        line(console, explanation.holds_note)


def _listing(explanation: Explanation) -> str:
    listed = explanation.listed
    if listed is None:
        return explanation.channel_note or "It does not list this product."
    words = f" ({listed.message})" if listed.message else ""
    state = "" if listed.state in (None, ListingState.live) and not words else f", {listed.state}{words}"
    price = "" if listed.price is None else f", price {listed.price:f} {listed.currency or ''}".rstrip()
    stock = "" if listed.stock is None else f", stock {listed.stock}"
    return f"It lists this product as {listed.remote_id or 'one without an id'}{state}{price}{stock}."


def _cells(row: ObjectStanding, now: datetime) -> tuple[str, ...]:
    name = noun_of(row.content_type) + (f" (list {row.list_number})" if row.list_number else "")
    if row.modified_date is None:
        current = "gone"
    elif row.version_date == row.modified_date:
        current = "the same"
    else:
        current = _moment(row.modified_date)
    return (
        name,
        str(row.pk),
        (row.status or "-") + (f" ({row.failed_reason_type})" if row.failed_reason_type else ""),
        row.remote_id or "",
        _moment(row.version_date),
        current,
        row.due or "",
        f"batch {short(row.waits_for)}" if row.waits_for else "",
        "not any more" if row.next_try and row.next_try < now and not row.due else _moment(row.next_try),
    )


def _moment(moment: datetime | None) -> str:
    return "" if moment is None else f"{moment:%Y-%m-%d %H:%M}"
