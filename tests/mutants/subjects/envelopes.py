"""Mutants of what a task is given: Prefect stores and walks what is in no envelope."""

from tests.mutants.table import Mutant, Subject

SUBJECT = Subject(
    "tasks/prefect_tasks.py",
    tests=("tests/house/test_flows.py",),
    mutants=(Mutant("async def _run(envelope: Envelope) -> Envelope:", "async def _run(envelope: str) -> Envelope:"),),
)
