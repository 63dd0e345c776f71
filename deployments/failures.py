"""`channel-app failures`: the failed objects with their reasons, as a list or as a CSV file."""

import csv
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

from clients import runtime as runtimes
from clients.redaction import visible_line
from deployments.drawing import line
from deployments.type_names import CONTENT_TYPES, ObjectName
from dto.failures import FailureList, FailureRecord
from tasks.omnitron.integration import load_hub
from tasks.omnitron.kinds import kind_of, noun_of
from tasks.omnitron.overview.failures import ListFailures

SHOWN = 100
"""Failures that are printed; a file has all."""
COLUMNS = ("object", "type", "key", "reason", "code", "message", "failed at", "next try", "due")
_FORMULA = ("=", "+", "-", "@")
"""Beginnings of a cell that a spreadsheet takes for a formula, and runs. A control character is written as its number."""


async def read_failures(
    names: Sequence[ObjectName], reason: str | None = None, since: datetime | None = None
) -> FailureList:
    """The failed objects: of the named types, for one reason, and since a moment in UTC.

    Raises:
        ChannelAppError: Omnitron could not be read.
    """
    runtime = runtimes.current()
    kinds = [CONTENT_TYPES[name] for name in dict.fromkeys(names)] or None
    moment = since.replace(tzinfo=UTC) if since else None
    with runtimes.using(runtime):
        async with load_hub(runtime)(create_batch=False, read_channel=False, runtime=runtime) as hub:
            return await hub.do_action(ListFailures, kinds=kinds, reason=reason, since=moment)


def show_failures(found: FailureList) -> None:
    """Prints them for people: the newest, three lines each."""
    console = Console()
    line(console, _headline(found), "bold")
    for failure in found.failures[:SHOWN]:
        who = f" ({failure.reason})" if failure.code else ""
        line(console, f"{failure.name}  {noun_of(failure.content_type)}  {failure.code or failure.reason}{who}")
        line(console, f"    failed {_moment(failure.failed_at)}; {_next(failure, found.moment)}")
        if failure.message:
            line(console, f"    {failure.message}")
    more = len(found.failures) - SHOWN
    if more > 0:
        line(console, f"and {more} more: --csv FILE writes all; --type, --reason and --since narrow them down.")
    for remark in found.remarks:
        line(console, f"  - {remark}")


def _headline(found: FailureList) -> str:
    if not found.total:
        return "No such object has failed."
    if not found.failures:
        return f"{found.total} objects have failed, and not one of them is of that kind."
    counts = Counter(failure.content_type for failure in found.failures)
    return f"Failed: {', '.join(_counted(number, content_type) for content_type, number in counts.most_common())}."


def _counted(number: int, content_type: str) -> str:
    """The number of objects of a type, in words."""
    kind = kind_of(content_type)
    if kind is None:
        return f"{number} of type {content_type}"
    return f"{number:,} {kind.noun if number == 1 else kind.plural}"


def _moment(moment: datetime | None) -> str:
    return "at an unknown time" if moment is None else f"{moment:%Y-%m-%d %H:%M} UTC"


def _next(failure: FailureRecord, now: datetime) -> str:
    if failure.is_due:
        return "due now"
    if failure.next_try is None:
        return "the next try is unknown"
    if failure.next_try > now:
        return f"next try not before {_moment(failure.next_try)}"
    if failure.is_due is None:
        return "due now, or out of attempts"
    return "out of attempts: correct it, then `channel-app resend`"


def write_csv(found: FailureList, file: Path) -> None:
    """Writes all of them into a file that spreadsheets open, and run nothing of.

    Raises:
        OSError: the file cannot be written.
    """
    with file.open("w", newline="", encoding="utf-8-sig") as opened:
        writer = csv.writer(opened)
        writer.writerow(COLUMNS)
        writer.writerows(map(_cell, row) for row in _rows(found))


def _rows(found: FailureList) -> Iterator[tuple[str, ...]]:
    for failure in found.failures:
        yield (
            failure.name,
            noun_of(failure.content_type),
            str(failure.pk),
            failure.reason,
            failure.code or "",
            failure.message or "",
            failure.failed_at.isoformat() if failure.failed_at else "",
            failure.next_try.isoformat() if failure.next_try else "",
            {True: "yes", False: "no", None: ""}[failure.is_due],
        )


def _cell(text: str) -> str:
    """A text that no spreadsheet takes for a formula: an apostrophe in front of it says that it is text."""
    shown = visible_line(text)
    return f"'{shown}" if shown.lstrip().startswith(_FORMULA) else shown
