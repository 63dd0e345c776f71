"""Mutants of the lists of due objects."""

from tests.mutants.table import Mutant, Subject

SUBJECT = Subject(
    "clients/omnitron/due.py",
    tests=("tests/flows/test_offers.py",),
    mutants=(
        Mutant("            waiting.update(key for key in candidates if key not in found)\n", ""),
        Mutant("            candidates.clear()\n", ""),
        Mutant("        if candidates:\n            await choose()\n", ""),
        Mutant("if len(found) + len(candidates) >= wanted:", "if False:"),
    ),
)
