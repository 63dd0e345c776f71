"""Mutants of the masked log."""

from tests.mutants.table import Mutant, Subject

SUBJECT = Subject(
    "tasks/log.py",
    tests=("tests/tasks/test_log.py",),
    mutants=(
        Mutant("record.msg, record.args = self._redactor.text(text, LONGEST), None", "pass"),
        Mutant("record.exc_text = self._redactor.text(trace, LONGEST)", "record.exc_text = trace"),
        Mutant("                record.exc_info = None\n", "                pass\n"),
        Mutant('            text = f"{record.msg} {record.args}"\n', "            return True\n"),
        Mutant("        handlers.add(logging.lastResort)\n", "        pass\n"),
        Mutant("        handler.addFilter(masking)\n", "        pass\n"),
        Mutant("            handler.removeFilter(masking)\n", "            pass\n"),
    ),
)
