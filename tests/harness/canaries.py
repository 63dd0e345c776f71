"""Looks for planted secrets: in bytes, in texts, in files and in whole folders, however they are written there."""

import html
import json
import sqlite3
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote, quote_plus

AROUND = 60
"""Bytes before and after, for whoever has to find out where it came from."""
_SQLITE = b"SQLite format 3\0"


class Finding(NamedTuple):
    """A secret where none should be."""

    canary: str
    written: str
    """`plain`, `json`, `url`, `base64`, ..."""
    place: str
    around: str


def find(canaries: Iterable[str], *places: bytes | str | Path) -> list[Finding]:
    """Where the canaries stand in some places, each canary once for each way of writing and each place.

    Args:
        canaries: the secrets, eight characters or more each: a shorter one would be found in any random text.
        places: bytes, texts, files, or folders with all that is in them. A SQLite database is searched as bytes, for what was
            deleted is still there, and as SQL, for a long text lies in pieces.
    """
    needles = [(canary, way, needle) for canary in canaries for way, needle in spellings(canary)]
    assert needles, "nothing to look for"
    found = []
    for place, content in _contents(places):
        # Base64 comes in lines of 76 characters: Prefect keeps pickled errors so.
        whole = content.replace(b"\\n", b"").replace(b"\n", b"")
        for canary, way, needle in needles:
            text = whole if way == "base64" else content
            at = text.find(needle)
            if at >= 0:
                around = text[max(0, at - AROUND) : at + len(needle) + AROUND].decode("utf-8", "replace")
                found.append(Finding(canary, way, place, around))
    return found


def spellings(canary: str) -> list[tuple[str, bytes]]:
    """The ways in which a text is written, different ones only."""
    assert len(canary) >= 8, f"`{canary}` is too short to be told from other texts"
    raw = canary.encode()
    escaped = json.dumps(canary)[1:-1]
    ways = [
        ("plain", raw),
        ("json", escaped.encode()),
        ("json utf-8", json.dumps(canary, ensure_ascii=False)[1:-1].encode()),
        ("json in json", json.dumps(escaped)[1:-1].encode()),
        ("python", repr(canary)[1:-1].encode()),
        ("sql", canary.replace("'", "''").encode()),
        ("html", html.escape(canary).encode()),
        ("url", quote(canary, safe="").encode()),
        ("url with slashes", quote(canary).encode()),
        ("form", quote_plus(canary).encode()),
        ("hexadecimal", raw.hex().encode()),
        ("hexadecimal", raw.hex().upper().encode()),
    ]
    # In base64 there are three ways, by where it begins in a longer text, as in `user:password`. The characters at both ends
    # are left out: its neighbours have a part in them.
    for start in (raw, b":" + raw, b".:" + raw):
        first = -(-(len(start) - len(raw)) * 8 // 6)
        last = len(start) * 8 // 6
        ways += [("base64", encode(start)[first:last]) for encode in (b64encode, urlsafe_b64encode)]
    seen: dict[bytes, str] = {}
    for way, needle in ways:
        seen.setdefault(needle, way)
    return [(way, needle) for needle, way in seen.items()]


def _contents(places: Iterable[bytes | str | Path]) -> Iterator[tuple[str, bytes]]:
    for number, place in enumerate(places, start=1):
        match place:
            case bytes():
                yield f"bytes {number}", place
            case str():
                yield f"text {number}", place.encode("utf-8", "replace")
            case _:
                assert place.exists(), f"{place} is not there: nothing would be found in it"
                for path in sorted(place.rglob("*")) if place.is_dir() else [place]:
                    if path.is_file():
                        yield from _file(path)


def _file(path: Path) -> Iterator[tuple[str, bytes]]:
    content = path.read_bytes()
    yield str(path), content
    if content.startswith(_SQLITE):
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
            yield f"{path} as SQL", "\n".join(database.iterdump()).encode("utf-8", "replace")
