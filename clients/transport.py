"""HTTP for every system: time-outs, retries, limits, size caps, and errors that name the next step."""

import asyncio
import json
import logging
from collections.abc import Mapping
from http import HTTPStatus
from http.cookiejar import CookieJar, DefaultCookiePolicy
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlencode

import httpx
from tenacity import AsyncRetrying, RetryCallState, wait_random_exponential

from clients.answers import (
    Reply,
    beginning,
    host_of,
    kept_headers,
    message_of,
    parse_json,
    retry_after,
)
from clients.calls import Call, Traffic
from clients.deadline import seconds_left
from clients.errors import (
    AuthError,
    ChannelAppError,
    ConfigError,
    ContractError,
    LostAnswerError,
    RateLimitedError,
    RefusedError,
    RetryableError,
)
from clients.limits import AdaptiveLimiter, RetryBudget
from clients.paths import is_path
from clients.runtime import Runtime
from clients.unpacking import ACCEPTED, MAX_BODY_BYTES, bounded

log = logging.getLogger("channel_app.http")
for _library in ("httpx", "httpcore"):
    # At INFO and below they write every address with its query, and every header: customers and credentials.
    logging.getLogger(_library).setLevel(logging.WARNING)

LONGEST_WAIT = 120.0
"""Seconds of waiting for one request. A server that asks for more is left alone until the next run."""
QUOTED_CHARACTERS = 200
OVERLOAD = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE})


