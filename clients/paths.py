"""Paths of requests, which may hold what strangers call their objects."""

import re
from urllib.parse import quote, unquote

from clients.errors import ContractError
from clients.redaction import visible_line
from dto.base import is_writable

_ELSEWHERE = re.compile(r"[a-z][a-z0-9+.-]*://|//|[^#]*#", re.IGNORECASE)
_STEP = re.compile(r"(?:^|[/\\])\.{1,2}(?=$|[/\\;])")
"""`.` or `..` between slashes. Libraries and proxies take such steps, encoded ones included, some behind a backslash or in
front of a semicolon."""
_DECODINGS = 3
"""Times that a path may be decoded on its way: by a library here, by a proxy, and by the server."""


def segment(name: str) -> str:
    """A name as one segment of a path, so that the server reads exactly this name in this place.

    Raises:
        ContractError: no encoding can do that, because the name is empty, holds half a character, or leads to another path.
    """
    if not name or not is_writable(name) or _takes_a_step(name):
        raise ContractError(
            f"The id `{visible_line(name)}` cannot stand in an address: it is empty, holds half a character, or would lead to "
            "another path. Correct it where it comes from."
        )
    return quote(name, safe="")


def is_path(text: str) -> bool:
    """Whether this is a path that stays below its base: no address of its own, no fragment, and no step upwards."""
    return is_writable(text) and not _ELSEWHERE.match(text) and not _takes_a_step(text.partition("?")[0])


def _takes_a_step(text: str) -> bool:
    for _ in range(_DECODINGS):
        if _STEP.search(text):
            return True
        text = unquote(text)
    return _STEP.search(text) is not None
