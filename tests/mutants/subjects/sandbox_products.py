"""Mutants of the example connector's products."""

from tests.mutants.table import Mutant, Subject

SUBJECT = Subject(
    "tasks/channel/sandbox/products.py",
    tests=("tests/tasks/test_sandbox_connector.py",),
    mutants=(Mutant("{segment(str(batch.remote_batch_id))}", "{batch.remote_batch_id}"),),
)
