"""Mutants of the rows of files."""

from tests.mutants.table import Mutant, Subject

SUBJECT = Subject(
    "clients/file_rows.py",
    tests=("tests/clients/test_file_rows.py",),
    mutants=(
        Mutant("        elif len(row) != len(names):", "        elif len(row) > len(names):"),
        Mutant("            if len(set(names)) < len(names):", "            if False:"),
        Mutant('"utf-8-sig" if number == 1 else "utf-8"', '"utf-8"'),
        Mutant("        if len(raw) > LONGEST_LINE:", "        if False:"),
        Mutant("strict=True)\n    names", "strict=False)\n    names"),
    ),
)
