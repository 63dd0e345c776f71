"""How does the channel stand? Printed as tables, or as JSON."""

from rich.console import Console
from rich.table import Table as Drawn
from rich.text import Text

from clients import runtime as runtimes
from dto.health import ChannelHealth
from flows.artifact import Table
from flows.health import read_health, tables
from tasks.channel.integration import load
from tasks.omnitron.integration import OmnitronIntegration


async def read_status() -> ChannelHealth:
    """How the channel stands.

    Raises:
        ChannelAppError: Omnitron could not be read.
    """
    runtime = runtimes.current()
    kind = load("OMNITRON_MODULE", runtime.settings.OMNITRON_MODULE, "OmnitronIntegration", OmnitronIntegration)
    with runtimes.using(runtime):
        async with kind(create_batch=False, read_channel=False, runtime=runtime) as hub:
            return await read_health(hub)


def show_status(health: ChannelHealth) -> None:
    """Prints it for people: first what to do."""
    console = Console()
    state = "" if health.is_active else ", SWITCHED OFF"
    console.print(
        f"Channel {health.channel} `{health.name}`{state}, at {health.moment:%Y-%m-%d %H:%M:%S} UTC", markup=False
    )
    advice, contents, batches, failures, abandoned, remarks = tables(health)
    lines(console, advice)
    for table in (contents, batches, failures, abandoned):
        draw(console, table)
    lines(console, remarks)


def lines(console: Console, table: Table) -> None:
    """A table of one column, as a list."""
    for (text,) in table.rows:
        console.print(f"  - {text}", markup=False, highlight=False)


def draw(console: Console, table: Table) -> None:
    """A table with its rows, if it has any, and those of its columns in which something stands."""
    if not table.rows:
        return
    kept = table.filled()
    drawn = Drawn()
    for number in kept:
        drawn.add_column(table.columns[number], overflow="fold")  # an id that is cut is none
    for row in table.rows:
        drawn.add_row(*(Text(str(row[number])) for number in kept))  # what others wrote is no markup
    console.print(drawn)
