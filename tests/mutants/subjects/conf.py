"""Mutants of a connector's settings."""

from tests.mutants.table import Mutant, Subject

SUBJECT = Subject(
    "tasks/channel/conf.py",
    tests=("tests/tasks/test_conf.py",),
    mutants=(
        Mutant("AfterValidator(checked_url), ", "", tests=("tests/tasks/test_channel_commands.py",)),
        Mutant("is_blank(given.get(key))", "False"),
        Mutant("            redactor.learn(secret)\n", "            pass\n"),
        Mutant("            yield from _secrets(dict(value))", "            yield from ()"),
        Mutant(
            "include_input=False, ",
            "",
            survives="The message is made of the rule; the input would only be carried along.",
        ),
        Mutant("        if name not in known or", "        if"),
        Mutant("is not known[name] and field.title", "is not known[name]"),
        Mutant(
            'return {**inner, "$defs": whole["$defs"]} if "$ref" in str(inner) else inner',
            'return {**inner, "$defs": whole["$defs"]}',
        ),
    ),
)
