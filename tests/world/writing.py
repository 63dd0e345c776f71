"""Ways in which people write one name."""

import unicodedata
from collections.abc import Callable

from hypothesis import strategies as st

NAMES = (
    "İstanbul",
    "Iğdır",
    "Kırıkkale",
    "Diyarbakır",
    "Şanlıurfa",
    "Çankaya",
    "Kızılay Mah.",
    "Yurtiçi Kargo",
    "Açık Mavi",
    "Straße",
    "istanbul@example.com",
)

_BLANKS = st.text(" \t\N{NO-BREAK SPACE}\N{EM SPACE}\N{ZERO WIDTH SPACE}", max_size=3)
_TURKISH = {"upper": str.maketrans("iı", "İI"), "lower": str.maketrans("İI", "iı")}


def _upper(text: str) -> str:
    return text.translate(_TURKISH["upper"]).upper()


def _lower(text: str) -> str:
    return text.translate(_TURKISH["lower"]).lower()


_CASES: st.SearchStrategy[Callable[[str], str]] = st.sampled_from(
    [str.strip, str.upper, str.lower, str.title, str.swapcase, str.casefold, _upper, _lower]
)


@st.composite
def variants(draw: st.DrawFn, name: str) -> str:
    """`name` in another letter case, word by word, with other blanks, and with composed or decomposed letters."""
    words = [draw(_CASES)(word) for word in name.split()]
    text = draw(_BLANKS) + "".join(word + draw(_BLANKS) + " " for word in words) + draw(_BLANKS)
    return unicodedata.normalize(draw(st.sampled_from(["NFC", "NFD"])), text)
