"""Imports go one way."""

from importlinter.cli import EXIT_STATUS_SUCCESS, lint_imports

from tests.house.sources import ROOT, python_files


def test_imports_go_one_way(capsys):
    """The contracts stand in pyproject.toml."""
    status = lint_imports(config_filename=str(ROOT / "pyproject.toml"), no_cache=True)
    assert status == EXIT_STATUS_SUCCESS, capsys.readouterr().out


def test_no_module_is_a_drawer_for_everything():
    """What a thing is about is a better name for its module."""
    assert [str(path) for path in python_files() if path.stem in ("util", "utils", "misc", "common")] == []
