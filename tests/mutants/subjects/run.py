"""Mutants of what all runs have in common."""

from tests.mutants.table import Mutant, Subject

SUBJECT = Subject(
    "flows/run.py",
    tests=("tests/flows/test_sending.py", "tests/flows/test_telling.py", "tests/flows/test_verify.py"),
    mutants=(
        Mutant("for traffic in self._traffic) - log_ins,", "for traffic in self._traffic),"),
        Mutant("for name, number in self.counts.items() if number}", "for name, number in self.counts.items()}"),
        Mutant("        except SkipError as reason:", "        except ZeroDivisionError as reason:"),
        Mutant("+ batch.ended", "+ 0", tests=("tests/flows/test_delete.py",)),
        Mutant('        self.counts["failed"] += 1\n', ""),
        Mutant("        self.failures[code] += 1\n", ""),
        Mutant(
            "if batch.remote_batch_id and len(self.remote_batches) < REMOTE_BATCHES_KEPT:", "if batch.remote_batch_id:"
        ),
        Mutant("if member.failure is None) + batch", "if True) + batch"),
        Mutant("        if self._channel is None:", "        if True:"),
        Mutant("self.irregularities.update(odd.counts)", "pass"),
        Mutant(
            "name = redactor.line(row.name)",
            "name = row.name",
            tests=("tests/flows/test_personal_data.py", "tests/flows/test_orders.py"),
        ),
        Mutant(
            "            await self.told.tell(lines, hub.tell, self.log)\n", "", tests=("tests/flows/test_odd_rows.py",)
        ),
    ),
)
