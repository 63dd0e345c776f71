"""`channel-app status`: the state of the channel, as tables or as JSON."""

from rich.console import Console

from clients import runtime as runtimes
from clients.errors import ChannelAppError
from deployments.drawing import draw, line, lines
from deployments.standing_holds import read_standing_holds
from dto.health import ChannelHealth
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
