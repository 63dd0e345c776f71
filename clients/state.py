"""What a connector keeps from run to run, a cursor or a token: with the Prefect server, whose UI shows and deletes it."""

import json
import logging
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from pydantic import SecretStr

from clients.errors import ConfigError, HeldBackError
from clients.flow_runs import PrefectUnavailableError
from clients.log_in_turns import LogInTurn
from clients.runtime import Runtime
from clients.variables import LONGEST_VALUE, MemorySecrets, MemoryVariables, Secrets, Variables

log = logging.getLogger("channel_app.state")

Answer = TypeVar("Answer")

_NAME = re.compile("[a-z0-9][a-z0-9-]{0,59}")


class State:
    """The values and secrets of one channel, by their names: Prefect variables `channel-app-state-<channel>-<name>`, and Secret
    blocks `channel-app-<channel>-<name>`.

    A convenience that may be lost at any moment, for an operator may delete it, and a server be set up anew: without it, things
    take longer, and nothing is wrong. Where there is no Prefect server, or none that answers, this object's memory is all there
    is, and one line of the log says so.
    """

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._channel_id = runtime.settings.OMNITRON_CHANNEL_ID
        self._values = MemoryVariables()
        self._secrets = MemorySecrets()
        self._has_told = False

    async def get(self, name: str) -> Any:
        """A value; None if there is none, or none any more.

        Raises:
            ConfigError: a name has small letters, digits and dashes, 60 at most.
        """
        key = self._variable(name)

        async def read(variables: Variables) -> Any:
            return (await variables.read(key)).get(key)

        return await self._with_variables(read)

    async def put(self, name: str, value: Any) -> None:
        """Keeps a value of JSON.

        Raises:
            ConfigError: it is no JSON, or too long; or the name is none.
        """
        key = self._variable(name)
        try:
            length = len(json.dumps(value, allow_nan=False))
        except (TypeError, ValueError) as error:
            raise ConfigError(
                f"The state `{name}` is no value of JSON ({error}): keep texts, numbers and lists."
            ) from None
        if length > LONGEST_VALUE:
            raise ConfigError(
                f"The state `{name}` has {length} characters as JSON, and Prefect takes {LONGEST_VALUE}: keep less, such as the "
                "last id alone."
            )

        async def write(variables: Variables) -> None:
            if not await variables.update(key, value) and not await variables.create(key, value):
                await variables.update(key, value)  # another run created it meanwhile

        await write(self._values)
        await self._with_variables(write)

    async def get_secret(self, name: str) -> str | None:
        """A secret, masked from now on in every text; None if there is none, or none any more. Raises like `get`."""
        block = self._block(name)
        secret = await self._with_secrets(lambda secrets: secrets.read(block))
        if secret is None:
            return None
        self._runtime.redactor.learn(secret.get_secret_value())
        return secret.get_secret_value()

    async def put_secret(self, name: str, value: str) -> None:
        """Keeps a secret text, masked from now on in every text. Raises like `get`."""
        block, secret = self._block(name), SecretStr(value)
        self._runtime.redactor.learn(value)
        await self._secrets.write(block, secret)
        await self._with_secrets(lambda secrets: secrets.write(block, secret))

    @asynccontextmanager
    async def log_in_turn(self, name: str) -> AsyncIterator[None]:
        """Surrounds a log-in: the processes of the channel log in one after the other. Who waits in vain goes on all the same."""
        turn = LogInTurn(self._channel_id, self._runtime.clock, "the channel", self._checked(name))
        try:
            await self._with_variables(turn.take)
        except HeldBackError as error:
            log.warning("%s This run does not wait any longer.", error.message)
        try:
            yield
        finally:
            await self._with_variables(turn.give_back)

    def _variable(self, name: str) -> str:
        return f"channel-app-state-{self._channel_id}-{self._checked(name)}"

    def _block(self, name: str) -> str:
        return f"channel-app-{self._channel_id}-{self._checked(name)}"

    def _checked(self, name: str) -> str:
        if not _NAME.fullmatch(name):
            raise ConfigError(f"`{name}` is no name of a state: take small letters, digits and dashes, 60 at most.")
        return name

    async def _with_variables(self, ask: Callable[[Variables], Awaitable[Answer]]) -> Answer:
        try:
            if self._runtime.variables is not None:
                return await ask(self._runtime.variables)
            url = await self._server()
            if url is not None:
                from clients.prefect_variables import PrefectVariables  # noqa: PLC0415  # Prefect is slow to import

                async with PrefectVariables.open(url) as variables:
                    return await ask(variables)
        except PrefectUnavailableError as error:
            self._tell(error.message)
        return await ask(self._values)

    async def _with_secrets(self, ask: Callable[[Secrets], Awaitable[Answer]]) -> Answer:
        try:
            if self._runtime.secrets is not None:
                return await ask(self._runtime.secrets)
            if await self._server() is not None:
                from clients.secret_blocks import PrefectSecrets  # noqa: PLC0415  # Prefect is slow to import

                return await ask(PrefectSecrets())
        except PrefectUnavailableError as error:
            self._tell(error.message)
        return await ask(self._secrets)

    async def _server(self) -> str | None:
        from clients.run_server import server_of_run  # noqa: PLC0415  # Prefect is slow to import

        url = await server_of_run()
        if url is None:
            self._tell("No Prefect server is at hand.")
        return url

    def _tell(self, why: str) -> None:
        if not self._has_told:
            self._has_told = True
            log.warning("%s The connector's state is in the memory of this process alone.", why)
