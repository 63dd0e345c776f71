"""Booking flow runs of deployments: what is asked of Prefect, and how it may fail."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from clients.errors import ConfigError, RetryableError


class PrefectUnavailableError(RetryableError):
    """Prefect's API did not answer in time, or could not: the same may be asked for again."""


class NotDeployedError(ConfigError):
    """The deployment is not there."""


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
        """Books a run of `deployment` (`flow/deployment`), for now or for a moment in UTC; answers its id. The same key
        is the same run, however often it is asked for.

        Raises:
            NotDeployedError: there is no such deployment.
            PrefectUnavailableError: Prefect's API does not answer as it should.
        """
        ...
