"""What strangers call their things, at a terminal: it is shown, and not obeyed."""

import json
import re
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from typer.testing import CliRunner, Result

from clients import runtime as runtimes
from clients.redaction import visible, visible_line
from deployments.cli import app
from deployments.console import say
from deployments.drawing import draw
from flows.artifact import Table
from tests.world.live import PROJECT
from tests.world.loopback import World
from tests.world.shop import skus

HOSTILE = "x\x1b[2J\x1b]0;y\x07\x9b31m\x7f\x00\u202etxt.exe\u2066\u2028\r\n  - All is well."
"""Clears the screen, renames the window, turns the direction of the text around, and adds a line of its own."""
OBEYED = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]")
PRINTERS = {"console.py": 3, "drawing.py": 2}
"""The files below `deployments/` that print, and how often."""
OF_ITS_OWN = {"demo.py", "bench", "sandbox"}
"""They print what they made up themselves."""

Call = Callable[..., Result]


@pytest.fixture
def world() -> World:
    world = World(products=2, failing=0)
    world.channel["name"] = HOSTILE
    world.catalog["name"] = HOSTILE
    return world


@pytest.fixture
def call(world: World, monkeypatch: pytest.MonkeyPatch) -> Call:
    monkeypatch.setenv("COLUMNS", "400")

    def invoke(*arguments: str) -> Result:
        with runtimes.using(world.runtime()):
            return CliRunner().invoke(app, list(arguments))

    return invoke


def assert_shown(said: str) -> None:
    assert OBEYED.search(said) is None
    assert r"x\x1b[2J\x1b]0;y\x07\x9b31m\x7f\x00\x202etxt.exe\x2066\x2028" in said
    assert not [line for line in said.splitlines() if line.startswith("  - All is well.")]


@pytest.mark.parametrize("command", ["status", "check"])
def test_a_name_in_omnitron_is_shown_and_not_obeyed(call: Call, command: str) -> None:
    assert_shown(call(command).output)


def test_a_product_is_explained_without_obeying_it(world: World, call: Call) -> None:
    sku = skus(world)[next(iter(world.products))["pk"]]
    world.hub.set_channel(is_active=False)
    assert_shown(call("explain", sku).output)


@pytest.mark.parametrize("command", ["status", "explain"])
def test_json_for_machines_is_ascii_and_holds_every_character(world: World, call: Call, command: str) -> None:
    world.hub.set_channel(is_active=False)
    arguments = [command, "--json", *([skus(world)[next(iter(world.products))["pk"]]] if command == "explain" else [])]
    said = call(*arguments).stdout
    assert said.isascii()
    assert OBEYED.search(said.strip()) is None
    assert [text for text in json.loads(said).values() if HOSTILE in str(text)]


@pytest.mark.parametrize("arguments", [["run", HOSTILE], ["run", "recover", "-p", HOSTILE], ["explain", HOSTILE]])
def test_what_the_caller_pasted_is_not_obeyed(call: Call, arguments: list[str]) -> None:
    """Ids are copied from mails and pages."""
    result = call(*arguments)
    assert OBEYED.search(result.output) is None
    assert r"x\x1b[2J" in result.output


def test_the_reasons_of_holds_are_not_obeyed(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    async def held() -> list[str]:
        return [HOSTILE]

    monkeypatch.setattr("deployments.resume.end_holds", held)
    assert OBEYED.search(call("resume").output) is None


@pytest.mark.parametrize("mark", ["", "!"])
def test_no_message_is_obeyed(capsys: pytest.CaptureFixture[str], mark: str) -> None:
    """A line of a check has a mark in a colour of ours."""
    say(HOSTILE, mark=mark)
    said = capsys.readouterr().out
    assert OBEYED.search(said) is None
    assert r"x\x1b[2J\x1b]0;y\x07" in said


def test_no_cell_is_obeyed(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "400")
    table = Table("remote id")
    table.add(HOSTILE)
    draw(Console(), table)
    assert_shown(capsys.readouterr().out)


def test_all_printing_is_in_one_place() -> None:
    """What prints elsewhere prints raw."""
    pattern = re.compile(r"\b(?:typer\.s?echo|console\.print|(?<!\.)print)\(")
    files = [path for path in (PROJECT / "deployments").rglob("*.py") if not OF_ITS_OWN & set(path.parts)]
    assert pattern.search("console.print(text)")
    assert pattern.search("    print(text)")
    found = {path.name: len(pattern.findall(path.read_text(encoding="utf-8"))) for path in files}
    assert {name: count for name, count in found.items() if count} == PRINTERS


@given(st.text(alphabet=st.characters(codec=None)))
def test_no_text_is_obeyed_and_none_is_lost(text: str) -> None:
    shown = visible(text)
    assert OBEYED.search(shown) is None
    assert shown.count("\n") == text.count("\n")
    assert len(visible_line(text).splitlines()) <= 1


def test_ordinary_text_is_left_alone() -> None:
    assert visible("Yeni Sezon Ürün\n\t“✓” 🙂") == "Yeni Sezon Ürün\n\t“✓” 🙂"
