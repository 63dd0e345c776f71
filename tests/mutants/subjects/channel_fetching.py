"""Mutants of the commands that fetch."""

from tests.mutants.table import Mutant, Subject

SUBJECT = Subject(
    "tasks/channel/fetching.py",
    tests=(
        "tests/tasks/test_channel_commands.py",
        "tests/tasks/test_fetch_command.py",
        "tests/tasks/test_bad_answers.py",
    ),
    mutants=(
        Mutant("        if self.failed_object_list:\n            raise", "        if False:\n            raise"),
        Mutant("            case None:\n                return await self._page(await Stream.of(()))\n", ""),
        Mutant("if isinstance(answer, self.item) or _is_triple(answer):", "if _is_triple(answer):"),
        Mutant("if isinstance(answer, self.item) or _is_triple(answer):", "if isinstance(answer, self.item):"),
        Mutant("case str() | bytes() | Mapping() | BaseModel():", "case bytes() | BaseModel():"),
        Mutant("        unreadable, self.unreadable = self.unreadable, []\n", "        unreadable = self.unreadable\n"),
        Mutant("return await self._page(stream, at_most=PIECE)", "return await self._page(stream)"),
        Mutant("        if not is_blank(answer.next):\n", "        if False:\n"),
        Mutant("            elif isinstance(entry, self.item):", "            elif True:"),
        Mutant("return all(isinstance(line, ErrorReportDto) for line in several(answer[1]))", "return True"),
    ),
)
