"""The holds that stand now, for commands that show the state of the channel. No server is started for them."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import NamedTuple

from prefect.settings import PREFECT_API_URL

from clients.errors import ConfigError
from clients.flow_runs import PrefectUnavailableError
from clients.prefect_variables import PrefectVariables
from deployments.reach_prefect import address, reach_prefect
from dto.holds import Hold
from flows.holding import read_holds

SECONDS = 5.0
"""The time for the server's first answer: the command has more to show."""


@asynccontextmanager
async def variables_at_hand(seconds: float | None = None) -> AsyncIterator[PrefectVariables]:
    """The variables of the server that PREFECT_API_URL names. Its first answer has to come within `seconds`.

    Raises:
        PrefectUnavailableError: the server does not answer as it should; names its address.
    """
    await reach_prefect(seconds)
    try:
        async with PrefectVariables.open(PREFECT_API_URL.value() or "") as variables:
            yield variables
    except PrefectUnavailableError as error:
        raise PrefectUnavailableError(
            f"{error.message} See the log of the server at {address()}, or correct PREFECT_API_URL."
        ) from error


class StandingHolds(NamedTuple):
    """The holds of a channel, by the names of their variables, and the reason if they are unknown."""

    holds: Mapping[str, Hold]
    note: str | None = None


async def read_standing_holds(channel_id: int) -> StandingHolds:
    """The holds of a channel, if the Prefect server that keeps them is known and answers."""
    if not PREFECT_API_URL.value():
        return StandingHolds(
            {},
            "Whether scheduled runs hold back is unknown: PREFECT_API_URL is not set. Name their Prefect server; that of "
            "`channel-app serve` is PREFECT_API_URL=http://127.0.0.1:4200/api.",
        )
    try:
        async with variables_at_hand(SECONDS) as variables:
            return StandingHolds(await read_holds(variables, channel_id))
    except (PrefectUnavailableError, ConfigError) as error:
        return StandingHolds({}, f"Whether scheduled runs hold back is unknown. {error.message}")
