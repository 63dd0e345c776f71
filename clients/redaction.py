"""Masks credentials and customers' data where text is made, so that nothing downstream has to think of it."""

import html
import json
import re
from base64 import b64encode
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any
from urllib.parse import quote, quote_plus

MASK = "***"
MAX_TEXT = 4_000
"""Characters of a body that a message or report may quote."""
SHORTEST_FIELD = 6
"""Characters of a field that is learnt for its name: `use_token` may be `true`, and `token_lifetime` 3600."""
SHORTEST_BASE64 = 8
MARGIN = 200
"""Characters that are read beyond the end of a quotation and dropped again: whatever was cut in half stands there."""

# Every pattern takes time that grows with the text and no faster, for texts come from outside: repetitions are bounded,
# or possessive and begun only where a word begins.
_CREDENTIAL = (
    r"(?:[\w-]{0,40}(?:password|passwd|secret|token|api[_-]?key|authorization|cookie|credential)[\w-]{0,40}|key|auth)"
)
_PERSONAL = (
    r"(?:[\w-]{0,40}e[_-]?mail|[\w-]{0,40}phone[\w-]{0,40}|gsm|mobile|(?:first|last|full|customer)[_-]?name|surname|"
    r"line|address\d?|tax[_-]?(?:no|number)|identity[_-]?number|tckn|remote[_-]?addr)"
)
_CREDENTIAL_NAME = re.compile(_CREDENTIAL, re.IGNORECASE)
_PERSONAL_NAME = re.compile(_PERSONAL, re.IGNORECASE)

# A field of JSON, or of a Python mapping's text. Quotes may be escaped, once or several times: texts travel in JSON.
_FIELD = r"""(?s)(["'](?=[\w-]{1,100}\\*+["']\s*+:)%s\\*+["']\s*+:\s*+)"""
_QUOTED = r"""(?P<open>\\*+["'])(?:.*?(?<!\\)(?P=open)|.*)"""
_LISTED = r"""[\[{][^\[\]{}]*+(?:[\]}]|.*)"""  # with another list in it, all that follows
_BARE = r"""[^\s,}\]\[{]++"""
_CREDENTIAL_FIELD = re.compile(_FIELD % _CREDENTIAL + rf"(?:{_QUOTED}|{_LISTED}|{_BARE})", re.IGNORECASE)
_PERSONAL_FIELD = re.compile(_FIELD % _PERSONAL + rf"(?:{_QUOTED}|{_BARE})", re.IGNORECASE)

# In an address, or as Python prints an object: `first_name='Ada'`.
_REPR = r"""'(?:[^'\\]|\\.)*+'?|"(?:[^"\\]|\\.)*+"?"""
_QUERY_FIELD = re.compile(
    rf"((?<![\w-])(?=[\w-]{{1,100}}=)(?:{_CREDENTIAL}|{_PERSONAL})=)(?:{_REPR}|[^&\s\"']*+)",
    re.IGNORECASE,
)
_HEADER = re.compile(
    rf"((?:^|>)[ \t]*+(?=[\w-]{{1,100}}[ \t]*+[:=]){_CREDENTIAL}[ \t]*+(?::|=[ \t]))[^\n<]++",
    re.IGNORECASE | re.MULTILINE,
)
_SCHEME = re.compile(r"\b(Bearer|Basic|Token)\s++[\w.~+/=-]++", re.IGNORECASE)
_USERINFO = re.compile(r"(?<=://)[^/\s@]++@")
_EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]++(?:@|%40)[\w-]++(?:\.[\w-]++)++")
_PHONE = re.compile(
    r"(?<![\w.-])(?:\+|00)\d[\d ()-]{7,16}\d(?![\w-])"
    r"|(?<![\w.-])\(?(?:90|0)?5\d{2}\)?[ -]?\d{3}[ -]?\d{2}[ -]?\d{2}(?![\w-])"
)
# Marks that turn the direction of text are among them: they make a line of a log read as another one. So are halves of
# characters, which JSON can hold and no file or terminal can.
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
_BREAK = re.compile(r"[\t\n]")
_URL_SAFE = str.maketrans("+/", "-_")


def _escape(match: re.Match[str]) -> str:
    return f"\\x{ord(match[0]):02x}"


