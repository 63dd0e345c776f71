"""Mutants of the retries."""

from tests.mutants.table import Mutant, Subject

RATES = ("tests/clients/test_rates.py",)
MAY_REPEAT = 'return _call_of(state).is_repeatable and (error.context.get("retry_after") or 0) <= LONGEST_WAIT'

SUBJECT = Subject(
    "clients/retries.py",
    tests=("tests/clients/test_transport.py",),
    mutants=(
        Mutant("        self._budget.earn()\n", ""),
        Mutant('        case ChannelAppError(context={"spent": True}):\n            return False\n', ""),
        Mutant("return (error.retry_after or 0) <= LONGEST_WAIT", "return True"),
        Mutant(MAY_REPEAT, 'return (error.context.get("retry_after") or 0) <= LONGEST_WAIT'),
        Mutant(MAY_REPEAT, "return _call_of(state).is_repeatable"),
        Mutant("state.attempt_number >= self._tries or", "state.attempt_number > self._tries or"),
        Mutant(" or not self._budget.spend()", ""),
        Mutant("if isinstance(_error_of(state), RateLimitedError):", "if False:"),
        Mutant("max(state.idle_for, self._pace.refused_for(_call_of(state).group))", "state.idle_for"),
        Mutant("return waited + state.upcoming_sleep > LONGEST_WAIT", "return False"),
        Mutant("return max(grown(state), float(asked or 0))", "return grown(state)"),
        Mutant("asked is not None and state.attempt_number < self._tries", "asked is not None"),
        Mutant("_PATIENCE if isinstance(error, RateLimitedError) else _BACKOFF", "_BACKOFF"),
        Mutant("wait_exponential(multiplier=0.25, max=10) + wait_random", "wait_random"),
        Mutant("        self._traffic.retries += 1\n", ""),
        Mutant(
            "            self._pace.pause(_call_of(state).group, state.upcoming_sleep)\n",
            "            pass\n",
            tests=RATES,
        ),
    ),
)
