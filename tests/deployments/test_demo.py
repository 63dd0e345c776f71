"""`channel-app demo`: the first thing that somebody sees of this program."""

import re

import pytest

from tests.deployments.conftest import Command
from tests.docs.pages import blocks
from tests.house.sources import ROOT

pytestmark = [pytest.mark.flow, pytest.mark.process]

VARIES = re.compile(r"[\d.]+ s\b|127\.0\.0\.1:\d+|\d+ requests")
"""How long it takes, where it listens, and how often it asks until an answer is there."""


def lines(text: str) -> list[str]:
    return [VARIES.sub("#", line).rstrip() for line in text.strip().splitlines()]


def test_the_demo_prints_what_the_readme_shows(channel_app: Command) -> None:
    """Line by line, and no log between the lines."""
    done = channel_app("demo")
    assert done.returncode == 0, done.stderr
    (shown,) = (block.source for block in blocks(ROOT / "README.md", "text") if "goes on sale" in block.source)
    assert lines(done.stdout) == lines(shown)
    assert done.stderr == ""
