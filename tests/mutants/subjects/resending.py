"""Mutants of sending again."""

from tests.mutants.table import Mutant, Subject

SUBJECT = Subject(
    "tasks/omnitron/catalogue/resending.py",
    tests=("tests/tasks/test_resending.py",),
    mutants=(
        Mutant("wire_date(version - A_LITTLE)", "wire_date(version)"),
        Mutant('_held(good, action, "Nothing was changed")', '_answer(good, ResendOutcome.due, "")'),
        Mutant(
            'return _held(good, action, "That batch took it up just now")',
            "pass",
        ),
        Mutant("if action is not None and _is_current(good, action):", "if action is not None:"),
        Mutant("if why := _never_sent_because(good.product):", 'if why := "":'),
        Mutant("if error.status not in NOT_TOUCHABLE:", "if error.status:"),
        Mutant("except ChannelAppError as error:  # the others go on", "except KeyError as error:"),
        Mutant('verb = which.removesuffix("s")', "verb = which"),
        Mutant("for answer in self._answers(sku, products, rows[sku])", "for answer in rows[sku]"),
    ),
)
