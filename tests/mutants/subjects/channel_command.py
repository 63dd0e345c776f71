"""Mutants of the bases of a connector's commands."""

from tests.mutants.table import Mutant, Subject

SUBJECT = Subject(
    "tasks/channel/command.py",
    tests=(
        "tests/tasks/test_channel_commands.py",
        "tests/tasks/test_fetch_command.py",
        "tests/tasks/test_bad_answers.py",
    ),
    mutants=(
        Mutant("                    self.batch_request.fail_member(failure)", "                    pass"),
        Mutant("        if not self.needs_sent:", "        if False:", tests=("tests/flows/test_partial_answers.py",)),
        Mutant("    channel.require(command)\n", "", tests=("tests/flows/test_verify.py",)),
        Mutant(
            "        except ValidationError as error:\n            raise ContractError(",
            "        except ZeroDivisionError as error:\n            raise ContractError(",
        ),
        Mutant(
            "if not (isinstance(answer, tuple) and len(answer) == 3):  # noqa: PLR2004\n            raise",
            "if False:\n            raise",
        ),
        Mutant(
            "isinstance(results, list | tuple) and all(isinstance(result, ItemResult) for result in results)",
            "isinstance(results, list | tuple)",
        ),
        Mutant(
            "isinstance(lines, list | tuple) and all(isinstance(line, ErrorReportDto) for line in lines)",
            "isinstance(lines, list | tuple)",
        ),
        Mutant(
            "include_input=False",
            "include_input=True",
            survives="The message is made of the field and the rule; the input would only be carried along.",
        ),
        Mutant("value is None or (isinstance(value, str) and not value)", "value is None"),
        Mutant("value if isinstance(value, list | tuple) else (value,)", "value"),
        Mutant(
            "                self.checked(answer.results, answer.reports)\n"
            "                return replace(answer, unreadable=self.all_unreadable(answer.unreadable))\n"
            "            case Accepted",
            "                return answer\n            case Accepted",
        ),
        Mutant("case Accepted(remote_batch_id) if _is_id(remote_batch_id):", "case Accepted(remote_batch_id):"),
        Mutant("return bool(value) and not is_blank(value)", "return bool(value)"),
        Mutant("                self.checked(answer.rejected, answer.reports)\n", ""),
        Mutant("                self.batch_request.remote_batch_id = str(remote_batch_id)\n", ""),
        Mutant("if not results and not self.failed_object_list and not unreadable:", "if False:"),
        Mutant("not results and not self.failed_object_list and not unreadable:", "not results and not unreadable:"),
        Mutant("not self.failed_object_list and not unreadable:", "not self.failed_object_list:"),
        Mutant("                self.checked((), answer.reports)\n", ""),
        Mutant(
            "return Completed(results, lines, unreadable) if results or unreadable else InProgress(lines)",
            "return Completed(results, lines, unreadable)",
        ),
        Mutant("            except Exception as error:", "            except ZeroDivisionError as error:"),
        Mutant(
            "        except Exception:  # a row",
            "        except ZeroDivisionError:  # a row",
        ),
        Mutant("return NAMELESS if _is_empty(found) else str(found)", "return str(found)"),
        Mutant("dict.fromkeys([*answered, *self.unreadable])", "dict.fromkeys([*answered])"),
        Mutant(
            "self.checked(() if _is_empty(results) else results, several(lines))",
            "self.checked(results, several(lines))",
        ),
    ),
)
