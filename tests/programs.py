"""Programs of the operating system that some tests need."""

import os
import shutil
from pathlib import Path

import pytest

_FOLDERS = ("/usr/lib/postgresql/*/bin",)
"""Where Debian keeps what is not on the path."""


def program(name: str, package: str) -> str:
    """Its path. Without it the test is skipped with a reason; where everything has to be tested (CI), it fails."""
    beside = [str(path) for folder in _FOLDERS for path in sorted(Path("/").glob(f"{folder.lstrip('/')}/{name}"))]
    found = shutil.which(name) or next(iter(beside), None)
    if found is None:
        reason = f"{name} is missing: apt-get install {package}"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    return found
