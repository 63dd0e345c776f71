"""Mutants of the sending pipeline."""

from tests.mutants.table import Mutant, Subject

SUBJECT = Subject(
    "flows/pipeline.py",
    tests=("tests/flows/test_sending.py", "tests/flows/test_offers.py", "tests/flows/test_booking.py"),
    mutants=(
        Mutant(
            "self.batch_size = min(limits.batch_size, connector.max_batch_size)", "self.batch_size = limits.batch_size"
        ),
        Mutant("        if self.is_prepared:\n            return\n", ""),
        Mutant("        await channel.sign_of_life()\n", ""),
        Mutant("        await self.hub.refresh()\n", ""),
        Mutant(
            "if check is not None and not (channel.is_sync or self.limits.is_sync or channel.can(check)):", "if False:"
        ),
        Mutant(
            "if self.limits.is_sync is not None and channel.is_sync not in (None, self.limits.is_sync):", "if False:"
        ),
        Mutant("        except TakenOverError as taken:", "        except ZeroDivisionError as taken:"),
        Mutant("return due, len(due.members) < self.size", "return due, False"),
        Mutant("return due, len(due.members) < self.size", "return due, True"),
        Mutant("not is_last or any(", "any(", tests=("tests/flows/test_sending.py",)),
        Mutant(
            "or any(member.pk not in self.seen for member in due.members)",
            "",
            tests=("tests/flows/test_call_by_call.py",),
        ),
        Mutant("        self.is_reading = False\n        if", "        if"),
        Mutant(
            "if self.group_by:\n            together",
            "if False:\n            together",
            tests=("tests/flows/test_call_by_call.py",),
        ),
        Mutant("(self.batch_size if self.group_by else 0)", "0", tests=("tests/flows/test_call_by_call.py",)),
        Mutant("        if not due.members:\n            return False\n", ""),
        Mutant("if not due.members:", "if not due:", tests=("tests/flows/test_odd_rows.py",)),
        Mutant(
            "            batch.fail_member(failure)\n", "            pass\n", tests=("tests/flows/test_odd_rows.py",)
        ),
        Mutant("        self.seen.update(member.pk for member in due.members)\n", ""),
        Mutant(
            "(member.pk for member in due.members)", "(row.pk for row in due)", tests=("tests/flows/test_odd_rows.py",)
        ),
        Mutant("        await self.hub.commit(batch)\n", ""),
        Mutant("            batch.add(member)", "            pass"),
        Mutant(
            "            await self.move(batch, BatchRequestStatus.commit)\n        return objects",
            "            pass\n        return objects",
        ),
        Mutant("[self.hub.report_failures(batch)] if batch.is_open else []", "[]"),
        Mutant("CHANNEL_APP_OLDER_THAN / 3", "CHANNEL_APP_OLDER_THAN * 3"),
        Mutant(
            "with deadline(self.owned_seconds, self.run.runtime.clock):",
            "with deadline(10**9, self.run.runtime.clock):",
        ),
        Mutant("owned = asyncio.timeout_at(ends_at)", "owned = asyncio.timeout(None)"),
        Mutant("if not owned.expired():", "if False:"),
        Mutant("if self.limits.is_success_log or not line.is_ok]", "if True]"),
        Mutant("if self.limits.is_success_log or not line.is_ok]", "if not line.is_ok]"),
        Mutant("                self.run.add_irregularities(odd)\n", ""),
        Mutant("case Accepted(remote_batch_id) if kind.check is None:", "case Accepted(remote_batch_id) if False:"),
        Mutant("                await self.settle_at_once(batch, outcome)\n", ""),
        Mutant(
            "if result.status is ResponseStatus.fail or not is_deletion]", "if result.status is ResponseStatus.fail]"
        ),
        Mutant(
            "if result.status is ResponseStatus.fail or not is_deletion]",
            "if True]",
            tests=("tests/flows/test_delete.py",),
        ),
        Mutant("            self.run.counts[self.sending.kind.success_label] += taken\n", "            pass\n"),
        Mutant(
            "                await self.move(batch, BatchRequestStatus.sent_to_remote)\n",
            "",
        ),
        Mutant("                self.run.add_remote_batch(batch)\n", ""),
        Mutant(
            "await self.run.check_bookings.book(batch.local_batch_id, remote_batch_id, 1, hub.logger(batch), wait)",
            "pass",
        ),
        Mutant("if self.limits.is_sync is not None and self.limits.is_sync != answered_at_once:", "if False:"),
        Mutant("        await self.hub.report_irregularities(batch, odd)\n", ""),
        Mutant("if any(not member.committed for member in batch.members.values()):", "if False:"),
        Mutant(
            "        await self.move(batch, BatchRequestStatus.done)\n",
            "",
        ),
        Mutant("        self.waiting.update(due.waiting)\n", ""),
        Mutant('"skip": self.seen', '"skip": ()'),
        Mutant('            self.run.counts["waiting"] += len(self.waiting)\n', ""),
    ),
)