class Transport:
    """Speaks JSON over HTTP to one system.

    Raises (from `send`):
        RateLimitedError, HubUnavailableError or ChannelUnavailableError: after all tries, marked as spent.
        LostAnswerError: a create, or a write whose answer cannot be read, may or may not have been applied.
        AuthError: 401 or 403.
        RefusedError: any other 4xx.
        ContractError: the answer is a redirect, or, to a read, too large or not JSON.
        ConfigError: the path leads to another host.
        DeadlineError: the deadline in force has passed.
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
    ) -> None:
        settings = runtime.settings
        in_flight = in_flight or settings.CHANNEL_APP_IN_FLIGHT
        self.name = name
        self.base_url = base_url
        self.traffic = Traffic()
        self.redactor = runtime.redactor
        self._clock = runtime.clock
        self._tries = settings.CHANNEL_APP_TRIES
        self._unavailable = unavailable
        self._limiter = AdaptiveLimiter(in_flight)
        self._budget = RetryBudget()
        self._connect_timeout = settings.CHANNEL_APP_CONNECT_TIMEOUT
        self._read_timeout = settings.CHANNEL_APP_READ_TIMEOUT
        self._request_timeout = settings.CHANNEL_APP_REQUEST_TIMEOUT
        self._retrying = AsyncRetrying(
            sleep=runtime.clock.sleep,
            retry=self._may_repeat,
            stop=self._gives_up,
            wait=self._pause,
            before_sleep=self._log_retry,
            reraise=True,
        )
        self._client = httpx.AsyncClient(
            headers={"Accept": "application/json", "Accept-Encoding": ACCEPTED, **(headers or {})},
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

    async def send(self, call: Call) -> Reply:
        """Sends a request, again if that is safe and useful, and returns the reply."""
        url = self._url(call)
        self._budget.earn()
        try:
            reply: Reply = await self._retrying.copy()(self._try, call, url)
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

    async def _try(self, call: Call, url: str) -> Reply:
        # A lone surrogate (JSON can hold half an emoji) is sent as `?`: UTF-8 has no place for it.
        content = (
            None
            if call.body is None
            else json.dumps(call.body, default=str, ensure_ascii=False).encode("utf-8", "replace")
        )
        headers = call.headers if content is None else {**call.headers, "Content-Type": "application/json"}
        async with self._limiter.slot():
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
                raise self._no_answer(call, f"it was not complete after {self._request_timeout:g} s") from None
            # Not as the cause: these errors quote the text that they refuse, such as a header with its key.
            except httpx.TransportError as error:
                raise self._no_answer(call, self._shown(error), is_away=_is_away(error)) from None
            except httpx.InvalidURL as error:
                raise ContractError(
                    f"{self.name}: {self._named(call)} was not sent: {self.redactor.line(str(error))}",
                    method=call.method,
                    path=call.path,
                ) from None
            finally:
                self.traffic.last = self._clock.monotonic()
        return self._judge(call, content, response, raw)

    def _timeout(self) -> httpx.Timeout:
        """The time-out of a request that starts now. A request that waited beyond the deadline does not start."""
        left = seconds_left(self._clock)
        read = self._read_timeout if left is None else min(self._read_timeout, left)
        return httpx.Timeout(read, connect=self._connect_timeout, pool=None)

    async def _read(self, call: Call, response: httpx.Response) -> bytes:
        try:
            return b"".join([piece async for piece in bounded(response.aiter_bytes())])
        except ContractError:
            raise _unusable(
                call,
                f"{self.name} answered more than {MAX_BODY_BYTES // 2**20} MiB to {self._named(call)}: none of it was used.",
                status=response.status_code,
                spent=True,  # it would be as large again
            ) from None
        except httpx.DecodingError:
            if response.is_success:
                raise self._unreadable(call, response.status_code, "a body that cannot be unpacked") from None
        return b""

    def _judge(self, call: Call, content: bytes | None, response: httpx.Response, raw: bytes) -> Reply:
        status = response.status_code
        if status in OVERLOAD:
            self._limiter.overloaded()
        else:
            self._limiter.succeeded()
        if not response.is_success:
            raise self._refusal(call, response, raw)
        data: Any = None
        if raw.strip():
            try:
                data = parse_json(raw)
            except ContractError as error:
                raise self._unreadable(call, status, str(error)) from None
            except ValueError:
                raise self._unreadable(call, status, self._quote(raw)) from None
        elif call.method == "GET" and status != HTTPStatus.NO_CONTENT:
            raise self._unreadable(call, status, self._quote(raw))
        asked = f"{call} {beginning(content)}" if content else str(call)
        return Reply(status, response.headers, data, beginning(raw), asked)

    def _refusal(self, call: Call, response: httpx.Response, raw: bytes) -> ChannelAppError:
        """The table from HTTP status to error."""
        status = response.status_code
        try:
            body = parse_json(raw)
            words = self.redactor.line(message_of(body), limit=500)
        except (ValueError, ContractError):
            body = None
            words = self._quote(raw)
        where = {
            "system": self.name,
            "method": call.method,
            "path": call.path,
            "status": status,
            "headers": kept_headers(response.headers, self.redactor),
        }
        said = f"{self.name} answered {status} to {self._named(call)}: {words}"
        if status == HTTPStatus.TOO_MANY_REQUESTS:
            after = retry_after(response.headers.get("Retry-After"), self._clock.now().timestamp())
            return RateLimitedError(f"{said} (too many requests)", **where, retry_after=after)
        if status == HTTPStatus.REQUEST_TIMEOUT or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            if not call.repeatable:
                return LostAnswerError(f"{said}. It may have been applied all the same.", **where)
            after = retry_after(response.headers.get("Retry-After"), self._clock.now().timestamp())
            return self._unavailable(said, **where, retry_after=after)
        if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
            return AuthError(
                f"{said}. Check the user name, the password and the account's permissions for {self.name}.", **where
            )
        if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
            target = host_of(response.headers.get("Location", "")) or "another path"
            return ContractError(
                f"{self.name} redirected {self._named(call)} to {target}: redirects are not followed, for credentials would "
                "travel along. Set the final address.",
                **where,
            )
        return RefusedError(said, **where, body=body)

    def _no_answer(self, call: Call, what: str, *, is_away: bool = False) -> RetryableError:
        where = {"system": self.name, "method": call.method, "path": call.path}
        if not call.repeatable:
            return LostAnswerError(f"The answer of {self.name} to {self._named(call)} was lost ({what}).", **where)
        if is_away:
            return self._unavailable(
                f"{self.name} did not answer {self._named(call)} ({what}). Is {self.base_url} the right address, and up?",
                **where,
            )
        return self._unavailable(
            f"The answer of {self.name} to {self._named(call)} was lost ({what}). If that goes on, look at the network, and "
            f"at any proxy in front of {self.base_url}.",
            **where,
        )

    def _shown(self, error: httpx.TransportError) -> str:
        what = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
        return self.redactor.line(what, limit=QUOTED_CHARACTERS)

    def _unreadable(self, call: Call, status: int, shown: str) -> ChannelAppError:
        return _unusable(
            call,
            f"{self.name} answered {status} to {self._named(call)} where JSON was due: {shown}. "
            f"Is {self.base_url} its API, or a log-in page, a proxy or a firewall in front of it?",
            status=status,
            unreadable=True,
        )

    def _named(self, call: Call) -> str:
        """A request, for messages: some channels want their key in the path."""
        return self.redactor.line(str(call))

    def _quote(self, raw: bytes) -> str:
        text = self.redactor.line(beginning(raw), limit=QUOTED_CHARACTERS)
        return f"“{text}”" if text else "an empty body"

    def _may_repeat(self, state: RetryCallState) -> bool:
        call: Call = state.args[0]
        match state.outcome and state.outcome.exception():
            case ChannelAppError(context={"spent": True}):
                return False
            case RateLimitedError() as error:  # certainly not applied
                return (error.retry_after or 0) <= LONGEST_WAIT
            case (RetryableError() | ContractError(context={"unreadable": True})) as error:
                return call.repeatable and (error.context.get("retry_after") or 0) <= LONGEST_WAIT
            case _:
                return False

    def _gives_up(self, state: RetryCallState) -> bool:
        if isinstance(_error_of(state), RateLimitedError) and seconds_left(self._clock) is not None:
            # Nothing was done, and waiting helps. What has a deadline, as a send has, may wait within it.
            return state.idle_for + state.upcoming_sleep > LONGEST_WAIT
        return state.attempt_number >= self._tries or not self._budget.spend()

    def _pause(self, state: RetryCallState) -> float:
        asked = _error_of(state).context.get("retry_after")
        # Who asks for a second again and again is not taken at his word: sixty tries would be a storm.
        grown = _BACKOFF(state) if asked is None or state.attempt_number >= self._tries else 0.0
        return max(grown, float(asked or 0))

    def _log_retry(self, state: RetryCallState) -> None:
        self.traffic.retries += 1
        log.warning("%s Trying again in %.1f s.", _error_of(state).message, state.upcoming_sleep)


_BACKOFF = wait_random_exponential(multiplier=0.5, max=20)
"""The pause if the server asked for no other: full jitter over half a second, doubling with every try, 20 s at most."""


def _error_of(state: RetryCallState) -> ChannelAppError:
    error = state.outcome and state.outcome.exception()
    if not isinstance(error, ChannelAppError):
        raise TypeError(f"only errors of this project are retried, not {error!r}")
    return error


def _is_away(error: httpx.TransportError) -> bool:
    """Whether nobody took the request, as opposed to an answer that did not come."""
    return isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | httpx.UnsupportedProtocol)


def _unusable(call: Call, message: str, **context: Any) -> ChannelAppError:
    """The error for an unusable answer: a write may have been applied all the same, a read has no result."""
    kind = ContractError if call.method == "GET" else LostAnswerError
    return kind(message, method=call.method, path=call.path, **context)
