"""The command `channel-app run FLOW --dry-run`: what a flow would send, without sending it."""

import asyncio
import json
import logging
from dataclasses import asdict, replace
from typing import Any

import typer

from clients import runtime as runtimes
from clients.errors import ChannelAppError
from clients.rehearsal import Rehearsal, Rehearsed
from deployments.console import FAILED, end, say, say_json, without_tracebacks
from flows.registry import FLOWS

NAMED = 10
"""Failing objects that are named; the others are counted."""


def show_dry_run(flow: str, parameters: dict[str, Any], *, as_json: bool) -> None:
    """Shows what the flow would send now; exits with FAILED if it could not be found out."""
    without_tracebacks()
    logging.getLogger("channel_app").setLevel(logging.WARNING)  # the run's own lines speak of what it did
    rehearsal = Rehearsal()
    try:
        with runtimes.using(replace(runtimes.current(), rehearsal=rehearsal)):
            summary = asyncio.run(FLOWS[flow].fn(**parameters))
    except ChannelAppError as error:
        end(f"The dry run of {flow} failed. {error.message}", FAILED)
    if as_json:
        say_json({"flow": flow, "reason": summary.reason, "sendings": [asdict(each) for each in rehearsal.sendings]})
        return
    for sending in rehearsal.sendings:
        _show(sending)
    if summary.reason is not None:
        say(summary.reason, typer.colors.YELLOW)
    elif not rehearsal.sendings:
        say(f"{flow} sends nothing to the channel that a dry run could show.", typer.colors.YELLOW)
    say("This was a dry run: nothing was changed in Omnitron, and nothing was sent.", typer.colors.GREEN)


def _show(sending: Rehearsed) -> None:
    if not sending.due:
        say(f"{sending.title}: nothing is due.")
        return
    say(f"{sending.title}: {sending.due:,} due. Of the next batch, {sending.ready:,} would be sent.")
    if sending.waiting:
        say(f"{sending.waiting:,} wait for their products, or for a batch that holds their price or stock.")
    for failing in sending.failing[:NAMED]:
        say(f"{failing.name} would fail ({failing.code}): {failing.message}", typer.colors.RED, mark="✗")
    if len(sending.failing) > NAMED:
        say(f"... and {len(sending.failing) - NAMED:,} more would fail.")
    for text in sending.lines:
        objects = "object" if sending.shown == 1 else f"{sending.shown} objects"
        say(f"\nThe request for the first {objects}:\n\n{_indented(text)}\n")


def _indented(text: str) -> str:
    """A body of JSON over several lines."""
    head, empty, body = text.partition("\n\n")
    try:
        return f"{head}{empty}{json.dumps(json.loads(body or head), indent=2, ensure_ascii=False)}" if empty else text
    except ValueError:
        return text
