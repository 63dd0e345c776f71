"""One HTTP request and one HTTP response, whole and in memory."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import parse_qs, urlencode

import orjson

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
AsgiApp = Callable[[Scope, Receive, Send], Awaitable[None]]

JSON = b"application/json"
HTML = b"text/html; charset=utf-8"


class HttpError(Exception):
    """Ends the handling of a request with `status` and a JSON body."""

    def __init__(self, status: int, body: Any) -> None:
        super().__init__(status, body)
        self.status = status
        self.body = body


class Request:
    """What a handler reads."""

    __slots__ = ("_query", "body", "headers", "method", "path", "raw_query", "scheme")

    def __init__(self, scope: Scope, body: bytes) -> None:
        self.method: str = scope["method"]
        self.path: str = scope["path"]
        self.scheme: str = scope.get("scheme", "http")
        self.raw_query: str = scope.get("query_string", b"").decode("latin-1")
        self.headers: list[tuple[bytes, bytes]] = scope["headers"]
        self.body = body
        self._query: dict[str, list[str]] | None = None

    @property
    def query(self) -> dict[str, list[str]]:
        if self._query is None:
            self._query = parse_qs(self.raw_query, keep_blank_values=True) if self.raw_query else {}
        return self._query

    def parameter(self, name: str) -> str | None:
        """The last value of a query parameter."""
        values = self.query.get(name)
        return values[-1] if values else None

    def header(self, name: bytes) -> str:
        """The value of a header, by its lower-case name; empty when absent."""
        for key, value in self.headers:
            if key == name:
                return value.decode("latin-1")
        return ""

    def json(self) -> dict[str, Any]:
        """The body as an object.

        Raises:
            HttpError: 400, the body is no JSON object.
        """
        try:
            body = orjson.loads(self.body or b"{}")
        except orjson.JSONDecodeError as error:
            raise HttpError(400, {"detail": f"JSON parse error - {error}"}) from None
        if not isinstance(body, dict):
            raise HttpError(400, {"non_field_errors": ["Invalid data. Expected a dictionary."]})
        return body

    def page_url(self, page: int) -> str:
        """The address of another page of the same list."""
        query = urlencode({**self.query, "page": [str(page)]}, doseq=True)
        return f"{self.scheme}://{self.header(b'host')}{self.path}?{query}"


class Response:
    """What a handler answers."""

    __slots__ = ("body", "headers", "status")

    def __init__(
        self, status: int, body: bytes, content_type: bytes = JSON, headers: tuple[tuple[bytes, bytes], ...] = ()
    ) -> None:
        self.status = status
        self.body = body
        self.headers = ((b"content-type", content_type), *headers)


def json_response(body: Any, status: int = 200) -> Response:
    """A response of JSON."""
    return Response(status, orjson.dumps(body))


def html_response(body: str, status: int = 200) -> Response:
    """A page for people."""
    return Response(status, body.encode(), HTML)
