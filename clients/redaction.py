"""Masks credentials and customers' data where text is made, so that nothing downstream has to think of it."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

MASK = "***"
MAX_TEXT = 4_000
"""Characters of a body that a message or report may quote."""

_SECRET_KEYS = (
    r"(?:[\w-]*(?:password|passwd|secret|token|api[_-]?key|authorization|cookie|credential)[\w-]*|key|auth)"
)
_PERSONAL_KEYS = (
    r"(?:[\w-]*e[_-]?mail|[\w-]*phone[\w-]*|gsm|mobile|(?:first|last|full|customer)[_-]?name|surname|"
    r"line|address\d?|tax[_-]?(?:no|number)|identity[_-]?number|tckn|remote[_-]?addr)"
)
_KEY = re.compile(rf"{_SECRET_KEYS}|{_PERSONAL_KEYS}", re.IGNORECASE)
_JSON_FIELD = re.compile(
    rf"""(["'](?:{_SECRET_KEYS}|{_PERSONAL_KEYS})["']\s*:\s*)("(?:[^"\\]|\\.)*"?|'(?:[^'\\]|\\.)*'?|[^\s,}}\]]+)""",
    re.IGNORECASE,
)
_QUERY_FIELD = re.compile(rf"((?<![\w-])(?:{_SECRET_KEYS}|{_PERSONAL_KEYS})=)[^&\s\"']*", re.IGNORECASE)
_SCHEME = re.compile(r"\b(Bearer|Basic|Token)\s+[\w.~+/=-]+", re.IGNORECASE)
_USERINFO = re.compile(r"(?<=://)[^/\s@]+@")
_EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_PHONE = re.compile(r"(?<![\w.-])(?:\+|00)\d[\d ()-]{7,16}\d(?![\w-])|(?<![\w.-])0?5\d{2}[ -]?\d{3}[ -]?\d{2}[ -]?\d{2}(?![\w-])")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]")


def _escape(match: re.Match[str]) -> str:
    return f"\\x{ord(match[0]):02x}"


class Redactor:
    """Masks what looks like a secret or personal data, and every secret value that it was told of."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._secrets: list[str] = []
        for secret in secrets:
            self.learn(secret)

    def learn(self, secret: str) -> None:
        """Masks this value from now on, wherever it stands."""
        if len(secret) >= 4 and secret not in self._secrets:  # noqa: PLR2004  # shorter ones would mask half of any text
            self._secrets.append(secret)
            self._secrets.sort(key=len, reverse=True)

    def text(self, text: str, limit: int = MAX_TEXT) -> str:
        """`text` without secrets, personal data and control characters, cut to `limit` characters."""
        text = text[: limit * 2]
        for secret in self._secrets:
            text = text.replace(secret, MASK)
        text = _JSON_FIELD.sub(rf'\1"{MASK}"', text)
        text = _QUERY_FIELD.sub(rf"\1{MASK}", text)
        text = _SCHEME.sub(rf"\1 {MASK}", text)
        text = _USERINFO.sub(f"{MASK}@", text)
        text = _EMAIL.sub(MASK, text)
        text = _PHONE.sub(MASK, text)
        text = _CONTROL.sub(_escape, text)
        return text if len(text) <= limit else f"{text[:limit]}... ({len(text)} characters)"

    def value(self, value: Any) -> Any:
        """The same for a JSON value: fields by their names, texts by their contents."""
        match value:
            case Mapping():
                return {
                    key: MASK if _KEY.fullmatch(str(key)) and item not in (None, "") else self.value(item)
                    for key, item in value.items()
                }
            case list() | tuple():
                return [self.value(item) for item in value]
            case str():
                return self.text(value)
            case _:
                return value
