"""Mutants of the addresses of customers."""

from tests.mutants.table import Mutant, Subject

SUBJECT = Subject(
    "tasks/omnitron/orders/addresses.py",
    tests=("tests/tasks/test_addresses.py",),
    mutants=(Mutant("if row.customer in (None, self.customer.pk)]", "if True]"),),
)
