"""Mutants of the tables that are printed at a terminal."""

from tests.mutants.table import Mutant, Subject

SUBJECT = Subject(
    "deployments/status.py",
    tests=("tests/deployments/test_hostile_names.py", "tests/deployments/test_status.py"),
    mutants=(
        Mutant("Text(visible_line(text), style or", "Text(text, style or"),
        Mutant("Text(visible_line(str(row[number])))", "Text(str(row[number]))"),
        Mutant("Text(visible_line(str(row[number])))", "visible_line(str(row[number]))"),
    ),
)
