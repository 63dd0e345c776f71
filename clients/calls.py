"""A request before it is tried, and the counts of one client's requests."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import httpx

from clients.errors import ConfigError


@dataclass(slots=True)
class Traffic:
    """Counts of one client's requests."""

    requests: int = 0
    retries: int = 0
    log_ins: int = 0
    first: float | None = None
    """When the first request was sent, on the clock's monotonic scale."""
    last: float | None = None
    """When the last answer came."""


Upload = tuple[str, bytes, str]
"""A file of a form: its name, its content, its media type."""


@dataclass(frozen=True, slots=True)
class Call:
    """One request, before it is tried.

    It has one body at most: `body` is sent as JSON, `form` as a form, `files` as a multipart form with the fields of `form`, and
    `content` as it is. A `Content-Type` among the headers takes precedence, as a vendor's own media type does.

    Its `repr` shows neither parameters, body nor headers, nor a query in the path: they hold credentials and customers.

    Attributes:
        path: below the transport's address; its ids go through `clients.paths.segment`.
        repeatable: whether doing it twice is the same as once: reads, deletions, moves to a state, upserts. A create is not:
            when its answer is lost, the caller has to look before it creates again. By default, all but a POST is repeatable.
        reads: what the answer holds: JSON in `reply.data`, or `bytes` in `reply.content`.
        group: the name of the channel's limit that the request counts for, among the transport's `rates`.

    Raises:
        ConfigError: it has several bodies.
    """

    method: str
    path: str
    params: Mapping[str, Any] = field(default_factory=dict)
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    repeatable: bool | None = None
    form: Mapping[str, Any] | None = field(default=None, kw_only=True)
    files: Mapping[str, Upload] | None = field(default=None, kw_only=True)
    content: bytes | None = field(default=None, kw_only=True)
    reads: Literal["json", "bytes"] = field(default="json", kw_only=True)
    group: str = field(default="", kw_only=True)

    def __post_init__(self) -> None:
        bodies = {"body": self.body, "form or files": self.form or self.files, "content": self.content}
        given = [name for name, value in bodies.items() if value is not None]
        if len(given) > 1:
            raise ConfigError(
                f"{self} has several bodies, {' and '.join(given)}: a request has one. Leave the others out."
            )

    def __repr__(self) -> str:
        path, has_query, _ = self.path.partition("?")
        return f"Call({self.method} {path}{'?...' if has_query else ''})"

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def is_repeatable(self) -> bool:
        """Whether doing it twice is the same as once."""
        return self.method != "POST" if self.repeatable is None else self.repeatable

    def encoded(self) -> tuple[bytes | None, dict[str, str]]:
        """The body as it travels, and the headers."""
        content, media_type = self._body()
        headers = dict(self.headers)
        given = {name.lower() for name in headers}
        if content is not None and "content-type" not in given:
            headers["Content-Type"] = media_type
        if self.reads == "bytes" and "accept" not in given:
            headers["Accept"] = "*/*"
        return content, headers

    def _body(self) -> tuple[bytes | None, str]:
        if self.content is not None:
            return self.content, "application/octet-stream"
        if self.form is not None or self.files is not None:
            request = httpx.Request("POST", "http://form.invalid", data=dict(self.form or {}), files=self.files)
            return request.read(), request.headers.get("Content-Type", "application/x-www-form-urlencoded")
        if self.body is None:
            return None, ""
        # A lone surrogate (JSON can hold half an emoji) is sent as `?`: UTF-8 has no place for it.
        return json.dumps(self.body, default=str, ensure_ascii=False).encode("utf-8", "replace"), "application/json"
