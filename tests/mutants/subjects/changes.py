"""Mutants of the setup's lines: one that cannot be written keeps no other out."""

from tests.mutants.table import Mutant, Subject

SUBJECT = Subject(
    "tasks/omnitron/setup/changes.py",
    tests=("tests/tasks/test_attribute_commands.py",),
    mutants=(
        Mutant("            self.problems.append(error)\n            return None", "            raise"),
        Mutant("        if self.problems:\n            raise", "        if False:\n            raise"),
        Mutant("    if len(sentences) == 1:", "    if True:"),
    ),
)
