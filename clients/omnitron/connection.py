"""One call to Omnitron: log-in, addresses, parsing."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pydantic import ValidationError

from clients.answers import Reply
from clients.calls import Call
from clients.clock import http_date
from clients.errors import AuthError, ContractError, HubUnavailableError, RefusedError
from clients.log_in import Key, LogIn, Send
from clients.omnitron.rows import LeftOut, Row, problem_of
from clients.runtime import Runtime
from clients.transport import Transport

_HEADER_VALUE = re.compile(r"[!-~]+")
"""The keys that a header can carry: printable ASCII without blanks."""


class OmnitronConnection:
    """The connection to one channel of one Omnitron.

    Every call raises what `Transport.send` raises, and ContractError if a row lacks a field or has another type.
    """

    def __init__(self, runtime: Runtime) -> None:
        settings = runtime.settings
        self.channel_id = settings.OMNITRON_CHANNEL_ID
        self.redactor = runtime.redactor
        self._password = settings.OMNITRON_PASSWORD
        if self._password is not None:
            self.redactor.learn(self._password.get_secret_value())
        self._runtime = runtime
        self._settings = settings
        self._clock = runtime.clock
        self._base = f"{settings.OMNITRON_URL}/api/v1/"
        self._transport = Transport(
            "Omnitron",
            self._base,
            runtime,
            unavailable=HubUnavailableError,
            log_in=LogIn(self._fresh_key, runtime, lambda key: {"Authorization": f"Token {key}"}),
        )
        self.traffic = self._transport.traffic
        self.left_out = LeftOut()
        """The rows that lists left out, because they do not fit the contract."""
        self._date = ""

    async def aclose(self) -> None:
        """Closes the connections."""
        await self._transport.aclose()

    @property
    def server_time(self) -> datetime:
        """Omnitron's own clock at its last answer: ages of its batches are measured against it."""
        return http_date(self._date) or self._clock.now()

    # -- one call ------------------------------------------------------------------------------------------------

    async def call(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        repeatable: bool = True,
    ) -> Reply:
        """Sends one request as the channel's user; logs in first, and once more if the key has expired."""
        reply = await self._transport.send(Call(method, path, params or {}, body, headers or {}, repeatable))
        self._date = reply.headers.get("Date", self._date)
        return reply

    async def row(
        self,
        model: type[Row],
        method: str,
        path: str,
        *,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        repeatable: bool = True,
    ) -> Row:
        """Sends one request whose answer is one row."""
        reply = await self.call(method, path, body=body, headers=headers, repeatable=repeatable)
        return self.parse(model, reply.data, f"{method} {path}")

    async def _fresh_key(self, send: Send) -> Key:
        user, block = self._settings.OMNITRON_USERNAME, self._settings.OMNITRON_PASSWORD_BLOCK
        if self._password is None:  # kept: a run that is under way needs no Prefect to log in again
            self._password = await self._runtime.secret(block)
        credentials = {"username": user, "password": self._password.get_secret_value()}
        try:
            async with self._runtime.log_in_turn():
                self.traffic.log_ins += 1
                reply = await send(Call("POST", "auth/login/", body=credentials, repeatable=True))
        except (RefusedError, AuthError) as error:
            raise AuthError(
                f"Omnitron refused the log-in of `{user}`: {error.message} Check OMNITRON_USERNAME and "
                f"{f'the Secret block `{block}`' if block else 'OMNITRON_PASSWORD'}; nothing was tried again, for an "
                "account locks after a few wrong tries.",
                **error.context,
            ) from error
        key = reply.data.get("key") if isinstance(reply.data, dict) else None
        if not isinstance(key, str) or not _HEADER_VALUE.fullmatch(key):
            raise ContractError("Omnitron answered the log-in without a `key`. Is OMNITRON_URL an Omnitron's address?")
        return Key(key)

    # -- addresses and rows --------------------------------------------------------------------------------------

    def path(self, resource: str) -> str:
        """The path of a resource below the channel."""
        return f"channel/{self.channel_id}/{resource}/"

    def url(self, path: str) -> str:
        """The full address of a path. It holds no credential, for settings allow none in it."""
        return self._base + path

    def parse(self, model: type[Row], data: Any, request: str) -> Row:
        """A row of an answer.

        Raises:
            ContractError: a field is missing or has another type; the message names it and the `request`.
        """
        try:
            return model.model_validate(data)
        except ValidationError as error:
            raise ContractError(
                f"Omnitron's answer to {request} is not a {model.__name__}: {problem_of(error, data, self.redactor)}. "
                "Has its API changed? `channel-app check` compares it with the contract."
            ) from None  # pydantic's own error quotes the row, and customers' data with it
