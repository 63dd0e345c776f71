"""Pages of the documentation as programs: Sybil finds their blocks, and a test does what a reader would do with each.

`python` blocks are executed in one namespace a page. `sh` blocks are run in one folder a page. What cannot be seen from a
block is in a comment before it, which readers do not see:

    <!-- run: file bazaar.py -->                 it is saved under this name
    <!-- run: keep, until "Serving" -->          it keeps running, and has started when it prints these words
    <!-- run: exits 1 -->                        it ends with this exit status
    <!-- run: says "flow_run_id" -->             its output contains these words
    <!-- run: output -->                         (text) its lines are in the output of the command before it
    <!-- run: skip, because ... -->              it is not run, for this reason

And one for the page, if its commands need surroundings that the reader has:

    <!-- page: sandbox products=12 failing=0, prefect, in the project -->

The settings of a local Omnitron and marketplace; a Prefect server; commands that are run in the project's own folder.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sybil import Document, Example, Region
from sybil.evaluators.python import PythonEvaluator
from sybil.parsers.markdown.lexers import FencedCodeBlockLexer

from tests.house.sources import ROOT

PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
SHELL = ("sh", "console")
SHOWN = ("text", "ini", "nginx", "yaml", "json")
"""Languages of blocks that are not run."""

_RUN = re.compile(r"<!-- run: (?P<how>[^\n]*?) -->\s*\Z")
_PAGE = re.compile(r"^<!-- page: (?P<what>[^\n]*?) -->$", re.MULTILINE)
_FORMS = (
    r"(?P<kind>file) (?P<value>[\w./-]+)",
    r'(?P<kind>keep), until "(?P<value>[^"]+)"',
    r"(?P<kind>exits) (?P<value>\d+)",
    r'(?P<kind>says) "(?P<value>[^"]+)"',
    r"(?P<kind>output)(?P<value>)",
    r"(?P<kind>skip), because (?P<value>\S.{9,})",
)


@dataclass(frozen=True)
class Block:
    """A fenced block, and the way to run it."""

    page: str
    language: str
    source: str
    kind: str = ""
    value: str = ""

    def __repr__(self) -> str:
        return f"{self.page}: {self.source.strip().partition(chr(10))[0]}"


@dataclass(frozen=True)
class Surroundings:
    """The surroundings that a page needs."""

    sandbox: dict[str, float] | None = None
    prefect: bool = False
    in_the_project: bool = False


def name_of(page: Path) -> str:
    """The path of a page, relative to the root."""
    return page.relative_to(ROOT).as_posix() if page.is_relative_to(ROOT) else page.name


def surroundings_of(text: str) -> Surroundings:
    """The surroundings in the comment for the page.

    Raises:
        ValueError: it says something else.
    """
    sandbox, prefect, in_the_project = None, False, False
    for found in _PAGE.finditer(text):
        for part in found["what"].split(", "):
            word, *options = part.split(" ")
            match word:
                case "sandbox":
                    pairs = (option.split("=", 1) for option in options)
                    sandbox = {name: float(value) if "." in value else int(value) for name, value in pairs}
                case "prefect":
                    prefect = True
                case "in":
                    in_the_project = True
                case _:
                    raise ValueError(f"`{part}` in `{found[0]}` is not one of sandbox, prefect, in the project")
    return Surroundings(sandbox, prefect, in_the_project)


def document(page: Path, evaluate: Callable[[Example], None] | None = None) -> Document:
    """A page with its blocks as Sybil's examples, whose `parsed` is a Block."""

    def parser(document: Document) -> Iterator[Region]:
        for region in FencedCodeBlockLexer(r"[a-z]*")(document):
            before = _RUN.search(document.text, 0, region.start)
            kind, value = _how(before["how"]) if before else ("", "")
            lexemes = region.lexemes or {}
            region.parsed = Block(name_of(page), lexemes["language"], lexemes["source"], kind, value)
            region.evaluator = evaluate
            yield region

    return Document.parse(str(page), parser)


def _how(words: str) -> tuple[str, str]:
    for form in _FORMS:
        if found := re.fullmatch(form, words):
            return found["kind"], found["value"]
    raise ValueError(f"`<!-- run: {words} -->` is not a form that tests/docs/pages.py lists")


def blocks(page: Path, *languages: str) -> list[Block]:
    """A page's blocks in some languages, or in all."""
    found: list[Block] = [example.parsed for example in document(page)]
    return [block for block in found if not languages or block.language in languages]


ALL_BLOCKS = [block for page in PAGES for block in blocks(page)]


def evaluate_python(example: Example) -> None:
    """Runs it with the line numbers of the page in tracebacks."""
    source = example.region.lexemes["source"]
    inner: Any = Example(example.document, example.line, example.column, example.region, example.namespace)
    inner.parsed = source
    PythonEvaluator()(inner)


def missing_lines(quoted: str, said: str) -> list[str]:
    """The quoted lines that are missing in the output, in their order. Ids, moments, durations and numbers of requests may
    differ."""
    printed = iter(_plain(said))
    return [line for line in _plain(quoted) if line and not any(line == other for other in printed)]


def _plain(text: str) -> list[str]:
    for pattern, word in (
        (r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b", "ID"),
        (r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d(:\d\d)?", "MOMENT"),
        (r"\d+ requests, \d+\.\d s\b", "COST"),
        (r"\x1b\[[0-9;]*m", ""),
    ):
        text = re.sub(pattern, word, text)
    return [line.rstrip() for line in text.splitlines()]
