"""Mutants of the parts of a path that the channel names."""

from tests.mutants.table import Mutant, Subject

SUBJECT = Subject(
    "clients/sandbox_marketplace.py",
    tests=("tests/clients/test_sandbox_marketplace.py",),
    mutants=(
        Mutant("checked_url(base_url)", "base_url", tests=("tests/tasks/test_channel_commands.py",)),
        Mutant("{segment(category_id)}", "{category_id}"),
        Mutant("{segment(batch_id)}", "{batch_id}"),
    ),
)
