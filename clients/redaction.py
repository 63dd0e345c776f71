"""Masks credentials and customers' data where text is made, so that no later step has to."""

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
"""Fewest characters of a field that is learnt by its name: `use_token` may be `true`, and `token_lifetime` 3600."""
SHORTEST_BASE64 = 8
SHORTEST_NUMBER = 8
"""Fewest digits of a secret number that is masked wherever it stands."""
LONGEST_WORD = 15
"""Most characters of a word, or of some words that a hyphen, dot, blank or underscore joins."""
MARGIN = 200
"""Characters that are read beyond the end of a quotation and dropped again: a secret cut in half stands there."""

# Every pattern takes linear time, because texts come from outside: repetitions are bounded, or possessive and started only
# where a word starts.
_WORDS = (
    r"password|passwd|pwd|passphrase|passcode|parola|[sş]ifre|secret|api[_-]?key|(?:access|private|session)[_-]?key"
)
_CREDENTIAL = (
    rf"(?:[\w-]{{0,40}}(?:{_WORDS}|token|authorization|cookie|credential|session[_-]?id)[\w-]{{0,40}}|key|auth|pass|pin|jwt|"
    r"signature)"
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
# A list or the like, whose texts may hold brackets; with another list in it, all that follows.
_LISTED = r"""[\[{(](?:[^\[\](){}"'\\]|(?P<inner>\\*+["']).*?(?<!\\)(?P=inner)|\\++(?!["']))*+(?:[\])}]|.*)"""
_BARE = r"""[^\s,}\]\[{]++"""
_CREDENTIAL_FIELD = re.compile(_FIELD % _CREDENTIAL + rf"(?:{_QUOTED}|{_LISTED}|{_BARE})", re.IGNORECASE)
_PERSONAL_FIELD = re.compile(_FIELD % _PERSONAL + rf"(?:{_QUOTED}|{_BARE})", re.IGNORECASE)

# In an address, itself perhaps a part of one, or as Python prints an object: `first_name='Ada'`, `tokens=['a', 'b']`.
_REPR = r"""'(?:[^'\\]|\\.)*+'?|"(?:[^"\\]|\\.)*+"?"""
_QUERY_FIELD = re.compile(
    rf"(?s)((?:(?<![\w-])|(?<=%[0-9a-f]{{2}}))(?=[\w-]{{1,100}}(?:=|%3D))(?:{_CREDENTIAL}|{_PERSONAL})(?:=|%3D))"
    rf"(?:{_REPR}|(?:\w{{0,40}}){_LISTED}|[^&\s\"']*+)",
    re.IGNORECASE,
)
_HEADER = re.compile(
    rf"((?:^|>)[ \t]*+(?=[\w-]{{1,100}}[ \t]*+[:=]){_CREDENTIAL}[ \t]*+(?::|=[ \t]))[^\n<]++",
    re.IGNORECASE | re.MULTILINE,
)
# In a sentence or a command. Other names stand there with a colon too: `unexpected token: }`.
_IN_LINE = re.compile(
    rf"((?<![\w-])(?=[\w-]{{1,100}}[ \t]*+[:=])[\w-]{{0,40}}(?:{_WORDS})[\w-]{{0,40}}[ \t]*+(?::|=>?)[ \t]*+"
    rf"|--(?=[\w-]{{1,100}}[ \t])[\w-]{{0,40}}(?:{_WORDS}|token)[\w-]{{0,40}}[ \t]++)(?:{_REPR}|[^\s\"'<,;]++)",
    re.IGNORECASE,
)
# An element of XML, with all that is in it; a row of a table; a field of a form.
_ELEMENT = re.compile(
    rf"(?s)((?:<|&lt;)(?P<name>(?:[\w-]{{1,40}}:)?(?=[\w-]{{1,100}}(?:[\s>]|&gt;))(?:{_CREDENTIAL}|{_PERSONAL}))"
    r"(?:\s[^<>&]*+)?(?<!/)(?:>|&gt;))(?:.*?(?=(?:<|&lt;)/(?P=name)\b)|.*)",
    re.IGNORECASE,
)
_TABLE_ROW = re.compile(
    rf"(>\s*+(?=[\w-]{{1,100}}\s*+</t){_CREDENTIAL}\s*+</t[dh]>\s*+<td[^<>]*+>(?:\s*+<\w[^<>]*+>)*+)[^<]++",
    re.IGNORECASE,
)
_FORM_FIELD = re.compile(
    rf"""((?:name|key|id)=["'](?=[\w-]{{1,100}}["']){_CREDENTIAL}["'][^<>]{{0,200}}?\bvalue=)(?:{_REPR})""",
    re.IGNORECASE,
)
_SCHEME = re.compile(r"\b(Bearer|Basic|Token)\s++[\w.~+/=-]++", re.IGNORECASE)
_USERINFO = re.compile(r"""(?<=://)(?:[^/\s"'<>,?#]*@|[^/\s@]++@)""")
_EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]++(?:@|%40)[\w-]++(?:\.[\w-]++)++")
_PHONE = re.compile(
    r"(?<![\w.-])(?:\+|00)\d[\d ()-]{7,16}\d(?![\w-])"
    r"|(?<![\w.-])\(?(?:90|0)?5\d{2}\)?[ -]?\d{3}[ -]?\d{2}[ -]?\d{2}(?![\w-])"
)
# Direction marks are among them: they make a line of a log read as another one. So are lone surrogates, which JSON can hold
# and no file or terminal can.
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
_BREAK = re.compile(r"[\t\n]")
_URL_SAFE = str.maketrans("+/", "-_")


