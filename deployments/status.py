"""`channel-app status`: the state of the channel, as tables or as JSON."""

from rich.console import Console
from rich.table import Table as Drawn
from rich.text import Text

from clients import runtime as runtimes
from clients.errors import ChannelAppError
from clients.redaction import visible_line
from deployments.standing_holds import read_standing_holds
from dto.health import ChannelHealth
from flows.artifact import Table
from flows.health import read_health, tables, with_holds
from flows.holding import describe
from tasks.omnitron.integration import load_hub


async def read_status() -> ChannelHealth:
    """The state of the channel.

    Raises:
        ChannelAppError: Omnitron could not be read; the message names the holds, too.
    """
    runtime = runtimes.current()
    holds, note = await read_standing_holds(runtime.settings.OMNITRON_CHANNEL_ID)
    try:
        with runtimes.using(runtime):
            async with load_hub(runtime)(create_batch=False, read_channel=False, runtime=runtime) as hub:
                return with_holds(await read_health(hub), holds, note)
    except ChannelAppError as error:
        words = [error.message, *(describe(name, hold) for name, hold in holds.items())]
        raise type(error)("\n".join(words), **error.context) from error


def show_status(health: ChannelHealth) -> None:
    """Prints it for people, the next steps first."""
    console = Console()
    state = "" if health.is_active else ", SWITCHED OFF"
    line(console, f"Channel {health.channel} `{health.name}`{state}, at {health.moment:%Y-%m-%d %H:%M:%S} UTC")
    advice, *counts, remarks = tables(health)
    lines(console, advice)
    for table in counts:
        draw(console, table)
    lines(console, remarks)


def line(console: Console, text: str, style: str | None = None) -> None:
    """Prints a text in which strangers may have written: as one paragraph, without markup and control characters."""
    console.print(Text(visible_line(text), style or ""))


def lines(console: Console, table: Table) -> None:
    """Prints a table of one column as a list."""
    for (text,) in table.rows:
        line(console, f"  - {text}")


def draw(console: Console, table: Table) -> None:
    """Prints a table, without its empty columns; an empty table is left out."""
    if not table.rows:
        return
    kept = table.filled()
    drawn = Drawn()
    for number in kept:
        drawn.add_column(table.columns[number], overflow="fold")  # a shortened id would be useless
    for row in table.rows:
        drawn.add_row(*(Text(visible_line(str(row[number]))) for number in kept))
    console.print(drawn)
