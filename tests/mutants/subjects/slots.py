"""Mutants of the limits' numbers."""

from tests.mutants.table import Mutant, Subject

SUBJECT = Subject(
    "clients/slots.py",
    tests=("tests/clients/test_shared_rates.py",),
    mutants=(
        Mutant("1 + ASKING * rate.calls", "rate.calls"),
        Mutant("(rate.calls + 1 - at_hand)", "rate.calls"),
        Mutant("rate.seconds * MARGIN", "rate.seconds"),
        Mutant("(missing + 1) / self.per_second", "missing / self.per_second"),
        Mutant("self.most >= A_CALL and", ""),
        Mutant(" and self.per_second > 0", ""),
    ),
)
