"""Mutants of the example connector's setup."""

from tests.mutants.table import Mutant, Subject

SUBJECT = Subject(
    "tasks/channel/sandbox/setup.py",
    tests=("tests/tasks/test_sandbox_connector.py",),
    mutants=(Mutant("{segment(action.remote_id or '')}", "{action.remote_id}"),),
)
