"""Mutants of the limits that processes share."""

from tests.mutants.table import Mutant, Subject

SUBJECT = Subject(
    "clients/shared_rates.py",
    tests=("tests/clients/test_shared_rates.py",),
    mutants=(
        Mutant("not now.serves or ", ""),
        Mutant("is_new and (now", "(now"),
        Mutant("        queue.rate = rate\n", ""),
        Mutant("            self._alone_until = self._runtime.clock.monotonic() + ALONE\n", ""),
        Mutant("if await slots.take(name, got * A_CALL):", "if True:"),
        Mutant("<= now - self.since <= A_QUESTION", "<= now - self.since"),
        Mutant("places, self.places = self.places, 0", "places = self.places"),
        Mutant("queue.expect(coming, clock.monotonic() + pause)", "pass"),
        Mutant("if queue.steps_back():", "if False:"),
        Mutant("        self.meets_others &= was_expected", "        pass"),
        Mutant(" or self.taken % LOOKS_EVERY == 0", ""),
    ),
)
