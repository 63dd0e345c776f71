"""What an answer holds: its JSON, its message, the pause that it asks for, and its text for reports."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

import httpx

from clients.clock import http_date
from clients.errors import ContractError
from clients.redaction import MASK, Redactor, hides

KEPT_BYTES = 40_000
"""Bytes of a body that are kept for reports: more than they quote, because a secret cut in half cannot be masked."""
LARGEST_EXPONENT = 400
"""Largest power of ten in a number of JSON; a binary float ends at 308."""

MOST_VALUES = 4_000_000
"""Values in one JSON text: each takes up to thirty times its bytes."""
DEEPEST = 100
"""Levels of lists and objects in one another."""


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer with a 2xx status.

    `data` is its parsed JSON, or None if the body was empty; `text` is its beginning, for `texts_of`.
    """

    status: int
    headers: Mapping[str, str]
    data: Any
    text: str
    request: str = ""
    """Method, path and the beginning of the body as they were sent, for `texts_of`."""
    content: bytes = field(default=b"", repr=False)
    """The body of an answer to a call that reads bytes."""


def parse_json(raw: bytes) -> Any:
    """The value of a JSON text. Numbers are exact, to the last digit.

    Raises:
        ContractError: it holds too many values, or is nested too deeply: no honest system sends that.
        ValueError: it is no JSON, or a number has an absurd size.
    """
    opened = raw.count(b"[") + raw.count(b"{")
    if raw.count(b",") + opened > MOST_VALUES:
        raise ContractError(f"JSON with more than {MOST_VALUES} values")
    too_deep = ContractError(f"JSON that is nested more than {DEEPEST} levels deep")
    try:
        value = json.loads(raw, parse_float=_exact)
    except RecursionError:
        raise too_deep from None
    if opened > DEEPEST and not _is_flat(value):
        raise too_deep
    return value


def _is_flat(value: Any) -> bool:
    """Whether it has at most `DEEPEST` levels."""
    level = [value]
    for _ in range(DEEPEST):
        items = (each.values() if isinstance(each, dict) else each for each in level if isinstance(each, dict | list))
        level = [item for each in items for item in each if isinstance(item, dict | list)]
        if not level:
            return True
    return False


def _exact(text: str) -> Decimal:
    number = Decimal(text)
    if abs(number.adjusted()) > LARGEST_EXPONENT:  # as a whole number, 1e999999999 would fill the memory
        raise ValueError(f"`{text[:20]}` is too large or too small a number")
    return number


KEPT_HEADERS = frozenset(
    {
        *("date", "retry-after", "server", "via", "x-request-id", "request-id", "x-correlation-id", "correlation-id"),
        *("traceparent", "x-amzn-requestid", "x-amzn-trace-id", "cf-ray"),
        *("x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset"),
        *("ratelimit-limit", "ratelimit-remaining", "ratelimit-reset", "ratelimit", "ratelimit-policy"),
    }
)
"""Headers of a refusal that help to wait for the right time, or to ask the other side about one request."""
LONGEST_HEADER = 200
"""Characters of one of them."""


def kept_headers(headers: Mapping[str, str], redactor: Redactor) -> dict[str, str]:
    """Those headers of an answer that its error keeps, by their names in lower case, without secrets."""
    return {
        name.lower(): redactor.line(value, limit=LONGEST_HEADER)
        for name, value in headers.items()
        if name.lower() in KEPT_HEADERS
    }


def beginning(raw: bytes) -> str:
    """The part of a body that is kept, as text."""
    return raw[:KEPT_BYTES].decode("utf-8", "replace")


def host_of(url: str) -> str | None:
    """The host that a URL names; None if it names no host or is malformed."""
    try:
        return urlsplit(url).hostname
    except ValueError:
        return None


def retry_after(header: str | None, now: float) -> float | None:
    """Seconds that a `Retry-After` header asks for, in either of its forms (seconds, or an HTTP date); None without one.

    `now` is the present moment in seconds since the epoch.
    """
    if not header:
        return None
    try:
        return max(0.0, float(header))
    except ValueError:
        pass
    moment = http_date(header)
    return None if moment is None else max(0.0, moment.timestamp() - now)


def message_of(body: Any, limit: int = 5) -> str:
    """The messages of an error body in any of its forms: `{"order": {"number": ["taken"]}}` → `order.number: taken`.

    Only the first `limit` messages are kept. Fields are masked by name here; their texts are not.
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
    """Request and answer as texts for a report, without secrets.

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
