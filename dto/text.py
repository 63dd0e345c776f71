"""Texts that people write: compared as people compare them, and stored as they were written.

Identifiers of machines (skus, remote ids, order numbers) are no such texts: they are compared exactly.
"""

import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from typing import Generic, TypeVar

Thing = TypeVar("Thing")

_DOTTED, _DOTLESS = "i\N{COMBINING DOT ABOVE}", "ı"
_CAPITALS = str.maketrans({"i": "İ", _DOTLESS: "I"})
_SMALL = str.maketrans({"I": _DOTLESS, "İ": "i"})


@lru_cache(maxsize=10_000)
def comparable(text: str) -> str:
    """A form that is equal for texts that differ only in letter case, in blanks, or in the way a character is encoded.

    All four of `İ I ı i` are equal: the small letter of `I` is `ı` in Turkish and `i` elsewhere, and one address may have gone
    through keyboards and systems of both kinds, so the case of a letter cannot be told from its dot. Letters with and without
    other marks stay different (`Koç`, `Koc`), and so do characters that only look alike (`m²`, `m2`).
    """
    # Unicode's caseless match (D145): folding a letter may take its marks apart, so both sides of it are normalized.
    folded = unicodedata.normalize("NFD", unicodedata.normalize("NFD", text).casefold())
    visible = "".join(character for character in folded if unicodedata.category(character) != "Cf")
    return tidy(visible.replace(_DOTLESS, "i").replace(_DOTTED, "i"))


def tidy(text: str) -> str:
    """The text without outer blanks, with single blanks inside, and with composed characters."""
    return unicodedata.normalize("NFC", " ".join(text.split()))


def are_alike(one: str | None, other: str | None) -> bool:
    """Whether two texts mean the same to people. An absent text is an empty one."""
    return comparable(one or "") == comparable(other or "")


def spellings(text: str) -> list[str]:
    """The text as it is, then in the other spellings that people use, for a system that compares exactly: tidy, with capital
    first letters, in capitals, in small letters; Turkish and English."""
    plain = tidy(text)
    turkish = (_titled(plain, turkish=True), _upper(plain), _lower(plain))
    english = (_titled(plain, turkish=False), plain.upper(), plain.lower())
    return list(dict.fromkeys((text, plain, *turkish, *english)))


def _upper(text: str) -> str:
    return text.translate(_CAPITALS).upper()


def _lower(text: str) -> str:
    return text.translate(_SMALL).lower()


def _titled(text: str, *, turkish: bool) -> str:
    upper, lower = (_upper, _lower) if turkish else (str.upper, str.lower)
    return " ".join(upper(word[:1]) + lower(word[1:]) for word in text.split(" "))


class ByText(Generic[Thing]):
    """Things by the texts that people gave them."""

    def __init__(self, things: Iterable[tuple[str, Thing]] = ()) -> None:
        self._things: dict[str, dict[str, list[Thing]]] = {}
        for text, thing in things:
            self.add(text, thing)

    def add(self, text: str, thing: Thing) -> None:
        """Adds a thing under its text."""
        self._things.setdefault(comparable(text), {}).setdefault(text, []).append(thing)

    def remove(self, text: str, thing: Thing) -> None:
        """Removes a thing from its text."""
        self._things[comparable(text)][text].remove(thing)

    @property
    def texts(self) -> list[str]:
        """All texts, each as it was written."""
        return [text for alike in self._things.values() for text, things in alike.items() if things]

    def exact(self, text: str) -> list[Thing]:
        """The things with exactly this text."""
        return self._things.get(comparable(text), {}).get(text, [])

    def find(self, text: str) -> list[Thing]:
        """The things that a person means by a text: those with exactly this text; if there are none, all that are alike."""
        alike = self._things.get(comparable(text), {})
        return alike.get(text) or [thing for things in alike.values() for thing in things]
