"""Every assumed line of the contract, and how a check tries one."""

from clients.errors import ChannelAppError, RetryableError, SkipError
from deployments.assumptions import batches, lists, objects, records
from deployments.assumptions.findings import Assumption, Assumptions, Finding, broken, not_tried
from deployments.assumptions.hub import CannotTryError
from deployments.assumptions.trial import Trial

ASSUMPTIONS: Assumptions = {
    **lists.ASSUMPTIONS,
    **batches.ASSUMPTIONS,
    **objects.ASSUMPTIONS,
    **records.ASSUMPTIONS,
}


async def attempt(assumption: Assumption, trial: Trial) -> Finding:
    """Tries one line. An unavailable hub proves nothing about it; an unexplained refusal breaks it."""
    try:
        return await assumption.attempt(trial)
    except (CannotTryError, SkipError, RetryableError) as reason:
        return not_tried(reason.message)
    except ChannelAppError as error:
        return broken(error.message)
