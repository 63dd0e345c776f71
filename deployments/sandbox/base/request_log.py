"""The requests so far, in order, and counted by route."""

import re
from collections import Counter, deque

KEPT_REQUESTS = 200_000

DROPPED = 0
"""The status noted for a request whose connection was dropped."""

_IDENTIFIER = re.compile(r"(?<=/)(?:[0-9]+|[0-9a-f]{8}-[0-9a-f-]{27})(?=/|$)")


class RequestLog:
    """`entries` holds `(method, path, status)`, the oldest first; `routes` counts `GET /products/{}/`."""

    def __init__(self) -> None:
        self.entries: deque[tuple[str, str, int]] = deque(maxlen=KEPT_REQUESTS)
        self.routes: Counter[str] = Counter()

    def add(self, method: str, path: str, status: int) -> None:
        self.entries.append((method, path, status))
        self.routes[f"{method} {_IDENTIFIER.sub('{}', path)}"] += 1

    def clear(self) -> None:
        self.entries.clear()
        self.routes.clear()
