"""Mutants of the reading of Secret blocks."""

from tests.mutants.table import Mutant, Subject

SUBJECT = Subject(
    "clients/secret_blocks.py",
    tests=("tests/clients/test_prefect_address.py",),
    mutants=(
        Mutant("refuse_clear_text(get_current_settings().api.url, reads_secrets=True)", "pass"),
        Mutant(", reads_secrets=True)", ")"),
    ),
)
