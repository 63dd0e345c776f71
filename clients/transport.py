"""One way to speak HTTP for every system: time-outs, retries, limits, size caps and errors that say what to do next."""

import json
import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlencode, urlsplit

import httpx
from tenacity import AsyncRetrying, RetryCallState, wait_random_exponential

from clients.clock import http_date
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
from clients.redaction import MASK, Redactor, hides
from clients.runtime import Runtime

log = logging.getLogger("channel_app.http")
for _library in ("httpx", "httpcore"):
    # At INFO and below they write every address with its query, and every header: customers and credentials.
    logging.getLogger(_library).setLevel(logging.WARNING)

MAX_BODY_BYTES = 32 * 1024 * 1024
LONGEST_WAIT = 120.0
"""Seconds. A server that asks for more is left alone until the next run."""
QUOTED_CHARACTERS = 200
KEPT_BYTES = 40_000
"""Bytes of a body that are kept for reports: more than they quote, for what is cut in half cannot be masked."""
LARGEST_EXPONENT = 400
"""Of ten, in a number of JSON; a binary float ends at 308."""
OVERLOAD = frozenset({429, 503})
_NO_PATH = re.compile(r"[a-z][a-z0-9+.-]*://|//|[^#]*#", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer with a 2xx status.

    `data` is its parsed JSON, none where the body was empty; `text` is its beginning, for `texts_of`.
    """

    status: int
    headers: Mapping[str, str]
    data: Any
    text: str
    request: str = ""
    """Method, path and the beginning of the body as they were sent, for `texts_of`."""


@dataclass(slots=True)
class Traffic:
    """What went over the wire."""

    requests: int = 0
    retries: int = 0
    log_ins: int = 0
    first: float | None = None
    """When the first request was sent, on the clock's monotonic scale."""
    last: float | None = None
    """When the last answer was there."""


@dataclass(frozen=True, slots=True)
class Call:
    """One request, before it is tried.

    `repeatable` says that doing it twice is the same as once: reads, deletions, moves to a state, upserts. A create is
    not: when its answer is lost, the caller has to look before it creates again.
    """

    method: str
    path: str
    params: Mapping[str, Any] = field(default_factory=dict)
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    repeatable: bool = True

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


class Transport:
    """Speaks JSON over HTTP to one system.

    Raises (from `send`):
        RateLimitedError, HubUnavailableError or ChannelUnavailableError: after all tries, marked as spent.
        LostAnswerError: a create, or a write whose answer cannot be read, may or may not have been applied.
        AuthError: 401 or 403.
        RefusedError: any other 4xx.
        ContractError: the answer is a redirect, or, to a read, too large or no JSON.
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
        self._retrying = AsyncRetrying(
            sleep=runtime.clock.sleep,
            retry=self._may_repeat,
            stop=self._gives_up,
            wait=self._pause,
            before_sleep=self._say_so,
            reraise=True,
        )
        self._client = httpx.AsyncClient(
            headers={"Accept": "application/json", **(headers or {})},
            transport=runtime.connect(in_flight),
            follow_redirects=False,
            trust_env=False,
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
        """Sends a request, again where that is safe and useful, and answers its reply."""
        url = self._url(call)
        self._budget.earn()
        try:
            reply: Reply = await self._retrying.copy()(self._try, call, url)
        except RetryableError as error:
            error.context["spent"] = True
            raise
        return reply

    def _url(self, call: Call) -> str:
        # Put together here: httpx would read every address three times over, and follow a path to another host.
        if _NO_PATH.match(call.path):
            raise ConfigError(
                f"{self.name}: `{self.redactor.line(call.path)}` is not a path below {self.base_url}: the credentials "
                "would travel to another host. Give the path alone, and its query as params.",
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
            self.traffic.requests += 1
            if self.traffic.first is None:
                self.traffic.first = self._clock.monotonic()
            try:
                async with self._client.stream(
                    call.method, url, content=content, headers=headers, timeout=timeout
                ) as response:
                    raw = await self._read(call, response)
            # Not as their cause: these quote what they did not like, a header with its key included.
            except httpx.TransportError as error:
                raise self._no_answer(call, error) from None
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
        """Of a request that starts now; whoever waited for a place beyond the deadline starts none."""
        left = seconds_left(self._clock)
        read = self._read_timeout if left is None else min(self._read_timeout, left)
        return httpx.Timeout(read, connect=self._connect_timeout, pool=None)

    async def _read(self, call: Call, response: httpx.Response) -> bytes:
        chunks: list[bytes] = []
        size = 0
        try:
            async for chunk in response.aiter_bytes():
                size += len(chunk)
                if size > MAX_BODY_BYTES:
                    raise _unusable(
                        call,
                        f"{self.name} answered more than {MAX_BODY_BYTES // 2**20} MiB to {self._named(call)}: none of it was "
                        "used.",
                        status=response.status_code,
                        spent=True,  # it would be as large again
                    )
                chunks.append(chunk)
        except httpx.DecodingError:
            if response.is_success:
                raise self._unreadable(call, response.status_code, "a body that cannot be unpacked") from None
        return b"".join(chunks)

    def _judge(self, call: Call, content: bytes | None, response: httpx.Response, raw: bytes) -> Reply:
        status = response.status_code
        if status in OVERLOAD:
            self._limiter.overloaded()
        else:
            self._limiter.succeeded()
        if not 200 <= status < 300:  # noqa: PLR2004
            raise self._refusal(call, response, raw)
        data: Any = None
        if raw.strip():
            try:
                data = json.loads(raw, parse_float=_exact)
            except (ValueError, RecursionError):
                raise self._unreadable(call, status, self._quote(raw)) from None
        elif call.method == "GET":
            raise self._unreadable(call, status, self._quote(raw))
        asked = f"{call} {_beginning(content)}" if content else str(call)
        return Reply(status, response.headers, data, _beginning(raw), asked)

    def _refusal(self, call: Call, response: httpx.Response, raw: bytes) -> ChannelAppError:
        """The table from HTTP status to what to do next."""
        status = response.status_code
        try:
            body = json.loads(raw, parse_float=_exact)
            words = self.redactor.line(message_of(body), limit=500)
        except (ValueError, RecursionError):
            body = None
            words = self._quote(raw)
        where = {"method": call.method, "path": call.path, "status": status}
        said = f"{self.name} answered {status} to {self._named(call)}: {words}"
        if status == 429:  # noqa: PLR2004
            after = retry_after(response.headers.get("Retry-After"), self._clock.now().timestamp())
            return RateLimitedError(f"{said} (too many requests)", **where, retry_after=after)
        if status == 408 or status >= 500:  # noqa: PLR2004  # proxies have numbers of their own, 520 to 527
            if not call.repeatable:
                return LostAnswerError(f"{said}. It may have been applied all the same.", **where)
            after = retry_after(response.headers.get("Retry-After"), self._clock.now().timestamp())
            return self._unavailable(said, **where, retry_after=after)
        if status in (401, 403):
            return AuthError(
                f"{said}. Check the user name, the password and the account's permissions for {self.name}.", **where
            )
        if 300 <= status < 400:  # noqa: PLR2004
            target = _host_of(response.headers.get("Location", "")) or "another path"
            return ContractError(
                f"{self.name} redirected {self._named(call)} to {target}: redirects are not followed, for credentials would "
                "travel along. Set the final address.",
                **where,
            )
        return RefusedError(said, **where, body=body)

    def _no_answer(self, call: Call, error: httpx.TransportError) -> RetryableError:
        where = {"method": call.method, "path": call.path}
        what = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
        what = self.redactor.line(what, limit=QUOTED_CHARACTERS)
        if call.repeatable:
            return self._unavailable(
                f"{self.name} did not answer {self._named(call)} ({what}). Is {self.base_url} the right address, and up?",
                **where,
            )
        return LostAnswerError(f"The answer of {self.name} to {self._named(call)} was lost ({what}).", **where)

    def _unreadable(self, call: Call, status: int, shown: str) -> ChannelAppError:
        return _unusable(
            call,
            f"{self.name} answered {status} to {self._named(call)} where JSON was due: {shown}. "
            f"Is {self.base_url} its API, or a log-in page, a proxy or a firewall in front of it?",
            status=status,
            unreadable=True,
        )

    def _named(self, call: Call) -> str:
        """A request, for messages: a channel may want its key in the path."""
        return self.redactor.line(str(call))

    def _quote(self, raw: bytes) -> str:
        text = self.redactor.line(_beginning(raw), limit=QUOTED_CHARACTERS)
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
        return state.attempt_number >= self._tries or not self._budget.spend()

    def _pause(self, state: RetryCallState) -> float:
        asked = _error_of(state).context.get("retry_after")
        return _BACKOFF(state) if asked is None else float(asked)

    def _say_so(self, state: RetryCallState) -> None:
        self.traffic.retries += 1
        log.warning("%s Trying again in %.1f s.", _error_of(state).message, state.upcoming_sleep)


_BACKOFF = wait_random_exponential(multiplier=0.5, max=20)
"""Where the server asked for no pause: full jitter over half a second, doubling with every try, 20 s at most."""


def _error_of(state: RetryCallState) -> ChannelAppError:
    error = state.outcome and state.outcome.exception()
    if not isinstance(error, ChannelAppError):
        raise TypeError(f"only errors of this project are retried, not {error!r}")
    return error


def _unusable(call: Call, message: str, **context: Any) -> ChannelAppError:
    """An answer of which nothing can be used: a write may have been applied all the same, a read is none."""
    kind = ContractError if call.method == "GET" else LostAnswerError
    return kind(message, method=call.method, path=call.path, **context)


def _exact(text: str) -> Decimal:
    """A number of JSON, to the last digit. One of an absurd size is none: where a whole number is due, 1e999999999 would
    fill the memory."""
    number = Decimal(text)
    if abs(number.adjusted()) > LARGEST_EXPONENT:
        raise ValueError(f"`{text[:20]}` is no number that anybody counts with")
    return number


def _beginning(raw: bytes) -> str:
    return raw[:KEPT_BYTES].decode("utf-8", "replace")


def _host_of(url: str) -> str | None:
    try:
        return urlsplit(url).hostname
    except ValueError:
        return None


def retry_after(header: str | None, now: float) -> float | None:
    """Seconds that a `Retry-After` header asks for, in either of its forms (seconds, or an HTTP date)."""
    if not header:
        return None
    try:
        return max(0.0, float(header))
    except ValueError:
        pass
    moment = http_date(header)
    return None if moment is None else max(0.0, moment.timestamp() - now)


def message_of(body: Any, limit: int = 5) -> str:
    """What an error body says, whichever form it has: `{"order": {"number": ["taken"]}}` → `order.number: taken`.

    Only the first `limit` messages are kept. Fields are masked by their names here; their texts are not.
    """
    found: list[str] = []

    def walk(value: Any, path: str) -> None:
        match value:
            case dict():
                for key, item in value.items():
                    general = key in ("non_field_errors", "detail", "error", "message")
                    walk(MASK if hides(key, item) else item, path if general else f"{path}.{key}" if path else str(key))
            case list():
                for item in value:
                    walk(item, path)
            case None | "":
                pass
            case _:
                found.append(f"{path}: {value}" if path else str(value))

    walk(body, "")
    rest = f" (and {len(found) - limit} more)" if len(found) > limit else ""
    return "; ".join(found[:limit]) + rest if found else "no reason given"


def texts_of(response: Any, redactor: Redactor) -> tuple[str, str]:
    """What was asked and what came back, as texts for a report, without secrets.

    Takes a `Reply`, an httpx response (a connector may use httpx itself), or any other value, which has no request.
    """
    match response:
        case Reply():
            return redactor.text(response.request), redactor.text(response.text)
        case httpx.Response():
            asked = response.request
            body = asked.content.decode("utf-8", "replace")
            return redactor.text(f"{asked.method} {asked.url} {body}"), redactor.text(response.text)
        case _:
            return "", redactor.text(str(redactor.value(response)))
