"""All that a connector needs comes through one door, and the pages for authors and the example show no other."""

import ast
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

import tasks.channel
from tests.docs.pages import blocks
from tests.house.sources import ROOT

OURS = ("clients", "dto", "tasks", "flows", "deployments")
EXAMPLE = ROOT / "tasks/channel/sandbox"
PAGES = (
    "tutorial/first-connector.md",
    "how-to/add-a-connector.md",
    "how-to/call-the-channel.md",
    "how-to/few-in-a-call.md",
    "how-to/answer-later.md",
    "how-to/list-orders.md",
    "how-to/name-events.md",
    "how-to/move-from-celery.md",
    "how-to/rates-files-state.md",
    "how-to/keep-secrets.md",
)
OMNITRONS = "tasks.omnitron"
"""The door of those who change a command of Omnitron's side: the page about moving shows that, too."""


def imported(source: str) -> Iterator[str]:
    """The modules of this program that some code imports from."""
    for node in ast.walk(ast.parse(source)):
        names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        yield from (name for name in names if name.split(".")[0] in OURS)


def test_the_door_is_what_it_says() -> None:
    """In order, and without a name that stands there by accident: only its own modules come in addition."""
    there = {name for name in vars(tasks.channel) if not name.startswith("_")}
    modules = {name for name in there if isinstance(vars(tasks.channel)[name], ModuleType)}
    assert sorted(tasks.channel.__all__) == tasks.channel.__all__
    assert there - modules <= set(tasks.channel.__all__) <= there


@pytest.mark.parametrize("file", sorted(EXAMPLE.glob("*.py")), ids=lambda file: file.stem)
def test_the_example_uses_no_other_door(file: Path) -> None:
    inner = ".".join(EXAMPLE.relative_to(ROOT).parts)
    assert [name for name in imported(file.read_text()) if name != "tasks.channel" and not name.startswith(inner)] == []


@pytest.mark.parametrize("page", PAGES)
def test_the_pages_for_authors_show_no_other_door(page: str) -> None:
    code = [block.source for block in blocks(ROOT / "docs" / page, "python")]
    assert code
    found = {name for source in code for name in imported(source)}
    assert {name for name in found if not name.startswith(OMNITRONS)} == {"tasks.channel"}
