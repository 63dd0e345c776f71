"""What the documentation says is so: its code runs, its tables are complete, its links lead somewhere."""

import re
import textwrap
from pathlib import Path

import pytest
import yaml

from clients.settings import Settings
from deployments.cli import app
from flows.registry import FLOWS
from tasks.channel.command import SendCommand
from tasks.channel.integration import ChannelIntegration

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
OPERATING = (ROOT / "docs/operating.md").read_text()


def blocks(page: Path, language: str) -> list[str]:
    """A page's blocks of a language, those inside a list too."""
    found = re.findall(rf"^ *```{language}\n(.*?)^ *```", page.read_text(), flags=re.MULTILINE | re.DOTALL)
    return [textwrap.dedent(block) for block in found]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_to_files(page: Path) -> None:
    """Every relative link."""
    for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text()):
        assert (page.parent / target).exists(), f"{page.name} links to {target}"


@pytest.mark.parametrize(
    ("page", "code"),
    [(page, code) for page in PAGES for code in blocks(page, "python")],
    ids=lambda value: str(value)[:20],
)
def test_python_blocks_run(page: Path, code: str) -> None:
    """As they stand."""
    scope: dict[str, object] = {"__name__": "docs"}
    exec(compile(code, page.name, "exec"), scope)  # noqa: S102  # it is our own documentation
    assert any(
        isinstance(value, type) and issubclass(value, (SendCommand, ChannelIntegration)) for value in scope.values()
    ) or scope.keys() & {"OmnitronIntegration", "signed_headers"}


def test_every_setting_is_documented() -> None:
    """In the table of settings, or where secrets are kept."""
    text = OPERATING + (ROOT / "docs/how-to/keep-secrets.md").read_text()
    assert [name for name in Settings.model_fields if f"`{name}`" not in text] == []


def test_every_flow_and_parameter_is_documented() -> None:
    """In the table of flows."""
    for name, flow in FLOWS.items():
        row = next((line for line in OPERATING.splitlines() if line.startswith(f"| `{name}` |")), "")
        assert row, f"{name} is missing"
        if "the same" not in row and "as `" not in row:
            assert [parameter for parameter in flow.parameters.properties if parameter not in row] == []


def test_commands_shown_in_the_pages_exist() -> None:
    """Every `channel-app ...` of the console blocks names a command."""
    known = {
        command.name or (command.callback.__name__ if command.callback else "") for command in app.registered_commands
    }
    shown = {
        word for page in PAGES for block in blocks(page, "console") for word in re.findall(r"channel-app (\w+)", block)
    }
    assert shown
    assert shown - known == set()


def test_flows_shown_in_the_pages_exist_with_their_parameters() -> None:
    """Every `channel-app run ...` of the console blocks."""
    shown = [
        (flow, re.findall(r"(?:-p|--param) (\w+)=", rest))
        for page in PAGES
        for block in blocks(page, "console")
        for flow, rest in re.findall(r"channel-app run (\w+)(.*)", block)
    ]
    assert shown
    for flow, parameters in shown:
        assert set(parameters) <= set(FLOWS[flow].parameters.properties)


def test_make_targets_shown_in_the_pages_exist() -> None:
    """Every `make ...`."""
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE))
    shown = {
        word for page in PAGES for word in re.findall(r"(?:`|^ {4})make ([a-z]+)", page.read_text(), flags=re.MULTILINE)
    }
    assert shown - targets == set()


def test_prefect_yaml_is_what_the_page_says() -> None:
    """The work pool of the how-to is the one of the deployments."""
    pools = {row["work_pool"]["name"] for row in yaml.safe_load((ROOT / "prefect.yaml").read_text())["deployments"]}
    assert pools == {"channel-app-{{ $OMNITRON_CHANNEL_ID }}"}
    assert 'work-pool create "channel-app-$OMNITRON_CHANNEL_ID" --type process' in OPERATING
