"""Mutants of the questions about batches that a channel answers later."""

from tests.mutants.table import Mutant, Subject

LOG = (
    "tests/flows/test_sending.py::test_success_lines_can_be_left_out_of_the_log",
    "tests/flows/test_sending.py::test_success_lines_are_written_otherwise",
    "tests/flows/test_verify.py::test_each_question_is_a_line_of_the_log",
)

SUBJECT = Subject(
    "flows/verify.py",
    tests=("tests/flows/test_verify.py", "tests/flows/test_booking.py", "tests/flows/test_partial_answers.py"),
    mutants=(
        Mutant("            except (AuthError, HeldBackError):\n                raise\n", ""),
        Mutant("case InProgress() if age < check.give_up_after:", "case InProgress() if True:"),
        Mutant("case InProgress() if age < check.give_up_after:", "case InProgress() if False:"),
        Mutant("case Unknown(why) if age < GRACE:", "case Unknown(why) if True:"),
        Mutant("case Unknown(why) if age < GRACE:", "case Unknown(why) if False:"),
        Mutant("        except TakenOverError as taken:", "        except ZeroDivisionError as taken:"),
        Mutant("if local_batch_id in (None, row.local_batch_id)]", "if True]"),
        Mutant("remote_batch_id, attempt + 1, hub", "remote_batch_id, attempt, hub"),
        Mutant(
            "while verified.result is Result.ongoing and (left := ends_at - clock.monotonic()) > 0:", "while False:"
        ),
        Mutant("            except Exception as error:", "            except ZeroDivisionError as error:"),
        Mutant("if self.is_success_log or not line.is_ok]", "if True]", tests=LOG),
        Mutant("batch_request=batch, unanswered=unanswered)", "batch_request=batch)"),
        Mutant("                await batch.ongoing()\n                wait", "                wait"),
        Mutant("if outcome.results and not check.needs_sent:", "if False:"),
        Mutant("if check.needs_sent and not batch.is_known:", "if False:"),
        Mutant("verified = checker.too_early(row, batch) or await", "verified = await"),
        Mutant("if since >= check.ask_every * NEARLY:", "if since >= check.ask_every * 2:"),
        Mutant("wait = outcome.ask_after or check.ask_every", "wait = check.ask_every"),
        Mutant('"NeverFinished", why, outcome.results)', '"NeverFinished", why)'),
        Mutant("                self.run.add_irregularities(odd)\n", ""),
        Mutant("        await hub.tell([line for line", "        ([line for line", tests=LOG),
    ),
)
