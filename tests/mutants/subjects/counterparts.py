"""Mutants of the prices and stocks that one call carries together."""

from tests.mutants.table import Mutant, Subject

SUBJECT = Subject(
    "tasks/omnitron/catalogue/counterparts.py",
    tests=("tests/flows/test_price_and_stock.py",),
    mutants=(
        Mutant("        if self.commits:\n            offers =", "        if False:\n            offers ="),
        Mutant("            found = await self._found(offers)  # what", "            # what"),
        Mutant("known is None or known.version_date != member.version_date", "known is None"),
        Mutant("            except UnreadableRowError as error:", "            except ZeroDivisionError as error:"),
        Mutant("and action.local_batch_id != own", "and False"),
        Mutant("and action.status is IntegrationActionStatus.processing", "and True"),
        Mutant("            await give_back(self.integration.client, self.batch_request, only=held)\n", ""),
        Mutant("                self.batch_request.before[self._counterpart, row.pk] = action\n", ""),
    ),
)
