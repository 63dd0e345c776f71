"""The files around the program: hooks, templates, versions and the checks that run before a change lands."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.house.sources import ROOT

PYPROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
HOOKS: list[dict[str, Any]] = [
    hook
    for repository in yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))["repos"]
    for hook in repository["hooks"]
]
FORMS = sorted((ROOT / ".github/ISSUE_TEMPLATE").glob("[!c]*.yml"))


def recipe(target: str) -> str:
    """The commands of a target of the Makefile."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    found = re.search(rf"^{target}:.*\n((?:\t.*\n)+)", makefile, re.MULTILINE)
    assert found, target
    return found[1]


def test_the_hooks_are_what_make_lint_runs() -> None:
    """From the locked environment: a hook that is fetched could have another version."""
    commands = [hook["entry"].removeprefix(".venv/").replace(" --force-exclude", "") for hook in HOOKS]
    assert {hook["language"] for hook in HOOKS} == {"system"}
    linted = re.findall(r"\$\(BIN\)/(.*?)(?: \|\|.*)?$", recipe("lint"), re.MULTILINE)
    assert commands == ["bin/" + command.replace(" --quiet", "") for command in linted]


def test_the_hooks_can_be_read() -> None:
    validated = subprocess.run(
        [sys.executable, "-m", "pre_commit", "validate-config", str(ROOT / ".pre-commit-config.yaml")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert validated.returncode == 0, validated.stdout + validated.stderr


@pytest.mark.parametrize("form", FORMS, ids=lambda path: path.stem)
def test_a_form_for_issues_is_complete(form: Path) -> None:
    """A repository host shows no form that lacks one of these."""
    said = yaml.safe_load(form.read_text(encoding="utf-8"))
    assert {"name", "description", "body"} <= said.keys()
    asked = [field for field in said["body"] if field["type"] != "markdown"]
    assert asked
    assert [field for field in asked if not field["id"] or not field["attributes"]["label"]] == []


def test_the_oldest_python_is_the_same_everywhere() -> None:
    tool = PYPROJECT["tool"]
    (oldest,) = re.findall(r">=(3\.\d+)", PYPROJECT["project"]["requires-python"])
    assert tool["mypy"]["python_version"] == oldest
    assert tool["ruff"]["target-version"] == "py" + oldest.replace(".", "")
    assert f"--python-version {oldest}" in (ROOT / "Makefile").read_text(encoding="utf-8")


def test_the_supported_versions_of_python_are_those_of_the_matrix() -> None:
    named = re.findall(r"Python :: (3\.\d+)", "\n".join(PYPROJECT["project"]["classifiers"]))
    (tested,) = re.findall(r"^MATRIX \?= (.*)$", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    assert named == tested.split()


def test_no_file_names_the_version() -> None:
    """A tag makes it."""
    assert "version" in PYPROJECT["project"]["dynamic"]
    assert "version" not in PYPROJECT["project"]


@pytest.mark.parametrize("target", ["setup", "lint", "test", "matrix", "docs"])
def test_all_checks_run_before_a_change_lands(target: str) -> None:
    assert re.search(rf"^section .* make {target}$", (ROOT / ".ci/run").read_text(encoding="utf-8"), re.MULTILINE)
