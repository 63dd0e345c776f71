"""Programs of the operating system that some tests need."""

import os
import shutil
from pathlib import Path

import pytest

BESIDE_THE_PATH = "usr/lib/postgresql/*/bin"
"""Where Debian keeps PostgreSQL's, a folder for each version."""


def program(name: str, package: str) -> str:
    """Its path. Without it the test is skipped with a reason; where everything has to be tested (CI), it fails."""
    found = shutil.which(name) or next(map(str, sorted(Path("/").glob(f"{BESIDE_THE_PATH}/{name}"))), None)
    if found is None:
        reason = f"{name} is missing: apt-get install {package}"
        if os.environ.get("CI"):
            pytest.fail(reason, pytrace=False)
        pytest.skip(reason)
    return found
