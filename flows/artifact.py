"""The artifact of a run in Prefect's UI: one Markdown document with its summary and its tables.

One artifact, and no table of Prefect's own beside it: its cells are plain text in the new UI, where a batch could then be no
link, and Markdown in the old one, where a channel's message could be a link or load a picture. Markdown looks the same in
both, and words from outside are plain text in it.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from prefect.artifacts import acreate_markdown_artifact

from clients.prefect_api import in_time
from clients.redaction import Redactor
from dto.summary import RunSummary
from tasks.batch import Batch

ROWS_SHOWN = 100
"""Rows of one table."""
SECONDS = 15.0
"""Seconds to write the artifact: a run that has done its work waits no longer."""
CELL = 1_000
"""Characters of one cell, or of one line of the summary."""

# What Markdown gives a meaning anywhere, then at the beginning of a line, then after its number.
_MARKUP = re.compile(r"[\\`*_\[\]<>&|~#$]|^[+=-]|(?<=\d)[.)](?=\s|$)")
# Both UIs make links of bare addresses, escaped or not.
_ADDRESS = re.compile(r"(?<=:)(?=//)|(?<=www)(?=\.)|(?=@)", re.IGNORECASE)
_WORD_JOINER = "\u2060"
_UNSAFE_IN_LINK = re.compile(r"[\s|<>()\\`]")


@dataclass(frozen=True, slots=True)
class Link:
    """A cell with a link; plain text without an address."""

    text: str
    url: str | None

    def __str__(self) -> str:
        return self.text

    @classmethod
    def to(cls, batch: Batch) -> "Link":
        """The batch by its short name, leading to Omnitron's record of it; empty before it exists."""
        return cls(batch.name if batch.pk is not None else "", batch.url)


Cell = str | Link


class Table:
    """A table of a run: its first hundred rows, and the number of the others."""

    def __init__(self, *columns: str, heading: str = "") -> None:
        self.columns = columns
        self.heading = heading
        self.rows: list[tuple[Cell, ...]] = []
        self.total = 0

    def add(self, *row: Cell) -> None:
        """Adds a row."""
        self.total += 1
        if len(self.rows) < ROWS_SHOWN:
            self.rows.append(row)

    def filled(self) -> list[int]:
        """The numbers of the columns that are not empty."""
        return [number for number in range(len(self.columns)) if any(str(row[number]) for row in self.rows)]

    def markdown(self, redactor: Redactor) -> list[str]:
        """Its lines, without empty columns; no line for an empty table."""
        if not self.rows:
            return []
        kept = self.filled()
        lines: list[Sequence[Cell]] = [self.columns, *self.rows]
        cells = [[_cell(line[number], redactor) for number in kept] for line in lines]
        cells.insert(1, ["---"] * len(kept))
        hidden = self.total - len(self.rows)
        return [
            *([f"## {self.heading}", ""] if self.heading else []),
            *("| " + " | ".join(line) + " |" for line in cells),
            *(["", f"and {hidden:,} more"] if hidden else []),
        ]


def document(title: str, text: str, tables: Iterable[Table], redactor: Redactor) -> str:
    """The whole artifact."""
    said = [plain(line, redactor) for line in text.splitlines() if line.strip()]
    lines = [f"# {title}", "", "  \n".join(said), ""]
    for table in tables:
        if shown := table.markdown(redactor):
            lines += [*shown, ""]
    return "\n".join(lines)


def plain(text: str, redactor: Redactor) -> str:
    """`text` in one line that reads as it was written: without secrets, markup and links.

    The mark that keeps an address from becoming a link cannot be seen.
    """
    line = " ".join(redactor.text(text, CELL).split())
    return _ADDRESS.sub(_WORD_JOINER, _MARKUP.sub(lambda found: f"\\{found[0]}", line))


def _cell(cell: Cell, redactor: Redactor) -> str:
    if isinstance(cell, str):
        return plain(cell, redactor)
    text = plain(cell.text, redactor)
    return f"[{text}]({_UNSAFE_IN_LINK.sub(lambda found: quote(found[0]), cell.url)})" if cell.url else text


async def publish(summary: RunSummary, tables: Iterable[Table], channel: int, redactor: Redactor) -> None:
    """Creates the artifact of the current flow run.

    Raises:
        PrefectUnavailableError: Prefect's API does not answer as it should.
    """
    title = f"{summary.flow.capitalize()}: {summary.outcome}"
    async with in_time("keep the run's artifact", SECONDS):
        await acreate_markdown_artifact(
            key=artifact_key(summary.flow, channel),
            markdown=document(title, summary.reason or summary.sentence, tables, redactor),
            # A list of artifacts shows nothing else.
            description=plain(summary.reason or summary.counted, redactor),
        )


def artifact_key(title: str, channel: int) -> str:
    """The key of a flow's artifacts in Prefect: the same for all its runs of one channel."""
    return f"{title.replace(' ', '-')}-channel-{channel}"
