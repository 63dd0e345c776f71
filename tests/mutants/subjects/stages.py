"""Mutants of the stages of an enrichment."""

from tests.mutants.table import Mutant, Subject

SUBJECT = Subject(
    "flows/stages.py",
    tests=("tests/flows/test_sending.py",),
    mutants=(
        Mutant("if all(item.pk in rows for _, rows in by_key)", "if any(item.pk in rows for _, rows in by_key)"),
        Mutant("    if not issubclass(command, Enrichment):", "    if False:"),
        Mutant(
            "*([[counterpart]] if counterpart else [])",
            "",
            tests=("tests/flows/test_price_and_stock.py",),
        ),
        Mutant("or each.command.adds in carried", "or True"),
    ),
)
