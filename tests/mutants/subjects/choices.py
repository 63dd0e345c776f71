"""Mutants of the operator's choices."""

from tests.mutants.table import Mutant, Subject

SUBJECT = Subject(
    "deployments/choices.py",
    tests=("tests/deployments/test_choices.py",),
    mutants=(Mutant("refuse_clear_text(get_current_settings().api.url)", "pass"),),
)
