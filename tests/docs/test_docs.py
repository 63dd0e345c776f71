"""The documentation is true: its links lead somewhere, and its reference agrees with the code."""

import ast
import re
from pathlib import Path

import pytest
import yaml

from clients import errors
from deployments.cli import app
from docs.advice import CODES, WHAT_HAPPENS
from docs.conf import SIDEBAR
from docs.generate_reference import FOLDER, pages
from dto.enums import ErrorType
from flows.registry import FLOWS
from tests.docs.pages import ALL_BLOCKS, PAGES, SHELL, name_of
from tests.house.sources import ROOT, python_files, tree_of
from tests.house.test_errors import RECOVERIES

SHOWN = [block.source for block in ALL_BLOCKS if block.language in SHELL]
REFERENCE = pages()


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_lead_to_files(page: Path) -> None:
    """Every relative link."""
    for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_every_page_can_be_found_on_the_site() -> None:
    """In its sidebar, in a chosen order."""
    shown = {f"docs/{name}.md" for names in SIDEBAR.values() for name in names}
    decisions = {name_of(page) for page in PAGES if page.name.startswith("0")}
    assert shown == {name_of(page) for page in PAGES if page.is_relative_to(ROOT / "docs")} - decisions - {
        "docs/index.md"
    }


@pytest.mark.parametrize("name", REFERENCE)
def test_the_reference_is_what_stands_in_the_code(name: str) -> None:
    committed = (FOLDER / name).read_text(encoding="utf-8") if (FOLDER / name).exists() else ""
    assert committed == REFERENCE[name], (
        f"docs/reference/{name} is not what the code says. Run `make docs`, and commit it."
    )


def test_every_kind_of_error_says_what_happens() -> None:
    assert set(WHAT_HAPPENS) == set(RECOVERIES)


NO_CODES = {"ChannelIntegration", "OmnitronIntegration", "Omnitron", "Channel", "Error", "NotFound"}
"""Names and parts of names that are spelled like codes."""


def _codes_in_the_source() -> set[str]:
    """Every text that is spelled like a code, where objects fail."""
    sources = [path for path in python_files("tasks", "flows") if "sandbox" not in path.parts]
    found: set[str] = set()
    for path in [*sources, ROOT / "clients/errors.py"]:
        for node in ast.walk(tree_of(path)):
            match node:
                case ast.Call(func=ast.Name(id="TypeVar" | "ParamSpec" | "cast"), args=[ast.Constant(value=name), *_]):
                    found.discard(str(name))
                case (
                    ast.Assign(value=ast.Constant(value=str(text))) | ast.AnnAssign(value=ast.Constant(value=str(text)))
                ):
                    found.add(text)
                case ast.Call(args=arguments):
                    found |= {word for value in arguments if isinstance(word := getattr(value, "value", None), str)}
                case ast.Return(value=ast.Constant(value=str(text))):
                    found.add(text)
                case ast.JoinedStr(values=parts):
                    found |= {str(part.value) for part in parts if isinstance(part, ast.Constant)}
    return {text for text in found if re.fullmatch(r"[A-Z][a-z]+([A-Z][a-z]+)*", text)}


def test_every_code_is_documented_with_what_to_do() -> None:
    """And every documented code exists. Some are composed: of a place's kind, or of an error's class."""
    documented = {code for table in CODES.values() for codes in table for code in codes}
    places = {f"{kind.capitalize()}NotFound" for kind in ErrorType}
    classes = {name.removesuffix("Error") for name in vars(errors) if name.endswith("Error")}
    in_the_source = _codes_in_the_source()
    assert (in_the_source - NO_CODES | places) - documented == set()
    assert documented - in_the_source - places - classes == set()


def test_commands_shown_in_the_pages_exist() -> None:
    """Every `channel-app ...`, also in skipped blocks."""
    known = {
        command.name or (command.callback.__name__ if command.callback else "") for command in app.registered_commands
    }
    shown = {word for source in SHOWN for word in re.findall(r"channel-app (\w+)", source)}
    assert shown
    assert shown - known == set()


def test_flows_shown_in_the_pages_exist_with_their_parameters() -> None:
    """Every `channel-app run ...`, also in skipped blocks."""
    shown = [
        (flow, re.findall(r"(?:-p|--param) (\w+)=", rest))
        for source in SHOWN
        for flow, rest in re.findall(r"channel-app run (\w+)(.*)", source)
    ]
    assert shown
    for flow, parameters in shown:
        assert set(parameters) <= set(FLOWS[flow].parameters.properties)


def test_make_targets_shown_in_the_pages_exist() -> None:
    """Every `make ...`."""
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE))
    prose = [word for page in PAGES for word in re.findall(r"`make ([a-z]+)", page.read_text(encoding="utf-8"))]
    blocks = [word for source in SHOWN for line in source.splitlines() for word in _targets(line)]
    assert blocks
    assert {*prose, *blocks} - targets == set()


def _targets(line: str) -> list[str]:
    """`make lint test   what has to pass` names two targets."""
    command = re.match(r"make((?: [a-z]+)+)", line)
    return command[1].split() if command else []


def test_prefect_yaml_is_what_the_page_says() -> None:
    """The work pool of the how-to is the one of the deployments."""
    pools = {row["work_pool"]["name"] for row in yaml.safe_load((ROOT / "prefect.yaml").read_text())["deployments"]}
    assert pools == {"channel-app-{{ $OMNITRON_CHANNEL_ID }}"}
    page = (ROOT / "docs/how-to/deploy-large.md").read_text(encoding="utf-8")
    assert 'work-pool create "channel-app-${OMNITRON_CHANNEL_ID}" --type process' in page
