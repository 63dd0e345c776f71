"""Mutants of the pipeline that sends in several calls."""

from tests.mutants.table import Mutant, Subject

SUBJECT = Subject(
    "flows/call_by_call.py",
    tests=("tests/flows/test_call_by_call.py", "tests/flows/test_one_by_one.py"),
    mutants=(
        Mutant("and channel.can(check) and not channel.is_sync:", "and False:"),
        Mutant(
            "        await super().send_due(due)\n        self.raise_if_stopped()\n",
            "        await super().send_due(due)\n",
        ),
        Mutant("and not isinstance(stopped_by, NoTurnError):", "and True:"),
        Mutant("        await self.read_standing(batch)\n", "        pass\n"),
        Mutant("if self.stopped_by is not None or loop.time() >= ends_at:", "if False:"),
        Mutant("                    self.fail_call(batch, call, error)\n", "                    pass\n"),
        Mutant("        if errors and not answers:\n            raise errors[0]\n", ""),
        Mutant("        await self.give_back(batch, unsent)\n", ""),
        Mutant("        self.seen.difference_update(pk for _, pk in unsent)\n", ""),
        Mutant("if member.owner in owners]", "if member.object_key in owners]"),
        Mutant("        await self.end_failed(draft)\n", ""),
        Mutant("            await self.read_ahead(draft, calls[number:])\n", ""),
        Mutant("        if first_error is not None and not has_sent:", "        if first_error is not None:"),
        Mutant("        if first_error is not None and not has_sent:", "        if False:"),
        Mutant(" and now - self.read_at < FRESH:", ":"),
        Mutant("            await self.end(batch)\n            return error\n", "            return error\n"),
        Mutant("if is_sent or is_held:", "if is_sent:"),
        Mutant("if is_sent or is_held:", "if is_held:"),
        Mutant("self.seen.discard(member.owner[1])", "pass"),
        Mutant("            case NoTurnError():\n                return False\n", ""),
        Mutant(
            "            case RetryableError() if self.failed_calls == 0:",
            "            case RetryableError() if False:",
        ),
        Mutant("        self.failed_calls = 0\n        await self.settle", "        await self.settle"),
        Mutant("                self.failed_calls = 0\n            except", "            except"),
        Mutant(
            "        except (RetryableError, AuthError):\n            return False",
            "        except (RetryableError, AuthError):\n            return True",
        ),
        Mutant("return action.version_date >= member.version_date", "return False"),
        Mutant("return action.version_date > member.version_date", "return False"),
        Mutant(
            "command.max_items_per_call is None and not command.is_one_by_one()", "command.max_items_per_call is None"
        ),
    ),
)
