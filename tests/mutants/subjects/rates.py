"""Mutants of the channel's limits."""

from tests.mutants.table import Mutant, Subject

SHARED = ("tests/clients/test_shared_rates.py",)
SUBJECT = Subject(
    "clients/rates.py",
    tests=("tests/clients/test_rates.py",),
    mutants=(
        Mutant("self.calls < 1 or self.seconds <= 0", "False"),
        Mutant("        async with of.turns:\n", "        if True:\n"),
        Mutant("len(self.starts) < self.rate.calls:", "True:"),
        Mutant("self.starts[0] + self.rate.seconds", "self.starts[-1] + self.rate.seconds"),
        Mutant("of.paused_until = max(of.paused_until, ", "of.paused_until = max(0.0, "),
        Mutant("        if group not in self._groups:", "        if False:"),
        Mutant("deque(of.starts, maxlen=rate.calls)", "deque([], maxlen=rate.calls)"),
        Mutant("self._take(group, of.rate, of.waiting)", "self._take(group, of.rate, 100)", tests=SHARED),
        Mutant("now - self.places[0] > GOOD_FOR * self.rate.seconds", "False", tests=SHARED),
        Mutant("            of.places.popleft()\n        of.starts", "        of.starts", tests=SHARED),
        Mutant("            if not of.has_place(now):\n                return False\n", "", tests=SHARED),
        Mutant("if left is not None and pause > left:", "if False:"),
        Mutant("if left is None and pause > LONGEST_WAIT:", "if False:"),
        Mutant(" and not of.turns.locked()", ""),
    ),
)
