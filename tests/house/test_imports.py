"""Imports go one way."""

import subprocess
import sys

from tests.house.sources import ROOT, python_files

LINT = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True))"


def test_imports_go_one_way():
    """The contracts stand in pyproject.toml. In a process of its own: import-linter silences every logger of this one."""
    done = subprocess.run([sys.executable, "-c", LINT], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_no_module_is_a_drawer_for_everything():
    """What a thing is about is a better name for its module."""
    assert [str(path) for path in python_files() if path.stem in ("util", "utils", "misc", "common")] == []
