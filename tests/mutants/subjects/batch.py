"""Mutants of a batch: its members, its moves, and what a refused move means."""

from tests.mutants.table import Mutant, Subject

SUBJECT = Subject(
    "tasks/batch.py",
    tests=("tests/tasks/test_batch.py", "tests/tasks/test_settlement.py"),
    mutants=(
        Mutant("if not isinstance(moment, datetime):", "if False:"),
        Mutant(
            "remote_id=self.remote_id if self.failure is None else None,",
            "remote_id=self.remote_id,",
            survives="An object that has failed has no remote id any more: `fail_member` takes it away.",
        ),
        Mutant("failed_reason_type=self.failure.reason if self.failure else None,", "failed_reason_type=None,"),
        Mutant("version_date=self.version_date,", "version_date=datetime.now(self.version_date.tzinfo),"),
        Mutant("self.status not in (Status.done, Status.fail)", "self.status is not Status.done"),
        Mutant("self.is_known = row is None", "self.is_known = True"),
        Mutant(
            "if owner is None or owner.failure is None or member.object_key == member.owner:",
            "if True:",
        ),
        Mutant("        for failure in found:\n            self.fail_member(failure)\n", ""),
        Mutant("if member.content_type == wanted)", "if True)"),
        Mutant("if member.failure is None and not member.settled]", "if not member.settled]"),
        Mutant("if member.failure is None and not member.settled]", "if member.failure is None]"),
        Mutant("if failed not in self.members:", "if False:"),
        Mutant("                self.drop(member.object_key)  #", "                pass  #"),
        Mutant("elif member.failure is None:", "else:"),
        Mutant("member.failure, member.remote_id = failure, None", "member.failure = failure"),
        Mutant("                member.committed = False\n", ""),
        Mutant("member.reported = member.object_key != owner", "member.reported = False"),
        Mutant(
            "            if member.failure is None:\n                member.remote_id",
            "            if True:\n                member.remote_id",
        ),
        Mutant("            del self._by_owner[member.owner][object_key]", "            pass"),
        Mutant("        self._by_owner.clear()\n", ""),
        Mutant(
            "member.remote_id, member.settled, member.committed = remote_id, True, False",
            "member.remote_id, member.settled = remote_id, True",
        ),
        Mutant("            member.reported = True\n", "            pass\n"),
        Mutant("if member.failure and not member.reported]", "if member.failure]"),
        Mutant(
            "uncommitted = [member for member in self.members.values() if not member.committed]",
            "uncommitted = list(self.members.values())",
        ),
        Mutant("if m.failure is None and not (m.settled and m.remote_id)]", "if False]"),
        Mutant("not (m.settled and m.remote_id)]", "not m.settled]"),
        Mutant("await self._move(Status.fail, list(named) or None)", "await self._move(Status.fail)"),
        Mutant("if not may_move(self.status, to):", "if False:"),
        Mutant("content_type=self.content_type if to is Status.commit else None,", "content_type=None,"),
        Mutant(
            "remote_batch_id=self.remote_batch_id if to is Status.sent_to_remote else None,", "remote_batch_id=None,"
        ),
        Mutant("            await self._understand(to, error)\n", ""),
        Mutant("        self.status = to\n", ""),
        Mutant("            member.committed = True\n", "            pass\n"),
        Mutant(
            "        if LOCKED in said:",
            "        if False:",
            survives="A batch that stays `initialized` says the same; it only costs a request more to see that.",
        ),
        Mutant("        if OTHER_TYPE in said:", "        if False:"),
        Mutant("if found.status == to and self.status != to:", "if found.status == to:"),
        Mutant("if found.status == to and self.status != to:\n            return", "if False:\n            return"),
        Mutant(
            "if to is Status.commit and found.status is Status.initialized and error.body is not None:", "if False:"
        ),
        Mutant(" and error.body is not None:", ":"),
        Mutant("        if found.status != self.status:", "        if False:"),
        Mutant("            self.status = found.status\n", ""),
    ),
)
