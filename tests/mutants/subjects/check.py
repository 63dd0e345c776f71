"""Mutants of the check of an installation."""

from tests.mutants.table import Mutant, Subject

SUBJECT = Subject(
    "deployments/check.py",
    tests=("tests/deployments/test_check.py",),
    mutants=(
        Mutant("refuse_clear_text(get_current_settings().api.url)", "pass"),
        Mutant('                self.odd("settings", weakness)\n', "                pass\n"),
        Mutant(
            "`{visible_line(channel.name)}`", "`{channel.name}`", tests=("tests/deployments/test_hostile_names.py",)
        ),
    ),
)
