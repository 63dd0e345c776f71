"""Mutants of the lists of due objects."""

from tests.mutants.table import Mutant, Subject

SUBJECT = Subject(
    "clients/omnitron/due.py",
    tests=("tests/flows/test_offers.py",),
    mutants=(
        Mutant("            not_ready.update(key for key in candidates if key not in found)\n", ""),
        Mutant("            candidates.clear()\n", ""),
        Mutant("        if candidates:\n            await choose()\n", ""),
        Mutant("        skipped = {*skip, *waiting}", "        skipped = {*skip}"),
        Mutant("        start = max(1, len(waiting) // PAGE)", "        start = 1"),
        Mutant("if len(found) + len(candidates) >= wanted:", "if False:"),
    ),
)
