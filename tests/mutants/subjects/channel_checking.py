"""Mutants of the base of check commands."""

from tests.mutants.table import Mutant, Subject

SUBJECT = Subject(
    "tasks/channel/checking.py",
    tests=("tests/tasks/test_channel_commands.py", "tests/tasks/test_bad_answers.py"),
    mutants=(
        Mutant("        if not self.needs_sent:", "        if False:", tests=("tests/flows/test_partial_answers.py",)),
        Mutant("    channel.require(command)\n", "", tests=("tests/flows/test_verify.py",)),
        Mutant("                self.checked((), answer.reports)\n", ""),
        Mutant(
            "return Completed(results, lines, unreadable) if results or unreadable else InProgress(lines)",
            "return Completed(results, lines, unreadable)",
        ),
    ),
)
