"""Mutants of the errors that Prefect may store."""

from tests.mutants.table import Mutant, Subject

SUBJECT = Subject(
    "tasks/sanitizing.py",
    tests=("tests/tasks/test_sanitizing.py",),
    mutants=(
        Mutant("if is_an_authors(Path(frame.filename))), frames[-1])", "if False), frames[-1])"),
        Mutant("    error.message = redactor.text(error.message)\n", "    pass\n"),
        Mutant("    error.args = (error.message,)\n", ""),
        Mutant('    error.__dict__.pop("__notes__", None)\n', ""),
        Mutant("    error.__cause__, error.__suppress_context__ = None, True\n", ""),
        Mutant('redactor.text(f"{type(error).__name__}: {error}", limit=500)', 'f"{type(error).__name__}: {error}"'),
        Mutant("An unforeseen error: {place_of(error)}.", "An unforeseen error: {error}."),
    ),
)
