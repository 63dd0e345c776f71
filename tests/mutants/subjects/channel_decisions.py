"""Mutants of the requests that the channel decides by itself."""

from tests.mutants.table import Mutant, Subject

SUBJECT = Subject(
    "tasks/omnitron/orders/channel_decisions.py",
    tests=("tests/tasks/test_channel_decisions.py", "tests/tasks/test_overlapping_requests.py"),
    mutants=(
        Mutant("return status in (noted.get(STATUS), noted.get(DECIDING))", "return status == noted.get(STATUS)"),
        Mutant("return status in (noted.get(STATUS), noted.get(DECIDING))", "return False"),
        Mutant(" or action.status is IntegrationActionStatus.processing:", ":"),
        Mutant("if row.status not in (decision, CancellationStatus.completed):", "if row.status != decision:"),
        Mutant("        if row.status is decision and row.modified_date is not None:\n", "        if False:\n"),
        Mutant("    wanted = _note(request).items()\n", "    wanted = {}.items()\n"),
    ),
)
