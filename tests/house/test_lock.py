"""The locks hold every dependency, and nothing else."""

import importlib
import re
import tomllib
import warnings
from importlib import metadata
from itertools import chain

import pytest
from packaging.requirements import Requirement

from tests.house.sources import ROOT

LOCKS = {
    path: (ROOT / path).read_text(encoding="utf-8") for path in ("requirements.lock", "deployments/requirements.lock")
}
"""For a checkout, and for a container."""
ENTRY = re.compile(
    r"^(?P<name>[a-z0-9][a-z0-9._-]*)==(?P<version>[\w.!]+)(?: *;[^\\\n]*)? \\\n(?: {4}--hash=\S+(?: \\)?\n)+",
    re.MULTILINE,
)


def declared(*extras: str) -> list[str]:
    """The requirements of the project and of the named extras; without a name, of all extras."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    optional = project["optional-dependencies"]
    return [*project["dependencies"], *chain.from_iterable(optional[extra] for extra in extras or optional)]


def without_comments(lock: str) -> str:
    return re.sub(r"(?m)^\s*#.*\n?", "", LOCKS[lock])


def locked(lock: str = "requirements.lock") -> dict[str, str]:
    """The version of each package."""
    return {found["name"]: found["version"] for found in ENTRY.finditer(without_comments(lock))}


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_holds_packages_with_hashes_and_nothing_else(lock: str):
    """No host, no path, no local build: each installation chooses its own package index."""
    text = without_comments(lock)
    assert len(locked(lock)) > 50
    assert ENTRY.sub("", text).strip() == ""
    hashes = re.findall(r"--hash=(\S+)", text)
    assert [found for found in hashes if not re.fullmatch(r"sha256:[0-9a-f]{64}", found)] == []
    assert re.findall(r"\S*(?:://|file:|\.whl|(?<!\S)[./~]\S*/)\S*", LOCKS[lock]) == []


def test_a_container_holds_the_same_versions_and_no_tool_for_developers():
    contained, all_of_them = locked("deployments/requirements.lock"), locked()
    assert [name for name, version in contained.items() if all_of_them.get(name) != version] == []
    wanted = {Requirement(text).name.lower() for text in declared("large")}
    assert wanted <= contained.keys()
    assert not contained.keys() & {"mypy", "playwright", "pytest", "ruff", "sphinx"}


def test_the_lock_answers_every_requirement_of_the_project():
    versions = locked()
    requirements = [Requirement(text) for text in declared()]
    assert requirements
    unanswered = [
        str(wanted) for wanted in requirements if versions.get(wanted.name.lower(), "") not in wanted.specifier
    ]
    assert unanswered == []


@pytest.mark.slow
def test_the_server_of_prefect_can_be_imported_with_the_versions_of_the_lock():
    """Prefect sets no bound on FastAPI, but its server cannot be imported with every version."""
    for name in ("prefect", "fastapi", "pydantic"):
        assert metadata.version(name) == locked()[name]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # theirs
        importlib.import_module("prefect.server.api.server")