def _escape(match: re.Match[str]) -> str:
    return f"\\x{ord(match[0]):02x}"


def visible(text: str) -> str:
    """The text with its control characters escaped, so that no terminal obeys them. Line breaks and tabs stay."""
    return _CONTROL.sub(_escape, text)


def visible_line(text: str) -> str:
    """The same in one line: a stranger's text must not look like a line of its own."""
    return _BREAK.sub(_escape, visible(text))


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
    """The secret in base64 inside a longer text, as in `user:secret`: there are three forms, by where it begins. Characters
    that its neighbours share are left out, and so are short forms, which would mask half of any text."""
    raw = secret.encode(errors="replace")
    texts = set()
    for before, mixed in ((0, 0), (1, 2), (2, 3)):
        text = b64encode(bytes(before) + raw).decode()[mixed : (before + len(raw)) * 8 // 6]
        texts |= {text, text.translate(_URL_SAFE)}
    return {text for text in texts if len(text) >= SHORTEST_BASE64}


def is_ordinary(secret: str) -> bool:
    """Whether a secret may stand in any text by chance: it is a small number or a word, such as the name of the shop.

    Its mask would hide what people look for, and tell everybody which word the password is.
    """
    parts = re.split("[-_. ]", secret)
    is_word = all(part.isalpha() and (part.islower() or part.isupper() or part.istitle()) for part in parts)
    return (is_word and len(secret) <= LONGEST_WORD) or (secret.isdecimal() and len(secret) < SHORTEST_NUMBER)


def _as_value(secrets: Iterable[str]) -> re.Pattern[str]:
    """These texts where each is a whole value: after `=` or `:`, or in quotes in a list."""
    anyone = "|".join(map(re.escape, sorted(secrets, key=len, reverse=True)))
    before = r"""(?<=[:=])\s*+\\*+["']?|(?<=[\[,(])\s*+\\*+["']"""
    return re.compile(rf"""({before})(?:{anyone})(?=\\*["']|[\s,;&<)\]}}]|$)""")


def _is_credential(name: object) -> bool:
    return _CREDENTIAL_NAME.fullmatch(str(name)) is not None


def hides(name: object, value: Any) -> bool:
    """Whether a field is masked by its name: a credential in any form, personal data only as a plain value.

    A validation's messages about an e-mail address come as a list, and people look for them.
    """
    if value in (None, ""):
        return False
    if _is_credential(name):
        return True
    return not isinstance(value, Mapping | list | tuple) and _PERSONAL_NAME.fullmatch(str(name)) is not None


class Redactor:
    """Masks text that looks like a secret or personal data, and every secret value that it has learnt."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._secrets: list[str] = []
        self._ordinary: set[str] = set()
        self._value: re.Pattern[str] | None = None
        self._margin = MARGIN
        for secret in secrets:
            self.learn(secret)

    def learn(self, secret: str) -> None:
        """Masks this value from now on, however it is written: wherever it stands; or, if it is an ordinary one, where it is a
        whole value, after `=` or `:`."""
        if len(secret) < 4 or secret in self._secrets or secret in self._ordinary:  # noqa: PLR2004  # half of any text
            return
        if is_ordinary(secret):
            self._ordinary |= _spellings(secret)
            self._value = _as_value(self._ordinary)
        else:
            self._secrets = sorted({*self._secrets, *_spellings(secret)}, key=len, reverse=True)
            self._margin = max(MARGIN, len(self._secrets[0]))

    def learn_fields(self, value: Any, name: object = None) -> None:
        """Learns each text that a JSON value holds under the name of a credential. Addresses are left out: a message has to
        say who was asked."""
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
        if self._value is not None:
            text = self._value.sub(rf"\1{MASK}", text)
        text = _CREDENTIAL_FIELD.sub(rf'\1"{MASK}"', text)
        text = _PERSONAL_FIELD.sub(rf'\1"{MASK}"', text)
        text = _FORM_FIELD.sub(rf'\1"{MASK}"', text)
        text = _QUERY_FIELD.sub(rf"\1{MASK}", text)
        text = _ELEMENT.sub(rf"\1{MASK}", text)
        text = _TABLE_ROW.sub(rf"\1{MASK}", text)
        text = _HEADER.sub(rf"\1 {MASK}", text)
        text = _IN_LINE.sub(rf"\1{MASK}", text)
        text = _SCHEME.sub(rf"\1 {MASK}", text)
        text = _USERINFO.sub(f"{MASK}@", text)
        text = _EMAIL.sub(MASK, text)
        text = _PHONE.sub(MASK, text)
        if is_cut:
            text = text[: -self._margin]
        text = visible(text)
        return text if len(text) <= limit and not is_cut else f"{text[:limit]}... ({length} characters)"

    def line(self, text: str, limit: int = MAX_TEXT) -> str:
        """The same in one line, for messages."""
        return visible_line(self.text(text.strip(), limit))

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
                return MASK if value in self._ordinary else self.text(value)
            case int() | float() | Decimal() if str(value) in self._ordinary or any(
                each in str(value) for each in self._secrets
            ):
                return MASK
            case _:
                return value
