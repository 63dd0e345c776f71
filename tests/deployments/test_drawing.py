"""Tables at a terminal: no word is broken, at any width that holds the longest."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from rich.console import Console

from deployments.drawing import draw
from flows.artifact import Table

WORDS = st.text(alphabet="abcdefghij0123456789-:", min_size=1, max_size=12)
SENTENCES = st.lists(WORDS, min_size=1, max_size=12).map(" ".join)


def drawn(table: Table, width: int) -> list[str]:
    console = Console(width=width, color_system=None)
    with console.capture() as captured:
        draw(console, table)
    return captured.get().splitlines()


def a_table(*rows: tuple[str, ...], columns: tuple[str, ...] = ("object", "recorded version", "due list")) -> Table:
    table = Table(*columns)
    for row in rows:
        table.add(*row)
    return table


PRICE = ("price", "2026-11-30 10:36", "inserts")


def test_a_table_that_fits_is_one_line_a_row() -> None:
    assert len(drawn(a_table(PRICE), 80)) == 5


def test_headings_are_broken_where_whole_ones_do_not_fit() -> None:
    table = a_table(("cancellation requests", "0", "12"), columns=("", "due: changed", "out of attempts"))
    assert [line.split() for line in drawn(table, 45)[1:4]] == [
        ["┃", "┃", "┃", "out", "┃"],
        ["┃", "┃", "due:", "┃", "of", "┃"],
        ["┃", "┃", "changed", "┃", "attempts", "┃"],
    ]


def test_a_sentence_is_broken_between_its_words() -> None:
    lines = drawn(a_table(("price", "2026-11-30 10:36", "because the channel refused it")), 50)
    assert "because the" in "\n".join(lines)
    assert all(len(line) <= 50 for line in lines)


def test_where_the_cells_do_not_fit_each_row_is_a_list() -> None:
    lines = drawn(a_table(("price", "2026-11-30 10:36", "because it was refused"), ("stock", "", "inserts")), 33)
    assert [line.rstrip() for line in lines] == [
        "object              price",
        "  recorded version  2026-11-30",
        "                    10:36",
        "  due list          because it",
        "                    was refused",
        "object              stock",
        "  due list          inserts",
    ]


@settings(deadline=None)
@given(st.lists(st.tuples(SENTENCES, SENTENCES, SENTENCES), min_size=1, max_size=4), st.integers(34, 120))
@example([("because it was refused again", "20-characters-in-all", "inserts")], 46)
def test_no_word_is_broken(rows: list[tuple[str, str, str]], width: int) -> None:
    lines = drawn(a_table(*rows), width)
    assert all(len(line) <= width for line in lines)
    said = {word for line in lines for word in line.replace("│", " ").split()}
    assert {word for row in rows for text in row for word in text.split()} <= said


def test_an_empty_table_is_left_out() -> None:
    assert drawn(a_table(), 80) == []


@pytest.mark.parametrize("width", [80, 40])
def test_markup_is_shown(width: int) -> None:
    """In a table as in a list."""
    table = a_table(("[red] aaaaaaaaaaaa", "[/bold]", "[x] bbbbbbbbbbbb"))
    said = "\n".join(drawn(table, width))
    assert [mark for mark in ("[red] aaaaaaaaaaaa", "[/bold]", "[x] bbbbbbbbbbbb") if mark not in said] == []
