"""A log-in: one key for many requests, fetched when the first one needs it, and again when it has expired."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from clients.answers import Reply
from clients.calls import Call
from clients.errors import AuthError, ConfigError, ContractError, RefusedError, RetryableError
from clients.kept_key import KeptKey
from clients.runtime import Runtime

Send = Callable[[Call], Awaitable[Reply]]
"""Sends a request without a key."""

EARLY = 0.9
"""The part of a key's life after which the next one is fetched: a request under way has some time left."""


@dataclass(frozen=True, slots=True)
class Key:
    """What a log-in gives: a token or a session, and for how many `seconds` it is good, if the system says so."""

    value: str = field(repr=False)
    seconds: float | None = None

    def __post_init__(self) -> None:
        value: object = self.value
        if not isinstance(value, str) or not value or not value.isprintable() or not value.isascii():
            raise ContractError("The log-in's answer has no key that fits into a header. Is the address right?")
        if self.seconds is not None:
            try:
                object.__setattr__(self, "seconds", float(self.seconds))
            except (TypeError, ValueError):
                raise ContractError("The log-in's answer does not tell in seconds how long its key is good.") from None


def bearer(key: str) -> Mapping[str, str]:
    """The usual header of a token."""
    return {"Authorization": f"Bearer {key}"}


class LogIn:
    """Keeps the key of one system. Many requests may need it, or find it expired, at once: one logs in, the others wait.

    A refused log-in is not tried again: an account locks after a few. The later requests end with the same error. The key is
    masked in every text of the run.

    Args:
        fetch: logs in with the given `send`, which adds no key, and answers the key.
        headers: the headers that carry a key.
        kept: where other processes and later runs find the key while it is good, and this one theirs. Of several that find it
            refused, one logs in.
    """

    def __init__(
        self,
        fetch: Callable[[Send], Awaitable[Key]],
        runtime: Runtime,
        headers: Callable[[str], Mapping[str, str]] = bearer,
        *,
        kept: KeptKey | None = None,
    ) -> None:
        self._fetch = fetch
        self._clock = runtime.clock
        self._redactor = runtime.redactor
        self._kept = kept
        self._turn = asyncio.Lock()
        self._key: str | None = None
        self._good_until: float | None = None
        self._failure: Exception | None = None
        """Why the log-in failed for good."""
        self._logs_in: asyncio.Task[Any] | None = None
        self.headers = headers

    async def key(self, send: Send, refused: str | None = None) -> str:
        """The key; another one than the `refused`.

        Raises:
            AuthError, HeldBackError, ContractError: the log-in was refused, or has no key; now or earlier.
            ConfigError: `fetch` sends with the transport that waits for its key.
        """
        if self._failure is not None:
            raise self._failure
        if self._key is not None and self._key != refused and self._is_good():
            return self._key
        if self._logs_in is asyncio.current_task():
            raise ConfigError("A log-in asks with the `send` that it is given: the transport itself waits for its key.")
        async with self._turn:
            if self._failure is not None:
                raise self._failure
            if self._key is None or self._key == refused or not self._is_good():
                self._logs_in = asyncio.current_task()
                try:
                    await self._renew(send, refused)
                finally:
                    self._logs_in = None
            assert self._key is not None  # noqa: S101  # the log-in succeeded
            return self._key

    def _is_good(self) -> bool:
        return self._good_until is None or self._clock.monotonic() < self._good_until

    async def _renew(self, send: Send, refused: str | None) -> None:
        self._key = None
        if self._kept is None:
            await self._log_in(send)
        elif not await self._takes_over(self._kept, refused):
            async with self._kept.turn():
                # Another process may have logged in while this one waited.
                if not await self._takes_over(self._kept, refused):
                    key, seconds = await self._log_in(send)
                    until = None if seconds is None else self._clock.now() + timedelta(seconds=seconds)
                    await self._kept.write(key, until)

    async def _takes_over(self, kept: KeptKey, refused: str | None) -> bool:
        """Takes the key of another process, if it has a good one."""
        found = await kept.read(self._clock.now(), self._redactor)
        if found is None or found[0] == refused:
            return False
        self._use(*found)
        return True

    def _use(self, key: str, seconds: float | None) -> None:
        self._key = key
        self._good_until = None if seconds is None else self._clock.monotonic() + seconds

    async def _log_in(self, send: Send) -> tuple[str, float | None]:
        """Fetches a key, and answers it with the seconds for which it is to be used."""
        try:
            key = await self._fetch(send)
        except RetryableError:
            raise
        except RefusedError as error:
            self._failure = AuthError(error.message, **error.context)
            raise self._failure from error
        except Exception as error:
            self._failure = error
            raise
        self._redactor.learn(key.value)
        seconds = None if key.seconds is None else EARLY * key.seconds
        self._use(key.value, seconds)
        return key.value, seconds
