"""`channel-app failures`, as people, machines and spreadsheets read it."""

import csv
import io
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from deployments.failures import COLUMNS, SHOWN, show_failures, write_csv
from deployments.sandbox.base.faults import Fault
from dto.failures import FailureList, FailureRecord
from tests.deployments.asking import Call, asking, tried_world
from tests.world.loopback import World
from tests.world.shop import skus

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def world() -> Iterator[World]:
    with tried_world() as tried:
        yield tried


@pytest.fixture
def call(world: World, monkeypatch: pytest.MonkeyPatch) -> Call:
    """The command, in this world and on a terminal of 80 columns; it writes nothing."""
    monkeypatch.setenv("COLUMNS", "80")
    return asking(world, "failures")


def rows_of(file: Path) -> list[list[str]]:
    return list(csv.reader(io.StringIO(file.read_text(encoding="utf-8-sig"), newline="")))


def record(**fields: object) -> FailureRecord:
    given = {"name": "S1", "content_type": "product", "pk": 1, "reason": "remote", "code": "Rejected", **fields}
    return FailureRecord.model_validate(given)


def list_of(*records: FailureRecord) -> FailureList:
    return FailureList(channel=6, moment=NOW, failures=records, total=len(records), remarks=())


def test_each_failure_says_why_and_when_it_is_tried_again(world: World, call: Call) -> None:
    result = call("--reason", "MappingFailed")
    assert result.exit_code == 0
    sku = skus(world)[1001]
    first, *lines = result.stdout.splitlines()
    assert first == "Failed: 1 product."
    assert lines[:2] == [
        f"{sku}  product  MappingFailed (mapping)",
        "    failed 2026-01-01 00:00 UTC; next try not before 2026-01-01 01:00 UTC",
    ]
    assert f"{sku}: no attribute set matches the product." in lines[2]


def test_it_fits_eighty_columns(call: Call) -> None:
    assert max(map(len, call().stdout.splitlines())) <= 80


def test_for_machines_it_is_one_object(world: World, call: Call) -> None:
    answer = json.loads(call("--type", "product", "--json").stdout.splitlines()[-1])
    assert answer["total"] == len(answer["failures"]) == 6
    first = next(row for row in answer["failures"] if row["name"] == skus(world)[1001])
    assert (first["code"], first["reason"], first["is_due"]) == ("MappingFailed", "mapping", False)


@pytest.mark.parametrize("arguments", [["--type", "price"], ["--since", "2026-01-02"], ["--since", "2026-01-01T10:30"]])
def test_an_empty_list_says_so(call: Call, arguments: list[str]) -> None:
    result = call(*arguments)
    assert result.exit_code == 0
    assert "failed" in result.stdout
    assert "UTC" not in result.stdout


@pytest.mark.parametrize("arguments", [["--type", "video"], ["--since", "yesterday"]])
def test_a_wrong_call_is_explained(call: Call, arguments: list[str]) -> None:
    assert call(*arguments).exit_code == 2


def test_a_spreadsheet_gets_all_of_them(call: Call, tmp_path: Path) -> None:
    file = tmp_path / "failures.csv"
    result = call("--type", "product", "--csv", str(file))
    assert result.exit_code == 0
    head, *rows = rows_of(file)
    assert tuple(head) == COLUMNS
    assert len(rows) == 6
    assert "MappingFailed" in {row[4] for row in rows}


@pytest.mark.parametrize("before", ["", " ", "\t", "\r", "\n"], ids=["bare", "blank", "tab", "return", "newline"])
@pytest.mark.parametrize("formula", ["=1+1", "+1", "-1", "@SUM(A1)"])
def test_no_cell_is_a_formula(tmp_path: Path, before: str, formula: str) -> None:
    """A stranger chose the sku, and the channel wrote the message."""
    file = tmp_path / "failures.csv"
    write_csv(list_of(record(name=before + formula, message=before + formula)), file)
    _, row = rows_of(file)
    assert not any(cell.lstrip().startswith(("=", "+", "-", "@")) for cell in row)
    assert formula in row[0]


def test_a_file_that_cannot_be_written_is_said(call: Call, tmp_path: Path) -> None:
    result = call("--csv", str(tmp_path / "nowhere" / "failures.csv"))
    assert (result.exit_code, result.stdout) == (1, "")
    assert "Name another file." in result.stderr


def test_a_hub_that_cannot_be_read_is_said_in_one_paragraph(world: World, call: Call) -> None:
    world.hub.faults.add(Fault("status", status=500, times=None))
    result = call()
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith("The failures could not be read. ")


def test_a_long_list_is_cut_and_says_where_the_rest_is(capsys: pytest.CaptureFixture[str]) -> None:
    show_failures(list_of(*(record(name=f"S{number}") for number in range(SHOWN + 5))))
    shown = capsys.readouterr().out
    assert f"S{SHOWN - 1} " in shown
    assert f"S{SHOWN} " not in shown
    assert "and 5 more: --csv FILE writes all" in shown


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"is_due": True}, "due now"),
        ({"is_due": False, "next_try": datetime(2025, 12, 31, tzinfo=UTC)}, "out of attempts: correct it, then"),
        ({"is_due": None, "next_try": datetime(2025, 12, 31, tzinfo=UTC)}, "due now, or out of attempts"),
        ({"is_due": False, "next_try": datetime(2026, 1, 2, tzinfo=UTC)}, "next try not before 2026-01-02 00:00 UTC"),
        ({"is_due": False}, "the next try is unknown"),
    ],
)
def test_what_becomes_of_a_failed_object_is_said(
    capsys: pytest.CaptureFixture[str], fields: dict[str, object], words: str
) -> None:
    show_failures(list_of(record(**fields)))
    assert words in capsys.readouterr().out
