"""Mutants of the file that the sandbox writes its credentials into."""

from tests.mutants.table import Mutant, Subject

SUBJECT = Subject(
    "deployments/sandbox/server.py",
    tests=("tests/deployments/test_cli.py::test_settings_are_for_nobody_elses_eyes",),
    mutants=(
        Mutant("os.O_TRUNC, PRIVATE)", "os.O_TRUNC)"),
        Mutant("    os.fchmod(descriptor, PRIVATE)\n", ""),
        Mutant("PRIVATE = 0o600", "PRIVATE = 0o640"),
    ),
)
