"""Mutants of the end of a batch in another process than the one that sent it."""

from tests.mutants.table import Mutant, Subject

SUBJECT = Subject(
    "tasks/omnitron/journal/settling.py",
    tests=("tests/flows/test_odd_rows.py", "tests/flows/test_verify.py", "tests/flows/test_delete.py"),
    mutants=(
        Mutant("                await self.integration.client.actions.fail(row.key)\n", "                pass\n"),
        Mutant("self.batch_request.take_members([*members, *odd])", "self.batch_request.take_members(members)"),
        Mutant("if member.failure is not None or member.object_key not in gone:", "if True:"),
        Mutant("            self.batch_request.drop((ContentType.integration_action, pk))\n", "            pass\n"),
        Mutant("owners.get(row.product, elsewhere)", "elsewhere", tests=("tests/flows/test_price_and_stock.py",)),
        Mutant("for group in (dependants, products):", "for group in (products,):"),
        Mutant(
            "        object_key = action.object_key\n        version = action.version_date or self",
            "        object_key = action.object_key\n        version = self",
        ),
    ),
)
