"""Mutants of the prices and stocks that travel with products."""

from tests.mutants.table import Mutant, Subject

SUBJECT = Subject(
    "tasks/omnitron/catalogue/product_offers.py",
    tests=("tests/tasks/test_omnitron_commands.py",),
    mutants=(
        Mutant("        if row.pk not in elsewhere:\n", "        if True:\n"),
        Mutant("        if not is_all:\n", "        if False:\n"),
        Mutant(
            "content_type=self.adds, object_ids=rows, status",
            "content_type=self.adds, status",
            tests=("tests/flows/test_sending.py::test_a_batch_costs_the_same_however_many_are_open",),
        ),
        Mutant(
            "if action.local_batch_id != self.batch_request.local_batch_id}",
            "}",
            survives="What this batch holds is among its members already.",
        ),
    ),
)
