"""The rows of a file."""

import io
import tracemalloc
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any, BinaryIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clients.errors import ContractError
from clients.file_rows import LONGEST_LINE, csv_rows, json_lines


def test_lines_of_json_are_values_and_amounts_are_exact() -> None:
    file = io.BytesIO(b'\xef\xbb\xbf{"price": 10.10}\n\n[1]\r\n"last"')
    assert list(json_lines(file)) == [{"price": Decimal("10.10")}, [1], "last"]


def test_rows_have_the_names_of_the_first_line() -> None:
    file = io.BytesIO('\ufeffsku,price,why\r\nA,10.10,"too, ""long""\nby far"\r\n\r\nB,7,\r\n'.encode())
    assert list(csv_rows(file)) == [
        {"sku": "A", "price": "10.10", "why": 'too, "long"\nby far'},
        {"sku": "B", "price": "7", "why": ""},
    ]


def test_rows_may_be_divided_by_another_character() -> None:
    assert list(csv_rows(io.BytesIO(b"sku;price\nA;10,10\n"), delimiter=";")) == [{"sku": "A", "price": "10,10"}]


@pytest.mark.parametrize("read", [json_lines, csv_rows])
def test_an_empty_file_has_no_rows(read: Callable[[BinaryIO], Iterator[Any]]) -> None:
    """As one of errors only has when nothing was refused."""
    assert list(read(io.BytesIO())) == []


@pytest.mark.parametrize(
    ("read", "raw", "words"),
    [
        (json_lines, b'{"a": 1}\n{"a": }\n', "Line 2 of the file is no JSON"),
        (json_lines, b"1\n\n1e999999999\n", "Line 3 of the file is not usable"),
        (json_lines, b"[" * 200 + b"]" * 200, "Line 1 of the file is not usable"),
        (json_lines, b"1\n\xff\n", "Line 2 of the file is no UTF-8"),
        (json_lines, b"1" * (LONGEST_LINE + 1), "Line 1 of the file is longer than 8 MiB"),
        (csv_rows, b"a,b\n1,2\n1\n", "Line 3 of the file is a row of 1 values, and the first line has 2 names"),
        (csv_rows, b"a,b\n1,2,3\n", "Line 2 of the file is a row of 3 values"),
        (csv_rows, b"a,a\n", "Line 1 of the file is no list of names"),
        (csv_rows, b'a,b\n1,"2\n', "Line 2 of the file is no row"),
        (csv_rows, b"a\n\xff\n", "Line 2 of the file is no UTF-8"),
    ],
)
def test_a_broken_line_is_named_by_its_number(
    read: Callable[[BinaryIO], Iterator[Any]], raw: bytes, words: str
) -> None:
    with pytest.raises(ContractError) as caught:
        list(read(io.BytesIO(raw)))
    assert caught.value.message.startswith(words)
    assert caught.value.context["line"] == int(words.split()[1])


def test_rows_before_a_broken_line_are_given() -> None:
    rows = json_lines(io.BytesIO(b"1\n2\n?\n"))
    assert [next(rows), next(rows)] == [1, 2]


@given(st.lists(st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=2, max_size=2)))
def test_any_texts_come_back_from_a_file(rows: list[list[str]]) -> None:
    written = "".join(
        ",".join('"{}"'.format(text.replace('"', '""')) for text in row) + "\n" for row in [["a", "b"], *rows]
    )
    assert [[row["a"], row["b"]] for row in csv_rows(io.BytesIO(written.encode()))] == rows


class Endless(io.RawIOBase):
    """A file of two hundred thousand lines that is nowhere."""

    left = 20_000

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self.left -= 1
        piece = b'"0123456789"\n' * 10 if self.left > 0 else b""
        buffer[: len(piece)] = piece
        return len(piece)


@pytest.mark.parametrize("read", [json_lines, csv_rows])
def test_one_row_is_in_memory(read: Callable[[BinaryIO], Iterator[Any]]) -> None:
    tracemalloc.start()
    try:
        assert sum(1 for _ in read(io.BufferedReader(Endless()))) >= 199_000
        assert tracemalloc.get_traced_memory()[1] < 500_000
    finally:
        tracemalloc.stop()
