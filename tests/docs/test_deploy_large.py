"""The page on the large form shows the processes of deployments/compose.yaml."""

import re
from typing import Any

import pytest
import yaml

from tests.docs.pages import blocks
from tests.house.sources import ROOT

PAGE = ROOT / "docs/how-to/deploy-large.md"
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "deployments/compose.yaml").read_text(encoding="utf-8"))
SERVICES: dict[str, Any] = COMPOSE["services"]
SHOWN = [line.partition("  #")[0].rstrip() for block in blocks(PAGE, "console") for line in block.source.splitlines()]


def exported(block: str) -> dict[str, str]:
    return dict(re.findall(r"^export (\w+)=(.*)$", block, re.MULTILINE))


def plain(text: str) -> str:
    """Without secrets, which the page leaves out."""
    return re.sub(r"\$\{\w+:[^}]*\}", "...", text)


def test_the_variables_of_a_server_are_those_of_the_page() -> None:
    everywhere, on_one = (block.source for block in blocks(PAGE, "sh"))
    assert exported(everywhere) == {name: plain(value) for name, value in SERVICES["services"]["environment"].items()}
    first = {name: plain(value) for name, value in SERVICES["api-1"]["environment"].items()}
    assert {**exported(everywhere), **exported(on_one)} == first


@pytest.mark.parametrize("service", ["migrate", "api-1", "services", "worker-1"])
def test_a_process_is_started_as_the_page_says(service: str) -> None:
    command = " ".join(SERVICES[service]["command"]).replace("${OMNITRON_CHANNEL_ID:?}", "${OMNITRON_CHANNEL_ID}")
    assert command in [line.replace('"', "") for line in SHOWN]


def test_the_deploying_is_what_the_page_says() -> None:
    script = SERVICES["deploy"]["command"][-1].replace("$$", "$")
    assert [line for line in script.splitlines() if line not in SHOWN] == []


def test_every_setting_of_the_page_is_one_of_the_compose_file() -> None:
    """And each required setting of the file is on the page."""
    (settings,) = blocks(PAGE, "ini")
    named = set(re.findall(r"^(\w+)=", settings.source, re.MULTILINE))
    text = (ROOT / "deployments/compose.yaml").read_text(encoding="utf-8")
    assert set(re.findall(r"\$\{(\w+):\?\}", text)) <= named <= set(re.findall(r"\$\{(\w+)[:}]", text))
