"""Mutants of the base of send commands."""

from tests.mutants.table import Mutant, Subject

SUBJECT = Subject(
    "tasks/channel/sending.py",
    tests=("tests/tasks/test_channel_commands.py", "tests/tasks/test_bad_answers.py"),
    mutants=(
        Mutant(
            "                self.checked(answer.results, answer.reports)\n"
            "                return replace(answer, unreadable=self.all_unreadable(answer.unreadable))\n"
            "            case Accepted",
            "                return answer\n            case Accepted",
        ),
        Mutant("case Accepted(remote_batch_id) if is_id(remote_batch_id):", "case Accepted(remote_batch_id):"),
        Mutant("                self.checked(answer.rejected, answer.reports)\n", ""),
        Mutant("                self.batch_request.remote_batch_id = str(remote_batch_id)\n", ""),
        Mutant("if not results and not self.failed_object_list and not unreadable:", "if False:"),
        Mutant("not results and not self.failed_object_list and not unreadable:", "not results and not unreadable:"),
        Mutant("not self.failed_object_list and not unreadable:", "not self.failed_object_list:"),
        Mutant(
            "self.one_by_one(validated_data) if self.is_one_by_one() else validated_data",
            "validated_data",
            tests=("tests/flows/test_one_by_one.py",),
        ),
    ),
)
