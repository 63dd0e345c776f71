"""Texts and tables on a terminal of any width, as people read them."""

from collections.abc import Sequence

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table as Drawn
from rich.text import Text

from clients.redaction import visible_line
from flows.artifact import Table

_FRAME = 3
"""Characters beside each cell; the frame has one more at its end."""


def line(console: Console, text: str, style: str | None = None) -> None:
    """Prints a text in which strangers may have written: as one paragraph, without markup and control characters."""
    console.print(Text(visible_line(text), style or ""))


def lines(console: Console, table: Table) -> None:
    """Prints a table of one column as a list."""
    for (text,) in table.rows:
        line(console, f"  - {text}")


def draw(console: Console, table: Table) -> None:
    """Prints a table without its empty columns, and breaks no word: no id could be copied.

    Its widest column is broken between words, then all headings are. Where that is not enough, each row becomes a list.
    """
    if not table.rows:
        return
    kept = table.filled()
    headings = [table.columns[number] for number in kept]
    rows = [[visible_line(str(row[number])) for number in kept] for row in table.rows]
    broken = [heading.replace(" ", "\n") for heading in headings]
    fitting = next((each for each in (headings, broken) if _least_width(each, rows) <= console.width), None)
    console.print(_records(headings, rows) if fitting is None else _grid(fitting, rows))


def _least_width(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> int:
    """Characters that the table needs with its widest column broken between words."""
    columns = [[*heading.split("\n"), *cells] for heading, *cells in zip(headings, *rows, strict=True)]
    widths = [_longest(column) for column in columns]
    widest = _widest(widths)
    widths[widest] = _longest([word for text in columns[widest] for word in text.split()])
    return sum(widths) + _FRAME * len(widths) + 1


def _grid(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> Drawn:
    drawn = Drawn()
    columns = list(zip(headings, *rows, strict=True))
    widest = _widest([_longest([*heading.split("\n"), *cells]) for heading, *cells in columns])
    for number, heading in enumerate(headings):
        drawn.add_column(heading, overflow="fold", no_wrap=number != widest)
    for row in rows:
        drawn.add_row(*map(Text, row))
    return drawn


def _records(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> Drawn:
    """Each row as a list of its cells, below its first."""
    drawn = Drawn.grid(padding=(0, 2))
    drawn.add_column(no_wrap=True)
    drawn.add_column(overflow="fold")
    for first, *others in rows:
        drawn.add_row(Text(headings[0], "bold"), Text(first, "bold"))
        for heading, cell in zip(headings[1:], others, strict=True):
            if cell:
                drawn.add_row(Text(f"  {heading}"), Text(cell))
    return drawn


def _longest(texts: Sequence[str]) -> int:
    return max(map(cell_len, texts), default=0)


def _widest(widths: Sequence[int]) -> int:
    return max(range(len(widths)), key=widths.__getitem__)