def _spellings(secret: str) -> set[str]:
    """A secret as JSON, JSON in JSON, Python, addresses, forms, HTML and base64 write it."""
    escaped = {json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]}
    return {
        secret,
        *escaped,
        *(json.dumps(text)[1:-1] for text in escaped),
        repr(secret)[1:-1],
        quote(secret, errors="replace"),
        quote(secret, safe="", errors="replace"),
        quote_plus(secret, errors="replace"),
        html.escape(secret),
        *_base64_of(secret),
    }


def _base64_of(secret: str) -> set[str]:
    """What base64 makes of it inside a longer text, as in `user:secret`: there are three ways, by where it begins. Without
    the characters in which its neighbours have a part; a rest that is short would mask half of any text."""
    raw = secret.encode(errors="replace")
    texts = set()
    for before, mixed in ((0, 0), (1, 2), (2, 3)):
        text = b64encode(bytes(before) + raw).decode()[mixed : (before + len(raw)) * 8 // 6]
        texts |= {text, text.translate(_URL_SAFE)}
    return {text for text in texts if len(text) >= SHORTEST_BASE64}


def _is_credential(name: object) -> bool:
    return _CREDENTIAL_NAME.fullmatch(str(name)) is not None


def hides(name: object, value: Any) -> bool:
    """Whether a field is masked by its name: all of a secret, but of a person only plain values.

    What a validation says about an e-mail address comes as a list: it is what people look for.
    """
    if value in (None, ""):
        return False
    if _is_credential(name):
        return True
    return not isinstance(value, Mapping | list | tuple) and _PERSONAL_NAME.fullmatch(str(name)) is not None


class Redactor:
    """Masks what looks like a secret or personal data, and every secret value that it was told of."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._secrets: list[str] = []
        self._margin = MARGIN
        for secret in secrets:
            self.learn(secret)

    def learn(self, secret: str) -> None:
        """Masks this value from now on, wherever it stands and however it is written."""
        if len(secret) >= 4 and secret not in self._secrets:  # noqa: PLR2004  # shorter ones would mask half of any text
            self._secrets = sorted({*self._secrets, *_spellings(secret)}, key=len, reverse=True)
            self._margin = max(MARGIN, len(self._secrets[0]))

    def learn_fields(self, value: Any, name: object = None) -> None:
        """Learns each text that a JSON value holds under the name of a credential. Addresses are left out: a message that
        does not say who was asked helps nobody."""
        match value:
            case Mapping():
                for key, item in value.items():
                    self.learn_fields(item, key)
            case list() | tuple():
                for item in value:
                    self.learn_fields(item, name)
            case str() if len(value) >= SHORTEST_FIELD and "://" not in value and _is_credential(name):
                self.learn(value)

    def text(self, text: str, limit: int = MAX_TEXT) -> str:
        """`text` without secrets, personal data and control characters, cut to `limit` characters."""
        length = len(text)
        text = text[: limit * 2 + self._margin]
        is_cut = len(text) < length
        for secret in self._secrets:
            text = text.replace(secret, MASK)
        text = _CREDENTIAL_FIELD.sub(rf'\1"{MASK}"', text)
        text = _PERSONAL_FIELD.sub(rf'\1"{MASK}"', text)
        text = _QUERY_FIELD.sub(rf"\1{MASK}", text)
        text = _HEADER.sub(rf"\1 {MASK}", text)
        text = _SCHEME.sub(rf"\1 {MASK}", text)
        text = _USERINFO.sub(f"{MASK}@", text)
        text = _EMAIL.sub(MASK, text)
        text = _PHONE.sub(MASK, text)
        if is_cut:
            text = text[: -self._margin]
        text = _CONTROL.sub(_escape, text)
        return text if len(text) <= limit and not is_cut else f"{text[:limit]}... ({length} characters)"

    def line(self, text: str, limit: int = MAX_TEXT) -> str:
        """The same in one line, for messages: what a server says must not look like a line of the log."""
        return _BREAK.sub(_escape, self.text(text.strip(), limit))

    def value(self, value: Any) -> Any:
        """The same for a JSON value: fields by their names, texts by their contents."""
        match value:
            case Mapping():
                return {
                    self.text(name) if isinstance(name, str) else name: MASK if hides(name, item) else self.value(item)
                    for name, item in value.items()
                }
            case list() | tuple():
                return [self.value(item) for item in value]
            case str():
                return self.text(value)
            case int() | float() | Decimal() if any(secret in str(value) for secret in self._secrets):
                return MASK
            case _:
                return value
