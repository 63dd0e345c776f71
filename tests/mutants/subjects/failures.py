"""Mutants of the list of failed objects as a file."""

from tests.mutants.table import Mutant, Subject

SUBJECT = Subject(
    "deployments/failures.py",
    tests=("tests/deployments/test_failures.py",),
    mutants=(
        Mutant(
            "if shown.lstrip().startswith(_FORMULA) else shown", "if shown.startswith(_FORMULA) and False else shown"
        ),
        Mutant('_FORMULA = ("=", "+", "-", "@")', '_FORMULA = ("=", "+", "-")'),
        Mutant("found.failures[:SHOWN]", "found.failures"),
        Mutant("if failure.is_due is None:", "if False:"),
        Mutant("if failure.next_try > now:", "if True:"),
    ),
)
