"""Mutants of the requests to cancel or refund."""

from tests.mutants.table import Mutant, Subject

SUBJECT = Subject(
    "tasks/omnitron/orders/cancellation_requests.py",
    tests=("tests/tasks/test_cancellation_requests.py",),
    mutants=(
        Mutant("        return request.order_item\n", "        return request.remote_id\n"),
        Mutant(" and row.pk not in self._taken\n", "\n"),
        Mutant("if row.cancellation_type == request.cancellation_type and row", "if row"),
        Mutant("bound = {action.object_id for action in actions if action.remote_id}", "bound: set[int] = set()"),
    ),
)
