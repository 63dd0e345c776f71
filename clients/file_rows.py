"""The rows of a file, one at a time: whatever its size, one row is in memory."""

import csv
from collections.abc import Iterator
from json import JSONDecodeError
from typing import Any, BinaryIO

from clients.answers import parse_json
from clients.errors import ContractError

LONGEST_LINE = 8 * 2**20
"""Bytes of one line."""


def json_lines(file: BinaryIO) -> Iterator[Any]:
    """The values of a file with JSON in each line; numbers with a point are `Decimal`. Empty lines are left out.

    Raises (while it is read):
        ContractError: a line is no JSON; the message has its number.
    """
    for number, line in _lines(file):
        if line.strip():
            try:
                yield parse_json(line.encode())
            except JSONDecodeError as error:
                raise _broken(number, f"no JSON ({error.msg} at character {error.colno})") from None
            except (ValueError, ContractError) as error:
                raise _broken(number, f"not usable: {error}") from None


def csv_rows(file: BinaryIO, delimiter: str = ",") -> Iterator[dict[str, str]]:
    """The rows of a file of comma-separated values, by the names in its first line. All values are texts, as they stand there:
    `Decimal(row["price"])` is exact. Empty lines are left out.

    Raises (while it is read):
        ContractError: a row does not fit the first line, or is not written as such a file is; the message has the number of its
            last line.
    """
    rows = csv.reader((line for _, line in _lines(file)), delimiter=delimiter, strict=True)
    names: list[str] | None = None
    while True:
        try:
            row = next(rows, None)
        except csv.Error as error:
            raise _broken(rows.line_num, f"no row of comma-separated values ({error})") from None
        if row is None:
            return
        if not row:
            continue
        if names is None:
            names = row
            if len(set(names)) < len(names):
                raise _broken(rows.line_num, "no list of names: one of them stands there twice")
        elif len(row) != len(names):
            raise _broken(rows.line_num, f"a row of {len(row)} values, and the first line has {len(names)} names")
        else:
            yield dict(zip(names, row, strict=True))


def _lines(file: BinaryIO) -> Iterator[tuple[int, str]]:
    number = 0
    while raw := file.readline(LONGEST_LINE + 1):
        number += 1
        if len(raw) > LONGEST_LINE:
            raise _broken(number, f"longer than {LONGEST_LINE // 2**20} MiB")
        try:
            # Some systems begin a file with a mark of its byte order.
            yield number, raw.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError:
            raise _broken(number, "no UTF-8") from None


def _broken(number: int, what: str) -> ContractError:
    return ContractError(f"Line {number} of the file is {what}.", line=number)
