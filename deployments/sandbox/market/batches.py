"""The local marketplace's batches: when their results are ready, and the forms in which results are told."""

import csv
import gzip
import io
from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import orjson

from deployments.sandbox.market.settings import FileForm, MarketSettings, Tells

Row = dict[str, Any]


@dataclass(slots=True)
class Batch:
    """The results of an accepted request, how they are told, and how often they were asked for."""

    results: list[Row]
    tells: Tells
    accepted_at: float
    polls: int = 0

    def ready(self, settings: MarketSettings, now: float) -> tuple[list[Row], bool]:
        """The results that are ready, and whether they are all."""
        progress = min(1.0, self.polls / (settings.polls_until_ready + 1))
        if settings.ready_after_seconds:
            progress = min(progress, (now - self.accepted_at) / settings.ready_after_seconds)
        if progress >= 1:
            return self.results, True
        return (self.results[: int(len(self.results) * progress)] if settings.gives_parts else []), False


def told(tells: Tells, results: Sequence[Row]) -> Row:
    """The results of goods, in the form of the marketplace."""
    match tells:
        case "all":
            return {"results": list(results)}
        case "failures":
            return {"failures": [row for row in results if _is_refused(row)]}
        case "lines":
            lines = [{"line": n, "message": row["message"]} for n, row in enumerate(results, 1) if _is_refused(row)]
            return {"failures": lines}
        case "statuses":
            return {"results": [{**row, "status": _status_of(row)} for row in results]}
        case "process":
            return {"result": results[0] if results else None}


def as_file(form: FileForm, rows: Sequence[Row], *, is_zipped: bool) -> tuple[bytes, str]:
    """The results as a file, and its media type."""
    if form == "jsonl":
        content, media_type = b"".join(orjson.dumps(row) + b"\n" for row in rows), "application/jsonl"
    else:
        text = io.StringIO()
        fields = dict.fromkeys(name for row in rows for name in row)
        writer = csv.DictWriter(text, fieldnames=list(fields), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        content, media_type = text.getvalue().encode(), "text/csv"
    return (gzip.compress(content, mtime=0), "application/gzip") if is_zipped else (content, media_type)


def _is_refused(row: Row) -> bool:
    return bool(row["status"] == "FAIL")


def _status_of(row: Row) -> int:
    return (HTTPStatus.UNPROCESSABLE_ENTITY if _is_refused(row) else HTTPStatus.OK).value
