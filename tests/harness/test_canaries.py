"""The search for secrets finds them, or no test that relies on it says anything."""

import html
import json
import sqlite3
from base64 import b64encode, encodebytes, urlsafe_b64encode
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

import pytest

from tests.harness.canaries import find

CANARIES = ("canary-8f2k-plain", 'şifre "q\'uo\\te" /+&=<>?-9')


@pytest.mark.parametrize("canary", CANARIES)
@pytest.mark.parametrize(
    "write",
    [
        str,
        json.dumps,
        lambda text: json.dumps(text, ensure_ascii=False),
        lambda text: json.dumps(json.dumps(text)),
        repr,
        lambda text: text.replace("'", "''"),
        html.escape,
        quote,
        lambda text: quote(text, safe=""),
        quote_plus,
        lambda text: text.encode().hex(),
        lambda text: text.encode().hex().upper(),
        *(lambda text, user=user: b64encode(f"{user}{text}".encode()).decode() for user in ("", "a:", "ab:", "abc:")),
        lambda text: urlsafe_b64encode(f"a:{text}...".encode()).decode(),
    ],
)
def test_a_canary_is_found_however_it_is_written(canary: str, write: Any):
    (first, *_) = find(["another-one", canary], b"nothing here", f"GET /{write(canary)} 200")
    assert first.canary == canary
    assert first.place == "text 2"
    assert "GET /" in first.around


@pytest.mark.parametrize("end", ["\n", "\\n"])
def test_a_canary_is_found_across_the_lines_of_base64(end: str):
    """As Prefect keeps what a flow raised."""
    for before in range(60):
        lines = encodebytes(b"x" * before + CANARIES[0].encode() + b"y" * 60).decode()
        assert find(CANARIES, lines.replace("\n", end))


def test_nothing_is_found_where_nothing_is(tmp_path: Path):
    (tmp_path / "a.log").write_text("canary-8f2k-plai and canary-8f2k")
    assert find(CANARIES, tmp_path, b"\xff\x00canary", "") == []


def test_files_are_found_in_folders_below_folders(tmp_path: Path):
    place = tmp_path / "a" / "b"
    place.mkdir(parents=True)
    (place / "result").write_bytes(b"\x00\xff" + CANARIES[0].encode() + b"\xfe")
    (found,) = find(CANARIES, tmp_path)
    assert found.place == str(place / "result")


def test_a_long_text_of_a_database_is_found_across_its_pages(tmp_path: Path):
    """The file holds it in pieces: here each page boundary lies somewhere in a canary."""
    path = tmp_path / "prefect.db"
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("PRAGMA page_size = 512")
        database.execute("CREATE TABLE log (message TEXT)")
        database.execute("INSERT INTO log VALUES (?)", (f"{'x' * 466}{CANARIES[0]}{'y' * 5000}",))
    places = {found.place for found in find(CANARIES, path)}
    assert f"{path} as SQL" in places


def test_what_was_deleted_from_a_database_is_found_in_its_bytes(tmp_path: Path):
    """A write-ahead log keeps it, and free pages do."""
    path = tmp_path / "prefect.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("CREATE TABLE log (message TEXT)")
        database.execute("INSERT INTO log VALUES (?)", (CANARIES[0],))
        database.execute("DELETE FROM log")
        assert {found.place for found in find(CANARIES, tmp_path)} == {f"{path}-wal"}


def test_a_place_that_is_not_there_or_a_canary_that_proves_nothing_is_no_result(tmp_path: Path):
    with pytest.raises(AssertionError, match="is not there"):
        find(CANARIES, tmp_path / "missing")
    with pytest.raises(AssertionError, match="too short"):
        find(["abc"], b"")
    with pytest.raises(AssertionError, match="nothing to look for"):
        find([], b"")
