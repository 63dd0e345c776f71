"""Mutants of the texts and tables that are printed at a terminal."""

from tests.mutants.table import Mutant, Subject

SUBJECT = Subject(
    "deployments/drawing.py",
    tests=(
        "tests/deployments/test_hostile_names.py",
        "tests/deployments/test_status.py",
        "tests/deployments/test_drawing.py",
    ),
    mutants=(
        Mutant("Text(visible_line(text), style or", "Text(text, style or"),
        Mutant("visible_line(str(row[number]))", "str(row[number])"),
        Mutant("*map(Text, row)", "*row"),
        Mutant("Text(cell))", "cell)"),
        Mutant("for each in (headings, broken)", "for each in (headings,)"),
        Mutant("no_wrap=number != widest", "no_wrap=False"),
        Mutant("            if cell:\n", "            if True:\n"),
    ),
)
