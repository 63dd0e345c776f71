"""Mutants of what a flow is given: Prefect stores and shows it."""

from tests.mutants.table import Mutant, Subject

SUBJECT = Subject(
    "flows/verify.py",
    tests=("tests/house/test_flows.py",),
    mutants=(
        Mutant(
            "async def verify_open_batches(is_success_log: IsSuccessLog = True)",
            'async def verify_open_batches(is_success_log: IsSuccessLog = True, api_key: str = "")',
        ),
    ),
)
