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
        object.__setattr__(self, "method", self.method.upper())
        form = self.files if self.form is None else self.form
        bodies = {"body": self.body, "form or files": form, "content": self.content}
        given = [name for name, value in bodies.items() if value is not None]
        if len(given) > 1:
            raise ConfigError(
                f"A {self.method} has several bodies, {' and '.join(given)}: a request has one. Leave the others out."
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

    def encoded(self, media_type: str = "application/json") -> tuple[bytes | None, dict[str, str]]:
        """The body as it travels, and the headers; `media_type` is that of JSON."""
        content, its_type = self._body(media_type)
        headers = dict(self.headers)
        if content is not None and not has_header(headers, "Content-Type"):
            headers["Content-Type"] = its_type
        return content, headers

    def _body(self, media_type: str) -> tuple[bytes | None, str]:
        if self.content is not None:
            return self.content, "application/octet-stream"
        if self.form is not None or self.files is not None:
            fields = {name: _as_form_value(value) for name, value in (self.form or {}).items()}
            files = {name: (_writable(file), *rest) for name, (file, *rest) in (self.files or {}).items()}
            request = httpx.Request("POST", "http://form.invalid", data=fields, files=files or None)  # type: ignore[arg-type]
            return request.read(), request.headers.get("Content-Type", "application/x-www-form-urlencoded")
        if self.body is None:
            return None, ""
        return _writable(json.dumps(self.body, default=str, ensure_ascii=False)).encode(), media_type


def has_header(headers: Mapping[str, str], name: str) -> bool:
    """Whether headers have one of this name, in any letter case."""
    return name.lower() in (each.lower() for each in headers)


def _writable(text: str) -> str:
    """A text with `?` in the place of a lone surrogate (JSON can hold half an emoji): UTF-8 has no place for it."""
    return text.encode("utf-8", "replace").decode()


def _as_form_value(value: Any) -> str | list[str]:
    match value:
        case list() | tuple():
            return [str(_as_form_value(each)) for each in value]
        case bool():
            return "true" if value else "false"
        case None:
            return ""
        case _:
            return _writable(str(value))
