"""Imports go one way."""

import subprocess
import sys

from tests.house.sources import ROOT, python_files

LINT = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True))"


def test_imports_go_one_way():
    """The contracts are in pyproject.toml. A separate process, because import-linter silences all loggers of its own."""
    done = subprocess.run([sys.executable, "-c", LINT], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_no_module_is_a_mixed_bag():
    """A module is named after its subject."""
    assert [str(path) for path in python_files() if path.stem in ("util", "utils", "misc", "common")] == []
