"""`channel-app demo`: the first thing that somebody sees of this program."""

import re
import subprocess
from pathlib import Path

import pytest

from tests.docs.pages import blocks
from tests.house.sources import ROOT

pytestmark = [pytest.mark.flow, pytest.mark.process]

VARIES = re.compile(r"[\d.]+ s\b|127\.0\.0\.1:\d+|\d+ requests")
"""How long it takes, where it listens, and how often it asks until an answer is there."""


def lines(text: str) -> list[str]:
    return [VARIES.sub("#", line).rstrip() for line in text.strip().splitlines()]


def test_the_demo_prints_what_its_page_shows(installed: Path, environment: dict[str, str], tmp_path: Path) -> None:
    """Line by line, no log between the lines, and without the checkout."""
    elsewhere = {name: value for name, value in environment.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        [installed / "channel-app", "demo"],
        cwd=tmp_path,
        env=elsewhere,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    (shown,) = blocks(ROOT / "docs/explanation/demo.md", "text")
    assert lines(done.stdout) == lines(shown.source)
    # A slow machine reads that it has to wait.
    said = [line for line in done.stderr.splitlines() if not line.startswith("The Prefect server is still starting, ")]
    assert said == []
