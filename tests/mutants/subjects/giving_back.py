"""Mutants of giving objects back."""

from tests.mutants.table import Mutant, Subject

SUBJECT = Subject(
    "tasks/omnitron/journal/giving_back.py",
    tests=("tests/flows/test_price_and_stock.py", "tests/flows/test_outages.py"),
    mutants=(
        Mutant("        batch.drop(object_key)\n", "        pass\n"),
        Mutant("if only is not None and object_key not in only:", "if False:"),
        Mutant("        if earlier is not None:\n", "        if False:\n"),
    ),
)
