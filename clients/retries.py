"""Whether a request is sent again, and when."""

import logging

from tenacity import AsyncRetrying, RetryCallState, wait_exponential, wait_random_exponential

from clients.calls import Call, Traffic
from clients.clock import Clock
from clients.errors import ChannelAppError, ContractError, RateLimitedError, RetryableError
from clients.limits import RetryBudget
from clients.rates import LONGEST_WAIT, Pace

log = logging.getLogger("channel_app.http")

_BACKOFF = wait_random_exponential(multiplier=0.5, max=20)
"""The pause if the server asked for no other: full jitter over half a second, doubling with every try, 20 s at most."""
_PATIENCE = wait_exponential(multiplier=0.25, max=10) + wait_random_exponential(multiplier=0.25, max=10)
"""The same after too many calls. Half of it is certain: pauses of nothing would use up no time in which calls become free."""


class Retries:
    """The retries of one system: an outage is met with few tries and a budget, a limit of calls with patience.

    Args:
        tries: of a request, at most, if its trouble is no limit of calls.
        pace: pauses the groups of calls that are refused.
    """

    def __init__(self, tries: int, clock: Clock, pace: Pace, traffic: Traffic) -> None:
        self._tries = tries
        self._pace = pace
        self._traffic = traffic
        self._budget = RetryBudget()
        self._retrying = AsyncRetrying(
            sleep=clock.sleep,
            retry=_may_repeat,
            stop=self._gives_up,
            wait=self._pause,
            before_sleep=self._prepare,
            reraise=True,
        )

    def of_a_request(self) -> AsyncRetrying:
        """Those of a new request. It is called with the function that tries, and the call as the first argument."""
        self._budget.earn()
        return self._retrying.copy()

    def _gives_up(self, state: RetryCallState) -> bool:
        if isinstance(_error_of(state), RateLimitedError):
            # Nothing was done, and waiting helps. Not for ever: neither this call, nor a group of which no call gets through.
            waited = max(state.idle_for, self._pace.refused_for(_call_of(state).group))
            return waited + state.upcoming_sleep > LONGEST_WAIT
        return state.attempt_number >= self._tries or not self._budget.spend()

    def _pause(self, state: RetryCallState) -> float:
        error = _error_of(state)
        asked = error.context.get("retry_after")
        # Who asks for a second again and again is not taken at his word: sixty tries would be a storm.
        if asked is not None and state.attempt_number < self._tries:
            return float(asked)
        grown = _PATIENCE if isinstance(error, RateLimitedError) else _BACKOFF
        return max(grown(state), float(asked or 0))

    def _prepare(self, state: RetryCallState) -> None:
        self._traffic.retries += 1
        error = _error_of(state)
        if isinstance(error, RateLimitedError):
            self._pace.pause(_call_of(state).group, state.upcoming_sleep)
        log.warning("%s Trying again in %.1f s.", error.message, state.upcoming_sleep)


def _may_repeat(state: RetryCallState) -> bool:
    match state.outcome and state.outcome.exception():
        case ChannelAppError(context={"spent": True}):
            return False
        case RateLimitedError() as error:  # certainly not applied
            return (error.retry_after or 0) <= LONGEST_WAIT
        case (RetryableError() | ContractError(context={"unreadable": True})) as error:
            return _call_of(state).is_repeatable and (error.context.get("retry_after") or 0) <= LONGEST_WAIT
        case _:
            return False


def _call_of(state: RetryCallState) -> Call:
    call: Call = state.args[0]
    return call


def _error_of(state: RetryCallState) -> ChannelAppError:
    error = state.outcome and state.outcome.exception()
    if not isinstance(error, ChannelAppError):
        raise TypeError(f"only errors of this project are retried, not {error!r}")
    return error
