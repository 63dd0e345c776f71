"""Prefect's own API, as far as it is asked for more than Prefect asks by itself."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, Self
from uuid import UUID

import httpx
from prefect.client.orchestration import PrefectClient
from prefect.exceptions import ObjectNotFound
from prefect.settings import get_current_settings
from prefect.states import Scheduled

from clients.flow_runs import NotDeployedError, PrefectUnavailableError

SECONDS = 5.0
"""For all requests of one booking: neither a run nor a channel that tells an event waits for long."""


class PrefectFlowRuns:
    """Books flow runs through Prefect's API. A deployment's id is asked for once."""

    def __init__(self, client: PrefectClient, seconds: float) -> None:
        self.client = client
        self.seconds = seconds
        self._ids: dict[str, UUID] = {}

    @classmethod
    @asynccontextmanager
    async def open(cls, url: str, seconds: float = SECONDS) -> AsyncIterator[Self]:
        """Closed with the block. Asks nothing of Prefect yet."""
        api = get_current_settings().api
        client = PrefectClient(
            url,
            auth_string=api.auth_string.get_secret_value() if api.auth_string else None,
            api_key=api.key.get_secret_value() if api.key else None,
        )
        async with client:
            yield cls(client, seconds)

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
        async with self.in_time():
            run = await self.client.create_flow_run_from_deployment(
                await self.deployment_id(deployment),
                parameters=dict(parameters),
                state=Scheduled(scheduled_time=scheduled_time),
                name=name,
                tags=tags,
                idempotency_key=idempotency_key,
            )
        return run.id

    @asynccontextmanager
    async def in_time(self) -> AsyncIterator[None]:
        """Bounds the requests inside, and names what may go wrong with them.

        Raises:
            PrefectUnavailableError: Prefect's API does not answer as it should.
        """
        try:
            async with asyncio.timeout(self.seconds):
                yield
        # What is no flow run or no JSON is a ValueError; a proxy in between answers pages.
        except (httpx.HTTPError, TimeoutError, ValueError) as error:
            # It may be another database by the time that it answers again.
            self._ids.clear()
            raise PrefectUnavailableError(
                f"Prefect's API did not take the booking ({type(error).__name__})."
            ) from error

    async def deployment_id(self, name: str) -> UUID:
        """The key of a deployment.

        Raises:
            NotDeployedError: there is none of that name.
        """
        if name not in self._ids:
            try:
                self._ids[name] = (await self.client.read_deployment_by_name(name)).id
            except ObjectNotFound as error:
                raise NotDeployedError(
                    f"Prefect has no deployment `{name}`: run `prefect --no-prompt deploy --all` with the channel's "
                    "OMNITRON_CHANNEL_ID."
                ) from error
        return self._ids[name]
