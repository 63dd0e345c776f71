"""The errors for requests that failed and answers that cannot be used: a table from HTTP to the next step."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

import httpx

from clients.answers import Reply, beginning, host_of, kept_headers, message_of, parse_json, retry_after
from clients.calls import Call
from clients.clock import Clock
from clients.errors import (
    AuthError,
    ChannelAppError,
    ContractError,
    LostAnswerError,
    RateLimitedError,
    RefusedError,
    RetryableError,
)
from clients.redaction import Redactor

QUOTED_CHARACTERS = 200

Judge = Callable[[Call, Reply], ChannelAppError | None]
"""Reads an answer with a good status: the error that it holds all the same, such as a refusal in a body of 200, or None."""


class Verdicts:
    """Names each failure of one system, with the words of its answer.

    Args:
        name: the system, as it begins a sentence.
        unavailable: the error for a system that is down.
    """

    def __init__(
        self, name: str, base_url: str, redactor: Redactor, clock: Clock, unavailable: type[RetryableError]
    ) -> None:
        self._name = name
        self._base_url = base_url
        self._redactor = redactor
        self._clock = clock
        self._unavailable = unavailable

    def refusal(self, call: Call, response: httpx.Response, raw: bytes) -> ChannelAppError:
        """The table from HTTP status to error."""
        status = response.status_code
        try:
            body = parse_json(raw)
            words = self._redactor.line(message_of(body), limit=500)
        except (ValueError, ContractError):
            body = None
            words = self.quote(raw)
        where = {
            "system": self._name,
            "method": call.method,
            "path": call.path,
            "status": status,
            "headers": kept_headers(response.headers, self._redactor),
        }
        said = f"{self._name} answered {status} to {self.named(call)}: {words}"
        if status == HTTPStatus.TOO_MANY_REQUESTS:
            after = retry_after(response.headers.get("Retry-After"), self._clock.now().timestamp())
            return RateLimitedError(f"{said} (too many requests)", **where, retry_after=after)
        if status == HTTPStatus.REQUEST_TIMEOUT or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            if not call.is_repeatable:
                return LostAnswerError(f"{said}. It may have been applied all the same.", **where)
            after = retry_after(response.headers.get("Retry-After"), self._clock.now().timestamp())
            return self._unavailable(said, **where, retry_after=after)
        if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
            return AuthError(
                f"{said}. Check the user name, the password and the account's permissions for {self._name}.", **where
            )
        if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
            target = host_of(response.headers.get("Location", "")) or "another path"
            return ContractError(
                f"{self._name} redirected {self.named(call)} to {target}: redirects are not followed, for credentials would "
                "travel along. Set the final address.",
                **where,
            )
        return RefusedError(said, **where, body=body)

    def no_answer(self, call: Call, error: httpx.TransportError) -> RetryableError:
        """The error for an answer that did not come."""
        what = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
        return self.lost(call, self._redactor.line(what, limit=QUOTED_CHARACTERS), is_away=_is_away(error))

    def lost(self, call: Call, what: str, *, is_away: bool = False) -> RetryableError:
        """The error for an answer that did not come, in words; `is_away` if nobody took the request."""
        where = {"system": self._name, "method": call.method, "path": call.path}
        if not call.is_repeatable:
            return LostAnswerError(f"The answer of {self._name} to {self.named(call)} was lost ({what}).", **where)
        if is_away:
            return self._unavailable(
                f"{self._name} did not answer {self.named(call)} ({what}). Is {self._base_url} the right address, and up?",
                **where,
            )
        return self._unavailable(
            f"The answer of {self._name} to {self.named(call)} was lost ({what}). If that goes on, look at the network, and "
            f"at any proxy in front of {self._base_url}.",
            **where,
        )

    def unreadable(self, call: Call, status: int, shown: str) -> ChannelAppError:
        """The error for a body that is not what was asked for."""
        return self.unusable(
            call,
            f"{self._name} answered {status} to {self.named(call)} where JSON was due: {shown}. "
            f"Is {self._base_url} its API, or a log-in page, a proxy or a firewall in front of it?",
            status=status,
            unreadable=True,
        )

    def judgement(self, judge: Judge, call: Call, reply: Reply) -> ChannelAppError | None:
        """The error that an answer with a good status holds."""
        try:
            error = judge(call, reply)
        except Exception as mistake:
            what = f"{self._name} answered {reply.status} to {self.named(call)}, and judging the answer failed"
            return self.unusable(call, f"{what}: {type(mistake).__name__}. It is a mistake in the connector.")
        if isinstance(error, RetryableError) and not isinstance(error, RateLimitedError) and not call.is_repeatable:
            return LostAnswerError(f"{error.message} It may have been applied all the same.", **error.context)
        return error

    def named(self, call: Call) -> str:
        """A request, for messages: some channels want their key in the path."""
        return self._redactor.line(str(call))

    def quote(self, raw: bytes) -> str:
        """The beginning of a body, for messages."""
        text = self._redactor.line(beginning(raw), limit=QUOTED_CHARACTERS)
        return f"“{text}”" if text else "an empty body"

    @staticmethod
    def unusable(call: Call, message: str, **context: Any) -> ChannelAppError:
        """The error for an unusable answer: a write may have been applied all the same, a read has no result."""
        kind = ContractError if call.method == "GET" else LostAnswerError
        return kind(message, method=call.method, path=call.path, **context)


def _is_away(error: httpx.TransportError) -> bool:
    """Whether nobody took the request, as opposed to an answer that did not come."""
    return isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | httpx.UnsupportedProtocol)
