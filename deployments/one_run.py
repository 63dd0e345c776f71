"""One run of one flow from the command line: its parameters, its summary, its exit code."""

import asyncio
import json
import resource
import sys
from typing import Any

import typer

from clients.errors import ChannelAppError
from clients.settings import Settings
from deployments.console import BAD_USAGE, FAILED, end, say, say_json, without_tracebacks
from deployments.local_server import prefect_for_runs
from deployments.reach_prefect import in_one_sentence
from dto.summary import RunOutcome, RunSummary
from flows.registry import FLOWS
from flows.run import RunFailedError


def checked_parameters(flow: str, pairs: list[str]) -> dict[str, Any]:
    """The parameters of a flow, from `name=value` pairs; exits with BAD_USAGE if the flow cannot take them."""
    without_tracebacks()
    if flow not in FLOWS:
        end(f"There is no flow `{flow}`. There are: {', '.join(FLOWS)}.", BAD_USAGE)
    parameters = parse_parameters(pairs)
    known = set(FLOWS[flow].parameters.properties)
    if unknown := sorted(parameters.keys() - known):
        end(f"{flow} has no parameter {', '.join(unknown)}. It has: {', '.join(sorted(known))}.", BAD_USAGE)
    try:
        FLOWS[flow].validate_parameters(parameters)
    except Exception as error:  # Prefect has no common class for this
        end(f"{flow} cannot take these parameters: {error}", BAD_USAGE)
    return parameters


def parse_parameters(pairs: list[str]) -> dict[str, Any]:
    """`name=value` pairs; a value that is JSON (numbers, true, null, lists) is read as JSON."""
    parameters: dict[str, Any] = {}
    for pair in pairs:
        name, equals, text = pair.partition("=")
        if not equals or not name:
            end(f"`{pair}` is not name=value. Example: --param batch_size=100", BAD_USAGE)
        try:
            parameters[name] = json.loads(text)
        except ValueError:
            parameters[name] = text
    return parameters


def run_once(flow: str, parameters: dict[str, Any], *, as_json: bool) -> None:
    """Runs a flow and prints its summary; exits with FAILED if the run failed."""
    without_tracebacks()
    failure: str | None = None
    try:
        Settings.load()
        summary = asyncio.run(_run(flow, parameters))
    except RunFailedError as error:
        summary, failure = error.summary, error.message
    except ChannelAppError as error:
        failure = error.message
        summary = RunSummary(flow=flow.replace("_", " "), outcome=RunOutcome.failed, reason=failure)
    if as_json:
        # Linux counts kilobytes here, macOS bytes.
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024 if sys.platform != "darwin" else 1024**2)
        say_json({**summary.model_dump(mode="json"), "peak_memory_mb": round(peak, 1)})
    elif failure is None:
        say(f"{summary.flow}: {summary.reason or summary.sentence}", typer.colors.GREEN)
    if not as_json:
        _say_failed(summary)
    if failure is not None:
        end(f"{summary.flow} failed. {failure}", FAILED)


def _say_failed(summary: RunSummary) -> None:
    """Prints the first failed objects with their reasons."""
    for failed in summary.failed_objects:
        say(f"  - {failed}")
    more = summary.counts.get("failed", 0) - len(summary.failed_objects)
    if summary.failed_objects and more > 0:
        say(f"  - and {more} more: `channel-app failures` lists those that Omnitron has recorded.")


async def _run(flow: str, parameters: dict[str, Any]) -> RunSummary:
    async with prefect_for_runs():
        with in_one_sentence():  # it may be gone by now, or answer its first question only
            summary: RunSummary = await FLOWS[flow](**parameters)
            return summary
