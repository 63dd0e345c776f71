"""Mutants of the prices and stocks that one call carries together."""

from tests.mutants.table import Mutant, Subject

SUBJECT = Subject(
    "tasks/omnitron/catalogue/counterparts.py",
    tests=("tests/flows/test_price_and_stock.py",),
    mutants=(
        Mutant("if self.commits and row.pk not in elsewhere:", "if self.commits:"),
        Mutant("if self.commits and row.pk not in elsewhere:", "if False:"),
    ),
)
