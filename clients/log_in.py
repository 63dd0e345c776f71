"""A log-in: one key for many requests, fetched when the first one needs it, and again when it has expired."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from clients.answers import Reply
from clients.calls import Call
from clients.errors import AuthError, ContractError, HeldBackError, RefusedError
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
        if not self.value or not self.value.isprintable() or not self.value.isascii():
            raise ContractError("The log-in's answer has no key that fits into a header. Is the address right?")


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
    """

    def __init__(
        self,
        fetch: Callable[[Send], Awaitable[Key]],
        runtime: Runtime,
        headers: Callable[[str], Mapping[str, str]] = bearer,
    ) -> None:
        self._fetch = fetch
        self._clock = runtime.clock
        self._redactor = runtime.redactor
        self._turn = asyncio.Lock()
        self._key: str | None = None
        self._good_until: float | None = None
        self._refused: AuthError | HeldBackError | None = None
        self.headers = headers

    async def key(self, send: Send, refused: str | None = None) -> str:
        """The key; another one than the `refused`.

        Raises:
            AuthError, HeldBackError: the log-in was refused, now or earlier.
        """
        if self._key is not None and self._key != refused and self._is_good():
            return self._key
        async with self._turn:
            if self._refused is not None:
                raise self._refused
            if self._key is None or self._key == refused or not self._is_good():
                await self._log_in(send)
            assert self._key is not None  # noqa: S101  # the log-in succeeded
            return self._key

    def _is_good(self) -> bool:
        return self._good_until is None or self._clock.monotonic() < self._good_until

    async def _log_in(self, send: Send) -> None:
        try:
            key = await self._fetch(send)
        except (AuthError, HeldBackError) as error:
            self._refused = error
            raise
        except RefusedError as error:
            self._refused = AuthError(error.message, **error.context)
            raise self._refused from error
        self._redactor.learn(key.value)
        self._key = key.value
        self._good_until = None if key.seconds is None else self._clock.monotonic() + EARLY * key.seconds
