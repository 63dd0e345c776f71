"""Mutants of the limits' numbers."""

from tests.mutants.table import Mutant, Subject

SUBJECT = Subject(
    "clients/slots.py",
    tests=("tests/clients/test_shared_rates.py",),
    mutants=(
        Mutant("burst = 1 + rate.calls // 10", "burst = rate.calls"),
        Mutant("(rate.calls - burst + 1)", "rate.calls"),
        Mutant("rate.seconds * MARGIN", "rate.seconds"),
        Mutant("self.most >= A_CALL and", ""),
        Mutant(" and self.per_second > 0", ""),
    ),
)
