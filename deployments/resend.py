"""`channel-app resend`: has objects sent again that Omnitron knows as sent, or that have failed."""

from collections.abc import Sequence

import typer

from clients import runtime as runtimes
from deployments.console import say
from deployments.type_names import CONTENT_TYPES, GoodsName
from dto.resending import Resent
from tasks.omnitron.catalogue.resending import OfferAgain
from tasks.omnitron.integration import load_hub


async def offer_again(skus: Sequence[str], names: Sequence[GoodsName]) -> list[Resent]:
    """Makes Omnitron offer these products again, or only their objects of the named types.

    Raises:
        ChannelAppError: Omnitron could not be read, or the channel is switched off.
    """
    runtime = runtimes.current()
    kinds = [CONTENT_TYPES[name] for name in names] or None
    with runtimes.using(runtime):
        async with load_hub(runtime)(create_batch=False, runtime=runtime) as hub:
            return await hub.do_action(OfferAgain, objects=list(skus), kinds=kinds)


def show_resent(rows: Sequence[Resent]) -> None:
    """Prints the answer for each object."""
    for row in rows:
        mark, colour = ("✓", typer.colors.GREEN) if row.is_on_its_way else ("✗", typer.colors.RED)
        say(row.sentence, colour, mark=mark)
