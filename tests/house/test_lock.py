"""What is installed: everything, and nothing but, what requirements.lock says."""

import importlib
import re
import tomllib
import warnings
from importlib import metadata
from itertools import chain

import pytest
from packaging.requirements import Requirement

from tests.house.sources import ROOT

LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")
WITHOUT_COMMENTS = re.sub(r"(?m)^\s*#.*\n?", "", LOCK)
ENTRY = re.compile(
    r"^(?P<name>[a-z0-9][a-z0-9._-]*)==(?P<version>[\w.!]+)(?: *;[^\\\n]*)? \\\n(?: {4}--hash=\S+(?: \\)?\n)+",
    re.MULTILINE,
)


def declared() -> list[str]:
    """The requirements of the project, of its larger forms, and of those who work on it."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return [*project["dependencies"], *chain.from_iterable(project["optional-dependencies"].values())]


def locked() -> dict[str, str]:
    """The version of each package."""
    return {found["name"]: found["version"] for found in ENTRY.finditer(WITHOUT_COMMENTS)}


def test_the_lock_holds_packages_with_hashes_and_nothing_else():
    """No host, no path, no build of somebody's own: whoever installs chooses where from."""
    assert len(locked()) > 50
    assert ENTRY.sub("", WITHOUT_COMMENTS).strip() == ""
    hashes = re.findall(r"--hash=(\S+)", WITHOUT_COMMENTS)
    assert [text for text in hashes if not re.fullmatch(r"sha256:[0-9a-f]{64}", text)] == []
    assert re.findall(r"\S*(?:://|file:|\.whl|(?<!\S)[./~]\S*/)\S*", LOCK) == []


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
    """Prefect sets no bound on FastAPI, and its server does not import with every one."""
    for name in ("prefect", "fastapi", "pydantic"):
        assert metadata.version(name) == locked()[name]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # theirs
        importlib.import_module("prefect.server.api.server")
