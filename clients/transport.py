"""One way to speak HTTP for every system: time-outs, retries, limits, size caps and errors that say what to do next."""

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC
from decimal import Decimal
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

import httpx
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception, wait_random_exponential

from clients.deadline import seconds_left
from clients.errors import (
    AuthError,
    ChannelAppError,
    ContractError,
    LostAnswerError,
    RateLimitedError,
    RefusedError,
    RetryableError,
)
from clients.limits import AdaptiveLimiter, RetryBudget
from clients.redaction import MAX_TEXT, Redactor
from clients.runtime import Runtime

log = logging.getLogger("channel_app.http")

MAX_BODY_BYTES = 32 * 1024 * 1024
LONGEST_WAIT = 120.0
"""Seconds. A server that asks for more is left alone until the next run."""
QUOTED_CHARACTERS = 200
OVERLOAD = frozenset({429, 503})
TRANSIENT = frozenset({408, 500, 502, 503, 504})


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer with a 2xx status.

    `data` is its parsed JSON, none where the body was empty; `text` is its beginning, for reports.
    """

    status: int
    headers: Mapping[str, str]
    data: Any
    text: str
    request: str = ""
    """Method, path and body as they were sent, cut to what a report may quote."""


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
        LostAnswerError: a create may or may not have been applied.
        AuthError: 401 or 403.
        RefusedError: any other 4xx.
        ContractError: the answer is too large, a redirect, or no JSON.
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
        self._backoff = wait_random_exponential(multiplier=0.5, max=20)
        self._connect_timeout = settings.CHANNEL_APP_CONNECT_TIMEOUT
        self._read_timeout = settings.CHANNEL_APP_READ_TIMEOUT
        self._client = httpx.AsyncClient(
            base_url=base_url,
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
        self._budget.earn()
        retrying = AsyncRetrying(
            sleep=self._clock.sleep,
            stop=self._give_up,
            wait=self._pause,
            retry=retry_if_exception(lambda error: self._may_repeat(call, error)),
            before_sleep=self._say_so,
            reraise=True,
        )
        try:
            reply: Reply = await retrying(self._try, call)
        except RetryableError as error:
            error.context["spent"] = True
            raise
        return reply

    async def _try(self, call: Call) -> Reply:
        left = seconds_left(self._clock)
        read = self._read_timeout if left is None else min(self._read_timeout, left)
        timeout = httpx.Timeout(read, connect=self._connect_timeout, pool=None)
        content = None if call.body is None else json.dumps(call.body, default=str, ensure_ascii=False).encode()
        headers = dict(call.headers)
        if content is not None:
            headers["Content-Type"] = "application/json"
        async with self._limiter.slot():
            self.traffic.requests += 1
            if self.traffic.first is None:
                self.traffic.first = self._clock.monotonic()
            try:
                async with self._client.stream(
                    call.method,
                    call.path,
                    params=call.params or None,
                    content=content,
                    headers=headers,
                    timeout=timeout,
                ) as response:
                    raw = await self._read(call, response)
            except httpx.TransportError as error:
                raise self._no_answer(call, error) from error
            except (httpx.InvalidURL, httpx.DecodingError) as error:
                raise ContractError(f"{self.name}: {call} failed: {error}", method=call.method, path=call.path) from error
            finally:
                self.traffic.last = self._clock.monotonic()
        return self._judge(call, content, response, raw)

    async def _read(self, call: Call, response: httpx.Response) -> bytes:
        chunks: list[bytes] = []
        size = 0
        async for chunk in response.aiter_bytes():
            size += len(chunk)
            if size > MAX_BODY_BYTES:
                raise ContractError(
                    f"{self.name} answered more than {MAX_BODY_BYTES // 2**20} MiB to {call}; nothing of it was used.",
                    method=call.method,
                    path=call.path,
                )
            chunks.append(chunk)
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
                data = json.loads(raw, parse_float=Decimal)
            except ValueError as error:
                raise self._unreadable(call, status, raw) from error
        elif call.method == "GET":
            raise self._unreadable(call, status, raw)
        asked = f"{call} {content[:MAX_TEXT].decode('utf-8', 'replace')}" if content else str(call)
        return Reply(status, response.headers, data, raw[:MAX_TEXT].decode("utf-8", "replace"), asked)

    def _refusal(self, call: Call, response: httpx.Response, raw: bytes) -> ChannelAppError:
        """The table from HTTP status to what to do next."""
        status = response.status_code
        try:
            body = json.loads(raw, parse_float=Decimal)
            words = self.redactor.text(message_of(self.redactor.value(body)), limit=500)
        except ValueError:
            body = None
            words = self._quote(raw)
        where = {"method": call.method, "path": call.path, "status": status}
        said = f"{self.name} answered {status} to {call}: {words}"
        if status == 429:  # noqa: PLR2004
            after = retry_after(response.headers.get("Retry-After"), self._clock.now().timestamp())
            return RateLimitedError(f"{said} (too many requests)", **where, retry_after=after)
        if status in TRANSIENT:
            if not call.repeatable:
                return LostAnswerError(f"{said}. It may have been applied all the same.", **where)
            after = retry_after(response.headers.get("Retry-After"), self._clock.now().timestamp())
            return self._unavailable(said, **where, retry_after=after)
        if status in (401, 403):
            return AuthError(
                f"{said}. Check the user name, the password and the account's permissions for {self.name}.", **where
            )
        if 300 <= status < 400:  # noqa: PLR2004
            target = urlsplit(response.headers.get("Location", "")).hostname or "another path"
            return ContractError(
                f"{self.name} redirected {call} to {target}: redirects are not followed, for credentials would travel "
                "along. Set the final address.",
                **where,
            )
        return RefusedError(said, **where, body=body)

    def _no_answer(self, call: Call, error: httpx.TransportError) -> RetryableError:
        where = {"method": call.method, "path": call.path}
        what = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
        what = self.redactor.text(what, limit=QUOTED_CHARACTERS)
        if call.repeatable:
            return self._unavailable(
                f"{self.name} did not answer {call} ({what}). Is {self.base_url} the right address, and up?", **where
            )
        return LostAnswerError(f"The answer of {self.name} to {call} was lost ({what}).", **where)

    def _unreadable(self, call: Call, status: int, raw: bytes) -> ChannelAppError:
        where = {"method": call.method, "path": call.path, "status": status}
        if not call.repeatable:
            return LostAnswerError(
                f"{self.name} answered {status} to {call}, but not in JSON: {self._quote(raw)}", **where
            )
        return ContractError(
            f"{self.name} answered {status} to {call} where JSON was due: {self._quote(raw)}. "
            f"Is {self.base_url} its API, or a log-in page, a proxy or a firewall in front of it?",
            **where,
            unreadable=True,
        )

    def _quote(self, raw: bytes) -> str:
        text = self.redactor.text(raw.decode("utf-8", "replace"), limit=QUOTED_CHARACTERS).strip()
        return f"“{text}”" if text else "an empty body"

    def _may_repeat(self, call: Call, error: BaseException) -> bool:
        match error:
            case LostAnswerError() | ChannelAppError(context={"spent": True}):
                return False
            case RateLimitedError():
                return (error.retry_after or 0) <= LONGEST_WAIT
            case RetryableError() | ContractError(context={"unreadable": True}):
                return call.repeatable and (error.context.get("retry_after") or 0) <= LONGEST_WAIT
            case _:
                return False

    def _give_up(self, state: RetryCallState) -> bool:
        return state.attempt_number >= self._tries or not self._budget.spend()

    def _pause(self, state: RetryCallState) -> float:
        asked = _failure(state).context.get("retry_after")
        return float(asked) if asked is not None else float(self._backoff(state))

    def _say_so(self, state: RetryCallState) -> None:
        self.traffic.retries += 1
        log.warning("%s Trying again in %.1f s.", _failure(state).message, state.upcoming_sleep)


def _failure(state: RetryCallState) -> ChannelAppError:
    error = state.outcome.exception() if state.outcome else None
    if not isinstance(error, ChannelAppError):
        raise TypeError(f"only errors of this project are retried, not {error!r}")
    return error


def retry_after(header: str | None, now: float) -> float | None:
    """Seconds that a `Retry-After` header asks for, in either of its forms (seconds, or an HTTP date)."""
    if not header:
        return None
    try:
        return max(0.0, float(header))
    except ValueError:
        pass
    try:
        moment = parsedate_to_datetime(header)
    except (TypeError, ValueError):
        return None
    moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
    return max(0.0, moment.timestamp() - now)


def message_of(body: Any, limit: int = 5) -> str:
    """What an error body says, whichever form it has: `{"order": {"number": ["taken"]}}` → `order.number: taken`.

    Only the first `limit` messages are kept.
    """
    found: list[str] = []

    def walk(value: Any, path: str) -> None:
        match value:
            case dict():
                for key, item in value.items():
                    general = key in ("non_field_errors", "detail", "error", "message")
                    walk(item, path if general else f"{path}.{key}" if path else str(key))
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
