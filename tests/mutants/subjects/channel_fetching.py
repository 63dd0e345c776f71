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
        Mutant("        if answer is None:\n            return []\n", ""),
        Mutant("if isinstance(answer, self.item) or _is_triple(answer):", "if _is_triple(answer):"),
        Mutant("if isinstance(answer, self.item) or _is_triple(answer):", "if isinstance(answer, self.item):"),
        Mutant(" and not isinstance(answer, str | bytes | Mapping | BaseModel):", ":"),
        Mutant("return await in_thread(list, answer)", "return list(answer)"),
        Mutant("            elif isinstance(entry, self.item):", "            elif True:"),
        Mutant("return all(isinstance(line, ErrorReportDto) for line in several(answer[1]))", "return True"),
    ),
)
