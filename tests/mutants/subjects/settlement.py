"""Mutants of the settlement of a channel's answers."""

from tests.mutants.table import Mutant, Subject

PARTS = ("tests/flows/test_partial_answers.py",)

SUBJECT = Subject(
    "tasks/settlement.py",
    tests=("tests/tasks/test_settlement.py",),
    mutants=(
        Mutant("if len(self.lines) < NAMED_AT_MOST:", "if True:"),
        Mutant("self.counts[kind] += 1", "self.counts[kind] = 1"),
        Mutant("return result.number or result.remote_id", "return result.remote_id"),
        Mutant('return result.sku or result.remote_id or ""', 'return result.remote_id or ""'),
        Mutant(
            "for member in batch.of_type():\n            self.by_pk",
            "for member in batch.members.values():\n            self.by_pk",
        ),
        Mutant(
            "return self.by_remote_id.get(remote_id) or self.by_key.get(result.number, [])",
            "return self.by_key.get(result.number) or self.by_remote_id.get(remote_id, [])",
            tests=("tests/tasks/test_order_updates.py::test_answers_are_matched_by_the_channels_id_first",),
        ),
        Mutant("if result.sku in self.by_key:", "if False:"),
        Mutant(
            "([] if self.swapped(result) else self.by_key.get(remote_id, []))",
            "[]",
        ),
        Mutant(
            "found = self.by_remote_id.get(remote_id) or ([]",
            "found = ([]",
        ),
        Mutant("        if not members:\n            odd.add", "        if False:\n            odd.add"),
        Mutant("            elif not partial:\n", "            else:\n"),
        Mutant("            elif unanswered is not None:\n", "            elif False:\n"),
        Mutant("            continue\n        name", "            pass\n        name"),
        Mutant(
            "if len(given) > len(names.by_key.get(name, [member])) and name not in duplicated:",
            "if len(given) > 1 and name not in duplicated:",
        ),
        Mutant(" and name not in duplicated:", ":"),
        Mutant("if len(answers) > 1:", "if False:"),
        Mutant("{(result.status, _remote_id_in(result)) for", '{(result.status, "") for'),
        Mutant("{(result.status, _remote_id_in(result)) for", "{_remote_id_in(result) for"),
        Mutant(
            "remote_id = member.remote_id or _remote_id_in(first)",
            "remote_id = _remote_id_in(first) or member.remote_id",
        ),
        Mutant("return None if is_blank(result.remote_id) else result.remote_id", "return result.remote_id"),
        Mutant("if member.object_key in spoilt:", "if False:"),
        Mutant("([] if self.swapped(result) else self.by_key.get(remote_id, []))", "self.by_key.get(remote_id, [])"),
        Mutant("is_blank(name) or name in self.by_key or", "is_blank(name) or"),
        Mutant("names.find(result) or names.swapped(result) for", "names.find(result) for"),
        Mutant('odd.add("unreadable", f"`{row.name}`: {row.why}")', "pass"),
        Mutant("elif first.status is ResponseStatus.fail:", "elif False:"),
        Mutant("message = first.message or f", "message = f"),
        Mutant("elif not remote_id:", "elif False:"),
        Mutant("            elif rest is not None:", "            elif False:", tests=PARTS),
        Mutant("    if rest is ResponseStatus.fail:", "    if False:", tests=PARTS),
        Mutant("        rest = None  # one", "        pass  # one", tests=PARTS),
        Mutant("remote_id = member.remote_id or member.key", "remote_id = member.remote_id", tests=PARTS),
        Mutant("        if not is_blank(first.message):", "        if True:", tests=PARTS),
        Mutant("elif not is_writable(remote_id):", "elif False:"),
        Mutant("elif len(shared.get(remote_id, ())) > 1:", "elif False:"),
        Mutant(
            "batch.settle_member(member.owner, remote_id)\n        if not is_blank",
            "batch.settle_member(member.object_key, remote_id)\n        if not is_blank",
            survives="Only objects of the batch's own type wait for a result, and each of them is its own owner.",
        ),
        Mutant(
            "if member.remote_id and member.failure is None:",
            "if member.remote_id:",
            survives="An object that has failed has no remote id any more: `Batch.fail_member` takes it away.",
        ),
        Mutant("list({**known[remote_id], **names})", "list(names)"),
        Mutant("if result.status is ResponseStatus.success and remote_id is not None:", "if remote_id is not None:"),
        Mutant("if odd.is_empty else _not_answered(member)", "if odd.is_empty else ''"),
        Mutant("if odd.is_empty else _not_answered(member)", "if False else _not_answered(member)"),
        Mutant("what = _EMPTY if self.is_empty else", "what ="),
    ),
)
