"""Mutants of orders and items that take the place of others."""

from tests.mutants.table import Mutant, Subject

SUBJECT = Subject(
    "tasks/omnitron/orders/replacing.py",
    tests=("tests/tasks/test_replacing.py",),
    mutants=(
        Mutant("    if row.remote_id != remote_id:\n", "    if True:\n"),
        Mutant('"id": remote_id, FORMER_IDS: former}', '"id": remote_id}'),
        Mutant("    if action is not None and action.remote_id != remote_id:\n", "    if False:\n"),
        Mutant("if _is_untouched(before, row, action) and row", "if row"),
        Mutant("if _is_untouched(before, row, action) and row", "if False and row"),
        Mutant("return before.model_dump(exclude=_OF_A_REPLACEMENT) == after", "return True or after"),
        Mutant("    if is_blank(entry.replaces):\n        return entry\n", "    return entry\n"),
    ),
)
