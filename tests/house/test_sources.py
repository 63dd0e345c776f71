"""Rules for every file of the repository, and for every public name."""

import ast
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from tests.house.sources import LAYERS, files, place, python_files, tree_of

# In pieces, so that this file does not match.
MARKS = re.compile(r"\b(?:TO" + r"DO|FIX" + r"ME|X" + r"XX|HA" + r"CK)\b")
LOCAL_PATHS = re.compile(r"(?<![\w.~@:-])/(?:wo" + r"rk|ro" + r"ot|tmp/" + r"w)(?:/|\b)(?!\.)")
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
TOO_BIG = 1_000_000


def lines_with(pattern: re.Pattern[str], paths: list[Path]) -> list[str]:
    """The lines that match a pattern, with their places."""
    return [
        f"{place(path, number)}: {line.strip()[:120]}"
        for path in paths
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if pattern.search(line)
    ]


def is_text(path: Path) -> bool:
    """Whether the file is text of a readable size."""
    return path.stat().st_size < TOO_BIG and b"\0" not in path.read_bytes()[:1_000]


def bodies(tree: ast.Module) -> Iterator[list[ast.stmt]]:
    """The statements of the module, and of each class."""
    yield tree.body
    yield from (node.body for node in ast.walk(tree) if isinstance(node, ast.ClassDef))


def test_nothing_is_left_for_later_in_the_code():
    assert lines_with(MARKS, python_files()) == []


def test_no_file_names_a_place_on_somebodys_machine():
    assert lines_with(LOCAL_PATHS, [path for path in files() if is_text(path)]) == []


def test_no_test_sleeps():
    """It hands in a clock, or waits for an event."""
    sleeps = [
        place(path, node.lineno)
        for path in python_files("tests")
        for node in ast.walk(tree_of(path))
        if (isinstance(node, ast.Call) and ast.unparse(node.func) == "time.sleep")
        or (
            isinstance(node, ast.ImportFrom) and node.module == "time" and "sleep" in {name.name for name in node.names}
        )
    ]
    assert sleeps == []


def test_every_test_has_a_name_of_its_own():
    """Of two tests with one name, only the second runs."""
    twice = [
        f"{place(path)}: {name}"
        for path in python_files("tests")
        for body in bodies(tree_of(path))
        for name, number in Counter(node.name for node in body if isinstance(node, (*FUNCTIONS, ast.ClassDef))).items()
        if number > 1 and not any(_is_overload(node, name) for node in body)
    ]
    assert twice == []


def _is_overload(node: ast.stmt, name: str) -> bool:
    return (
        isinstance(node, FUNCTIONS)
        and node.name == name
        and any(re.search("overload|setter|register", ast.unparse(decorator)) for decorator in node.decorator_list)
    )


def test_every_test_is_collected():
    """Inside a function, or in a file that pytest does not collect, it would never run."""
    lost = [
        f"{place(path)}: {node.name}"
        for path in python_files("tests")
        for outer in ast.walk(tree_of(path))
        if isinstance(outer, FUNCTIONS) or not path.name.startswith("test_")
        for node in ast.iter_child_nodes(outer)
        if isinstance(node, FUNCTIONS) and node.name.startswith("test_")
    ]
    assert lost == []


def test_every_public_name_is_documented():
    """In the packages that connectors depend on; a method of a documented class needs no docstring."""
    silent = [
        place(path, getattr(node, "lineno", None))
        for path in python_files(*LAYERS)
        for node in (tree_of(path), *tree_of(path).body)
        if (isinstance(node, ast.Module) and node.body)
        or (isinstance(node, (*FUNCTIONS, ast.ClassDef)) and not node.name.startswith("_"))
        if not ast.get_docstring(node)
    ]
    assert silent == []
