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
        Mutant("return bool(value) and not is_blank(value)", "return bool(value)"),
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
