"""Booking flow runs of deployments: the request to Prefect, and its errors."""

from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from clients.errors import ConfigError, RetryableError

starts_later_runs: ContextVar[bool] = ContextVar("starts_later_runs", default=True)
"""Whether the server of the current run starts runs that are booked for later. One that stays for a single command does not."""


class PrefectUnavailableError(RetryableError):
    """Prefect's API did not answer in time, or could not: the same may be tried again."""


class NotDeployedError(ConfigError):
    """The deployment does not exist."""


class FlowRuns(Protocol):
    """Books flow runs."""

    async def book(
        self,
        deployment: str,
        *,
        parameters: Mapping[str, Any],
        tags: Sequence[str],
        idempotency_key: str,
        name: str | None = None,
        scheduled_time: datetime | None = None,
    ) -> UUID:
        """Books a run of `deployment` (`flow/deployment`), for now or for a moment in UTC, and returns its id. The
        same key always names the same run.

        Raises:
            NotDeployedError: there is no such deployment.
            PrefectUnavailableError: Prefect's API does not answer as it should.
        """
        ...
