"""HTTP for every system: time-outs, retries, limits, size caps, and errors that name the next step."""

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from http import HTTPStatus
from http.cookiejar import CookieJar, DefaultCookiePolicy
from types import TracebackType
from typing import Any, BinaryIO, Self
from urllib.parse import urlencode

import httpx

from clients.answers import (
    Reply,
    beginning,
    parse_json,
)
from clients.calls import Call, Traffic, has_header
from clients.deadline import seconds_left
from clients.downloads import LARGEST, Downloads
from clients.errors import (
    AuthError,
    ChannelAppError,
    ConfigError,
    ContractError,
    RateLimitedError,
    RetryableError,
)
from clients.limits import AdaptiveLimiter
from clients.log_in import LogIn
from clients.paths import is_path
from clients.rates import Pace, Rate, RateOf, told_rate
from clients.rehearsal import READS
from clients.retries import Retries
from clients.runtime import Runtime
from clients.shared_rates import SharedRates
from clients.unpacking import ACCEPTED, MAX_BODY_BYTES, bounded
from clients.verdicts import Judge, Verdicts

for _library in ("httpx", "httpcore"):
    # At INFO and below they write every address with its query, and every header: customers and credentials.
    logging.getLogger(_library).setLevel(logging.WARNING)

OVERLOAD = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE})


