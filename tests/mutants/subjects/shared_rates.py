"""Mutants of the limits that processes share."""

from tests.mutants.table import Mutant, Subject

SUBJECT = Subject(
    "clients/shared_rates.py",
    tests=("tests/clients/test_shared_rates.py",),
    mutants=(
        Mutant("not now.serves or ", ""),
        Mutant("is_new and (now", "(now"),
        Mutant("        self._kept[group] = rate\n", ""),
        Mutant("            self._alone_until = self._runtime.clock.monotonic() + ALONE\n", ""),
        Mutant("got and await slots.take(name, got * A_CALL)", "got"),
    ),
)
