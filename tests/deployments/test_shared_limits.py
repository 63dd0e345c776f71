"""Two real processes, a real Prefect server, and a channel that takes two calls a second."""

import pytest
from prefect.settings import PREFECT_API_URL, temporary_settings

from deployments.bench.rates import A_CALL as ITEMS_OF_A_CALL
from deployments.bench.rates import ITEMS, Sent, two_processes

pytestmark = [pytest.mark.process, pytest.mark.flow, pytest.mark.slow]

CALLS = ITEMS // ITEMS_OF_A_CALL


async def sent(prefect_server: dict[str, str], *, share: bool) -> Sent:
    with temporary_settings({PREFECT_API_URL: prefect_server["PREFECT_API_URL"]}):
        return await two_processes(share=share)


async def test_processes_that_share_a_limit_are_not_refused(prefect_server: dict[str, str]) -> None:
    """At most once, and nothing is released."""
    found = await sent(prefect_server, share=True)
    assert (found.taken, found.released) == (CALLS, 0)
    assert found.refused <= 1, found


async def test_refusals_slow_processes_down_that_share_none(prefect_server: dict[str, str]) -> None:
    """The calls get through within the time of a send: nothing is released."""
    found = await sent(prefect_server, share=False)
    assert (found.taken, found.released) == (CALLS, 0)
    assert found.refused > 0, found
