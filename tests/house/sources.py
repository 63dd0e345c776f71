"""The files, modules and classes of the repository, for the tests of its rules."""

import ast
import importlib
import pkgutil
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]
LAYERS = ("dto", "clients", "tasks", "flows")
"""The packages that connectors depend on; deployments are above them."""


@cache
def files() -> tuple[Path, ...]:
    """Every file that is in the repository, or would be after `git add`."""
    command = ("git", "-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    try:
        listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("not a checkout")
    found = (ROOT / name for name in listed.split("\0") if name)
    return tuple(path for path in found if path.is_file())


def python_files(*folders: str) -> list[Path]:
    """The Python files of some folders, or all of them."""
    return [
        path for path in files() if path.suffix == ".py" and (not folders or path.relative_to(ROOT).parts[0] in folders)
    ]


@cache
def tree_of(path: Path) -> ast.Module:
    """A file's syntax tree."""
    return ast.parse(path.read_text(encoding="utf-8"))


@cache
def names_of_tests() -> frozenset[str]:
    """Every test, as `path::name`."""
    return frozenset(
        f"{place(path)}::{node.name}"
        for path in python_files("tests")
        for node in tree_of(path).body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_")
    )


def place(path: Path, line: int | None = None) -> str:
    """`folder/file.py:12`, for messages."""
    name = path.relative_to(ROOT).as_posix()
    return name if line is None else f"{name}:{line}"


def modules(*packages: str) -> Iterator[ModuleType]:
    """Every module of some packages, imported."""
    for package in packages:
        top = importlib.import_module(package)
        yield top
        for found in pkgutil.walk_packages(top.__path__, f"{package}."):
            yield importlib.import_module(found.name)


def classes(*packages: str) -> list[type]:
    """Every class that is defined in some packages."""
    return [
        value
        for module in modules(*packages)
        for value in vars(module).values()
        if isinstance(value, type) and value.__module__ == module.__name__
    ]