class Transport:
    """Speaks HTTP to one system, in JSON unless a call says otherwise.

    Args:
        name: the system, as it begins a sentence.
        unavailable: the error for a system that is down.
        in_flight: requests at the same time, at most.
        headers: of every request.
        log_in: gives every request its key.
        judge: finds errors in answers with a good status. They count like those of a status: one is retried, another not.
        rates: the limits of the channel, by the names of the groups that calls name in `Call.group`; `""` is for all others.
        rate_of: the rate that an answer's headers tell, if the channel tells one.
        share: whether all processes of the channel keep the rates together.

    Raises (from `send`):
        RateLimitedError, HubUnavailableError or ChannelUnavailableError: after all tries, marked as spent.
        LostAnswerError: a create, or a write whose answer cannot be read, may or may not have been applied.
        AuthError: 401 or 403.
        RefusedError: any other 4xx.
        ContractError: the answer is a redirect, or, to a read, too large or not JSON.
        ConfigError: the path leads to another host.
        DeadlineError: the deadline in force has passed.
        NotSentError: the run is a dry run, and the call may change something.
    """

    def __init__(
        self,
        name: str,
        base_url: str,
        runtime: Runtime,
        *,
        unavailable: type[RetryableError],
        in_flight: int | None = None,
        headers: Mapping[str, str] | None = None,
        log_in: LogIn | None = None,
        judge: Judge | None = None,
        rates: Mapping[str, Rate] | None = None,
        rate_of: RateOf | None = None,
        share: bool = False,
    ) -> None:
        settings = runtime.settings
        in_flight = in_flight or settings.CHANNEL_APP_IN_FLIGHT
        self.name = name
        self.base_url = base_url
        self.traffic = Traffic()
        self.redactor = runtime.redactor
        self._downloads = Downloads(name, base_url, runtime, unavailable, self.traffic)
        self._clock = runtime.clock
        self._rehearsal = runtime.rehearsal
        if self._rehearsal is not None:
            self._rehearsal.transports += 1
        self._verdicts = Verdicts(name, base_url, runtime.redactor, runtime.clock, unavailable)
        own = dict(headers or {})
        self._media_type = next(
            (own.pop(name) for name in list(own) if name.lower() == "content-type"), "application/json"
        )
        self._says_what_it_takes = has_header(own, "Accept")
        self._log_in = log_in
        self._judge_of = judge
        self._shared = SharedRates(name, runtime) if share else None
        self._pace = Pace(rates or {}, runtime.clock, self._shared.take if self._shared else None)
        self._rate_of = rate_of
        self._limiter = AdaptiveLimiter(in_flight)
        self._retries = Retries(settings.CHANNEL_APP_TRIES, runtime.clock, self._pace, self.traffic)
        self._connect_timeout = settings.CHANNEL_APP_CONNECT_TIMEOUT
        self._read_timeout = settings.CHANNEL_APP_READ_TIMEOUT
        self._request_timeout = settings.CHANNEL_APP_REQUEST_TIMEOUT
        self._client = httpx.AsyncClient(
            headers={"Accept": "application/json", "Accept-Encoding": ACCEPTED, **own},
            transport=runtime.connect(in_flight),
            follow_redirects=False,
            trust_env=False,
            # A session cookie beside the key would make Omnitron ask for a CSRF token.
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Closes the connections."""
        await self._client.aclose()
        if self._shared is not None:
            await self._shared.aclose()

    async def send(self, call: Call) -> Reply:
        """Sends a request, again if that is safe and useful, and returns the reply. With a log-in, the request has its key; one
        whose key is refused is sent once more with another."""
        if self._rehearsal is not None and call.method not in READS:
            raise self._rehearsal.keep_back(self.name, call, self._url(call), self._media_type, self.redactor)
        if self._log_in is None:
            return await self._send(call)
        key = await self._log_in.key(self._send)
        try:
            return await self._send(self._signed(call, key))
        except AuthError as error:  # a judge's has no status
            if error.context.get("status", HTTPStatus.UNAUTHORIZED) != HTTPStatus.UNAUTHORIZED:
                raise
        key = await self._log_in.key(self._send, refused=key)
        return await self._send(self._signed(call, key))

    def download(self, address: str, *, most_bytes: int = LARGEST) -> AbstractAsyncContextManager[BinaryIO]:
        """A file at an address that the system named: `async with transport.download(address) as file`. See `Downloads.open`."""
        return self._downloads.open(address, most_bytes)

    def _signed(self, call: Call, key: str) -> Call:
        assert self._log_in is not None  # noqa: S101  # it gave the key
        signed = self._log_in.headers(key)
        others = {name: value for name, value in call.headers.items() if not has_header(signed, name)}
        return replace(call, headers={**others, **signed})

    async def _send(self, call: Call) -> Reply:
        self._pace.check(call.group)
        url = self._url(call)
        retrying = self._retries.of_a_request()
        try:
            content, headers = call.encoded(self._media_type)
            if call.reads == "bytes" and not self._says_what_it_takes and not has_header(headers, "Accept"):
                headers["Accept"] = "*/*"
            reply: Reply = await retrying(self._try, call, url, content, headers)
        except RetryableError as error:
            error.context["spent"] = True
            raise
        return reply

    def _url(self, call: Call) -> str:
        # Built here: httpx would parse every address three times, and follow a path to another host.
        if not is_path(call.path):
            raise ConfigError(
                f"{self.name}: `{self.redactor.line(call.path)}` is not a path below {self.base_url}: the credentials would "
                "travel elsewhere. Give the path alone, its query as params, and ids in it through clients.paths.segment.",
                method=call.method,
            )
        url = f"{self.base_url.rstrip('/')}/{call.path.lstrip('/')}"
        if not call.params:
            return url
        query = urlencode(httpx.QueryParams(call.params).multi_items(), errors="replace")
        return f"{url}{'&' if '?' in url else '?'}{query}"

    async def _try(self, call: Call, url: str, content: bytes | None, headers: Mapping[str, str]) -> Reply:
        async with self._place(call.group):
            timeout = self._timeout()
            # A byte now and then keeps a read time-out from ever passing.
            whole = asyncio.timeout(self._request_timeout)
            self.traffic.requests += 1
            if self.traffic.first is None:
                self.traffic.first = self._clock.monotonic()
            try:
                async with (
                    whole,
                    self._client.stream(
                        call.method, url, content=content, headers=headers, timeout=timeout
                    ) as response,
                ):
                    raw = await self._read(call, response)
            except TimeoutError:
                if not whole.expired():
                    raise
                raise self._verdicts.lost(call, f"it was not complete after {self._request_timeout:g} s") from None
            # Not as the cause: these errors quote the text that they refuse, such as a header with its key.
            except httpx.TransportError as error:
                raise self._verdicts.no_answer(call, error) from None
            except httpx.InvalidURL as error:
                raise ContractError(
                    f"{self.name}: {self._verdicts.named(call)} was not sent: {self.redactor.line(str(error))}",
                    method=call.method,
                    path=call.path,
                ) from None
            finally:
                self.traffic.last = self._clock.monotonic()
        return self._judge(call, content, response, raw)

    @asynccontextmanager
    async def _place(self, group: str) -> AsyncIterator[None]:
        """A place among the requests in flight, at a time when the group's rate allows a start. None is kept while a group
        waits, so groups do not hold each other up."""
        while True:
            await self._pace.wait(group)
            async with self._limiter.slot():
                if self._pace.start(group):
                    yield
                    return

    def _timeout(self) -> httpx.Timeout:
        """The time-out of a request that starts now. A request that waited beyond the deadline does not start."""
        left = seconds_left(self._clock)
        read = self._read_timeout if left is None else min(self._read_timeout, left)
        return httpx.Timeout(read, connect=self._connect_timeout, pool=None)

    async def _read(self, call: Call, response: httpx.Response) -> bytes:
        try:
            return b"".join([piece async for piece in bounded(response.aiter_bytes())])
        except ContractError:
            named, most = self._verdicts.named(call), MAX_BODY_BYTES // 2**20
            raise self._verdicts.unusable(
                call,
                f"{self.name} answered more than {most} MiB to {named}: none of it was used.",
                status=response.status_code,
                spent=True,  # it would be as large again
            ) from None
        except httpx.DecodingError:
            if response.is_success:
                raise self._verdicts.unreadable(call, response.status_code, "a body that cannot be unpacked") from None
        return b""

    def _judge(self, call: Call, content: bytes | None, response: httpx.Response, raw: bytes) -> Reply:
        if self._rate_of is not None and (rate := told_rate(self._rate_of, response.headers, self.name)) is not None:
            self._pace.learn(call.group, rate)
        verdict = self._verdict(call, content, response, raw)
        if isinstance(verdict, RateLimitedError):
            self._pace.refused(call.group)
        else:
            self._pace.let_through(call.group)
        if isinstance(verdict, RateLimitedError) or response.status_code == HTTPStatus.SERVICE_UNAVAILABLE:
            self._limiter.overloaded()
        else:
            self._limiter.succeeded()
        if isinstance(verdict, ChannelAppError):
            raise verdict
        return verdict

    def _verdict(
        self, call: Call, content: bytes | None, response: httpx.Response, raw: bytes
    ) -> Reply | ChannelAppError:
        status = response.status_code
        if not response.is_success:
            return self._verdicts.refusal(call, response, raw)
        data: Any = None
        if call.reads == "json":
            if raw.strip():
                try:
                    data = parse_json(raw)
                except ContractError as error:
                    return self._verdicts.unreadable(call, status, str(error))
                except ValueError:
                    return self._verdicts.unreadable(call, status, self._verdicts.quote(raw))
            elif call.method == "GET" and status != HTTPStatus.NO_CONTENT:
                return self._verdicts.unreadable(call, status, self._verdicts.quote(raw))
        asked = f"{call} {beginning(content)}" if content else str(call)
        if call.files is not None:  # the redactor does not know the fields of such a form
            asked = f"{call} (a form with {', '.join([*(call.form or {}), *call.files])})"
        reply = Reply(status, response.headers, data, beginning(raw), asked, raw if call.reads == "bytes" else b"")
        return (self._judge_of and self._verdicts.judgement(self._judge_of, call, reply)) or reply
