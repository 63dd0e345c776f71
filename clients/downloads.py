"""Files at addresses that a system names: at a host of its storage, under an address that is itself a secret."""

import gzip
import io
import logging
import tempfile
import zlib
from asyncio import timeout
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import TYPE_CHECKING, BinaryIO
from urllib.parse import parse_qsl

import httpx
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type, stop_after_attempt, wait_random_exponential

from clients.calls import Traffic
from clients.connections import MOST_BYTES
from clients.deadline import seconds_left
from clients.errors import ChannelAppError, ContractError, RefusedError, RetryableError
from clients.runtime import Runtime
from clients.unpacking import ACCEPTED, bounded

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

log = logging.getLogger("channel_app.http")

LARGEST = 256 * 2**20
"""Bytes of a file, packed and unpacked, unless the author says otherwise."""
SECONDS = 600.0
"""Seconds for one try, until the last byte."""
MOST_REDIRECTS = 3
SHORTEST_SECRET = 16
"""Fewest characters of a part of an address that is masked by itself: signatures are longer, and `csv` is a word."""
GZIP = b"\x1f\x8b"
"""The first bytes of a packed file. No text begins with them."""


class Downloads:
    """Files that belong to one system, wherever they are.

    Args:
        name: the system, as it begins a sentence.
        base_url: its own address, which may be inside of the network; all other hosts have to be of the internet.
        unavailable: the error for a file that does not come.
    """

    def __init__(
        self, name: str, base_url: str, runtime: Runtime, unavailable: type[RetryableError], traffic: Traffic
    ) -> None:
        self._name = name
        self._own = _origin(httpx.URL(base_url))
        self._runtime = runtime
        self._unavailable = unavailable
        self._traffic = traffic

    @asynccontextmanager
    async def open(self, address: str, most_bytes: int = LARGEST) -> AsyncIterator[BinaryIO]:
        """A file, from its beginning; it is gone after the block. What is packed by gzip is unpacked while it is read.

        The request has neither the system's credentials nor its headers or cookies.

        Raises:
            ContractError: the address is not https, or leads inside of a network, or redirects on and on; the file is larger
                than `most_bytes`; or, while it is read, is no gzip to its end.
            RefusedError: 4xx; an address that has expired is answered so.
            RetryableError: the file did not come, after all tries; the error of the system that is down.
            DeadlineError: the deadline in force has passed.
        """
        url = self._checked(address)
        with tempfile.TemporaryFile() as stored:
            retrying = AsyncRetrying(
                sleep=self._runtime.clock.sleep,
                retry=retry_if_exception_type(self._unavailable),
                stop=stop_after_attempt(self._runtime.settings.CHANNEL_APP_TRIES),
                wait=wait_random_exponential(multiplier=0.5, max=20),
                before_sleep=self._log_retry,
                reraise=True,
            )
            try:
                await retrying(self._fetch, url, stored, most_bytes)
            except RetryableError as error:
                error.context["spent"] = True
                raise
            stored.seek(0)
            is_packed = stored.read(len(GZIP)) == GZIP
            stored.seek(0)
            if not is_packed:
                yield stored
                return
            with gzip.GzipFile(fileobj=stored) as packed:
                yield io.BufferedReader(_Unpacked(packed, most_bytes, self._name))

    def _checked(self, address: str) -> httpx.URL:
        """The address, masked from now on in every text.

        Raises:
            ContractError: it is not https, nor the system's own.
        """
        try:
            url = httpx.URL(address)
        except (httpx.InvalidURL, TypeError):  # which quote it
            raise ContractError(f"{self._name} names a file by an address that is no URL.") from None
        query = url.query.decode()
        for secret in (url.raw_path.decode(), query, url.password, *(value for _, value in parse_qsl(query))):
            if len(secret) >= SHORTEST_SECRET:
                self._runtime.redactor.learn(secret)
        if _origin(url) != self._own and (url.scheme != "https" or not url.host or url.userinfo):
            raise ContractError(
                f"{self._name} names a file at {self._named(url)}: only https without a user name is taken, or the "
                "system's own address."
            )
        return url

    def _named(self, url: httpx.URL) -> str:
        """An address for messages: its path and query are secrets."""
        return self._runtime.redactor.line(f"{url.scheme}://{url.host or 'no host'}", limit=200)

    def _log_retry(self, state: RetryCallState) -> None:
        self._traffic.retries += 1
        log.warning("%s Trying again in %.1f s.", state.outcome and state.outcome.exception(), state.upcoming_sleep)

    async def _fetch(self, url: httpx.URL, stored: BinaryIO, most_bytes: int) -> None:
        for _ in range(MOST_REDIRECTS + 1):
            stored.seek(0)
            stored.truncate()
            target = await self._get(url, stored, most_bytes)
            if target is None:
                return
            url = self._checked(str(url.join(target)))
        raise ContractError(f"{self._name}: a file at {self._named(url)} redirects more than {MOST_REDIRECTS} times.")

    async def _get(self, url: httpx.URL, stored: BinaryIO, most_bytes: int) -> str | None:
        """Stores the file; or answers where it is instead."""
        settings, runtime = self._runtime.settings, self._runtime
        connect = runtime.connect if _origin(url) == self._own else runtime.connect_elsewhere
        left = seconds_left(runtime.clock)
        seconds = SECONDS if left is None else min(SECONDS, left)
        whole = timeout(seconds)
        self._traffic.requests += 1
        try:
            async with (
                whole,
                httpx.AsyncClient(
                    transport=connect(1),
                    trust_env=False,
                    headers={"Accept": "*/*", "Accept-Encoding": ACCEPTED},
                    timeout=httpx.Timeout(
                        settings.CHANNEL_APP_READ_TIMEOUT, connect=settings.CHANNEL_APP_CONNECT_TIMEOUT
                    ),
                ) as client,
                client.stream("GET", url, extensions={MOST_BYTES: most_bytes}) as response,
            ):
                if response.has_redirect_location:
                    return str(response.headers["Location"])
                if not response.is_success:
                    raise self._refusal(url, response.status_code)
                async for piece in bounded(response.aiter_bytes(), most_bytes):
                    stored.write(piece)
        except TimeoutError:
            if not whole.expired():
                raise
            raise self._lost(url, f"it was not complete after {seconds:.0f} s") from None
        # Neither is a cause: their texts may quote the address.
        except httpx.TransportError as error:
            raise self._lost(url, type(error).__name__) from None
        except httpx.DecodingError:
            raise self._lost(url, "it cannot be unpacked") from None
        except ContractError as error:
            raise ContractError(f"{self._name}: the file at {self._named(url)} is not taken: {error.message}") from None
        return None

    def _lost(self, url: httpx.URL, what: str) -> RetryableError:
        return self._unavailable(f"{self._name}: the file at {self._named(url)} did not come ({what}).")

    def _refusal(self, url: httpx.URL, status: int) -> ChannelAppError:
        said = f"{self._name}: {self._named(url)} answered {status} to the request for a file."
        if (
            status in (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.REQUEST_TIMEOUT)
            or status >= HTTPStatus.INTERNAL_SERVER_ERROR
        ):
            return self._unavailable(said, status=status)
        return RefusedError(f"{said} Its address may have expired: ask for a new one.", status=status)


class _Unpacked(io.RawIOBase):
    """The content of a packed file.

    Raises (while it is read):
        ContractError: there is too much of it, or it is broken.
    """

    def __init__(self, packed: gzip.GzipFile, most_bytes: int, name: str) -> None:
        self._packed = packed
        self._left = most_bytes
        self._most = most_bytes
        self._name = name

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int:
        try:
            count = self._packed.readinto(buffer)
        except (OSError, EOFError, zlib.error):
            raise ContractError(f"{self._name}: a file is no gzip to its end. Ask for it again.") from None
        self._left -= count
        if self._left < 0:
            raise ContractError(f"{self._name}: a file is larger than {self._most / 2**20:g} MiB when it is unpacked.")
        return count


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port
