"""The commands with which an operator asks about the shop: its state, one product, the failures, and to send objects again."""

import asyncio
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from clients.errors import ChannelAppError
from deployments.console import BAD_USAGE, FAILED, end, say, say_json, without_tracebacks
from deployments.type_names import GoodsName, ObjectName

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object as the last line.")]


def status(as_json: Json = False) -> None:
    """Show the state of the channel: objects due, under way and failed, open batches, and anything that stands still."""
    from deployments.status import read_status, show_status

    try:
        health = asyncio.run(read_status())
    except ChannelAppError as error:
        end(f"The channel's state could not be read. {error.message}", FAILED)
    if as_json:
        say_json(health)
    else:
        show_status(health)


def explain(
    sku: Annotated[str | None, typer.Argument(help="The product's sku.")] = None,
    pk: Annotated[int | None, typer.Option(min=1, help="Omnitron's key of the product, instead of its sku.")] = None,
    channel: Annotated[bool, typer.Option(help="Also read the channel's whole list of products.")] = True,
    as_json: Json = False,
) -> None:
    """Explain why a product is on sale or not. Changes nothing.

    Exit codes: 0 there is an answer, 1 Omnitron could not be read, 2 the call was wrong.
    """
    from deployments.explain import explain_product, show_explanation

    without_tracebacks()
    has_sku, has_pk = bool(sku), pk is not None
    if has_sku == has_pk:
        end("Name one product, by its sku or by Omnitron's key. Example: channel-app explain 1KBATC00001001", BAD_USAGE)
    try:
        explanation = asyncio.run(explain_product(sku or None, pk, ask_channel=channel))
    except ChannelAppError as error:
        end(f"The product could not be looked up. {error.message}", FAILED)
    if as_json:
        say_json(explanation)
    else:
        show_explanation(explanation)


def failures(
    types: Annotated[
        list[ObjectName] | None,
        typer.Option("--type", help="Only objects of this type; repeat the option for several."),
    ] = None,
    reason: Annotated[
        str | None,
        typer.Option(
            help="Only this code, such as Rejected, or this system: mapping, remote (the channel) or channel_app."
        ),
    ] = None,
    since: Annotated[
        datetime | None,
        typer.Option(help="Only failures since this moment in UTC.", formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M"]),
    ] = None,
    file: Annotated[
        Path | None, typer.Option("--csv", dir_okay=False, help="Write all of them into this file, for a spreadsheet.")
    ] = None,
    as_json: Json = False,
) -> None:
    """List the failed objects: why each failed, when, and when it is tried again. Changes nothing.

    Exit codes: 0 there is an answer, 1 Omnitron could not be read or the file not be written, 2 the call was wrong.
    """
    from deployments.failures import read_failures, show_failures, write_csv

    without_tracebacks()
    try:
        found = asyncio.run(read_failures(types or [], reason, since))
        if file is not None:
            write_csv(found, file)
    except ChannelAppError as error:
        end(f"The failures could not be read. {error.message}", FAILED)
    except OSError as error:
        end(f"The failures cannot be written into {file}: {error.strerror}. Name another file.", FAILED)
    if as_json:
        say_json(found)
    elif file is not None:
        say(f"{len(found.failures)} failed objects are in {file}.", typer.colors.GREEN)
    else:
        show_failures(found)


def resend(
    skus: Annotated[list[str], typer.Argument(help="The products' skus.")],
    types: Annotated[
        list[GoodsName] | None,
        typer.Option(
            "--type",
            help="Only objects of this type; repeat the option for several. Without it, all that a product has.",
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Have products, or their prices, stocks and images, sent again, though Omnitron knows them as sent or has given them up.

    It makes Omnitron list them as due, and says which flow takes them up. An object that a batch holds is left alone.

    Exit codes: 0 all of them are due, 1 at least one is not, 2 the call was wrong.
    """
    from deployments.resend import offer_again, show_resent

    without_tracebacks()
    try:
        rows = asyncio.run(offer_again(skus, types or []))
    except ChannelAppError as error:
        end(f"Nothing can be offered again. {error.message}", FAILED)
    if as_json:
        say_json({"objects": [row.model_dump(mode="json") for row in rows]})
    else:
        show_resent(rows)
    if not all(row.is_on_its_way for row in rows):
        raise typer.Exit(FAILED)
