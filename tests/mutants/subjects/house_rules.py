"""Mutants that break a rule of the whole program: imports that go one way, JSON alone, and no secret where Prefect stores it."""

from tests.mutants.table import Mutant, Subject

SUBJECT = Subject(
    "clients/clock.py",
    tests=("tests/house/test_controls.py",),
    mutants=(
        Mutant("", "\nimport tasks.batch\n", tests=("tests/house/test_imports.py::test_imports_go_one_way",)),
        Mutant("", "\nimport pickle\n"),
        Mutant("", "\nfrom marshal import loads\n"),
    ),
)
