"""From method and path to a handler, in one walk over the path's parts."""

from collections.abc import Callable
from dataclasses import dataclass, field

from deployments.sandbox.messages import HttpError, Request, Response

Handler = Callable[..., Response]
"""`handler(request, *values of the path's placeholders)`"""

_PLACEHOLDER = "{}"


@dataclass(slots=True)
class _Node:
    children: dict[str, "_Node"] = field(default_factory=dict)
    handlers: dict[str, Handler] = field(default_factory=dict)


class Router:
    """A table of routes. A pattern is a path in which `{}` stands for any one part: `/products/{}/`."""

    def __init__(self) -> None:
        self._root = _Node()

    def add(self, method: str, pattern: str, handler: Handler) -> None:
        node = self._root
        for part in pattern.split("/"):
            node = node.children.setdefault(part, _Node())
        node.handlers[method] = handler

    def dispatch(self, request: Request) -> Response:
        """Answer the request.

        Raises:
            HttpError: 404 or 405, or what the handler raises.
        """
        node = self._root
        values: list[str] = []
        for part in request.path.split("/"):
            child = node.children.get(part)
            if child is None and part:
                child = node.children.get(_PLACEHOLDER)
                values.append(part)
            if child is None:
                raise HttpError(404, {"detail": "Not found."})
            node = child
        handler = node.handlers.get(request.method)
        if handler is None:
            status, text = (405, f'Method "{request.method}" not allowed.') if node.handlers else (404, "Not found.")
            raise HttpError(status, {"detail": text})
        return handler(request, *values)


def as_pk(text: str) -> int:
    """A path's part as a key.

    Raises:
        HttpError: 404, it is none.
    """
    if not text.isdecimal():
        raise HttpError(404, {"detail": "Not found."})
    return int(text)
