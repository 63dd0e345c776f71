"""Mutants of the parts of a path that the channel names."""

from tests.mutants.table import Mutant, Subject

SUBJECT = Subject(
    "tasks/channel/sandbox/client.py",
    tests=("tests/tasks/test_sandbox_client.py",),
    mutants=(
        Mutant("checked_url(base_url)", "base_url", tests=("tests/tasks/test_channel_commands.py",)),
        Mutant("{segment(category_id)}", "{category_id}"),
        Mutant("{segment(batch_id)}", "{batch_id}"),
    ),
)
