"""Texts of people are equal however they are written, and different where a person sees two names."""

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dto.text import ByText, are_alike, comparable, spellings, tidy
from tests.harness.hostile import many
from tests.world.writing import NAMES, variants


@many
@given(st.data(), st.sampled_from(NAMES))
def test_every_way_to_write_a_name_is_the_same_name(data: st.DataObject, name: str) -> None:
    """Turkish and English case, blanks of all kinds, composed and decomposed letters."""
    assert are_alike(data.draw(variants(name)), name)


@many
@given(st.sampled_from(NAMES), st.sampled_from(NAMES), st.data())
def test_two_names_stay_two(one: str, other: str, data: st.DataObject) -> None:
    assert are_alike(data.draw(variants(one)), data.draw(variants(other))) == (one == other)


@many
@given(st.text())
@example("α\N{COMBINING GREEK YPOGEGRAMMENI}\N{COMBINING ACUTE ACCENT}")
def test_any_text_equals_itself_in_other_blanks_and_another_encoding(text: str) -> None:
    """Half a character included, which no keyboard writes and some channels send."""
    assert comparable(f" {text}\N{NO-BREAK SPACE}") == comparable(text)
    for form in ("NFC", "NFD"):
        assert comparable(unicodedata.normalize(form, text)) == comparable(text)


@pytest.mark.parametrize("pair", ["İi", "Iı", "Ii", "İı", "Çç", "Ğğ", "Öö", "Şş", "Üü", "Ââ", "ẞß", "Σς"])
def test_a_letter_is_the_same_in_either_case(pair: str) -> None:
    """The i has two small and two capital letters, of which nobody knows which ones belong together."""
    assert are_alike(pair[0], pair[1])


@pytest.mark.parametrize(
    ("one", "other"), [("Koç", "Koc"), ("m²", "m2"), ("Hakkâri", "Hakkari"), ("Ak Saray", "Aksaray"), ("a-b", "a b")]
)
def test_marks_signs_and_a_blank_between_words_make_another_text(one: str, other: str) -> None:
    assert not are_alike(one, other)


def test_invisible_characters_of_pasted_texts_make_no_other_text() -> None:
    assert are_alike("\N{ZERO WIDTH NO-BREAK SPACE}Ka\N{SOFT HYPHEN}dıköy\N{LEFT-TO-RIGHT MARK}", "Kadıköy")


def test_an_absent_text_is_an_empty_one() -> None:
    assert are_alike(None, " ")
    assert not are_alike(None, "x")


def test_a_tidy_text_keeps_its_letters_and_composes_them() -> None:
    assert tidy(" Atatu\N{COMBINING DIAERESIS}rk\N{NO-BREAK SPACE}  Mah. ") == "Atatürk Mah."


def test_the_spellings_of_a_text_are_itself_and_the_usual_ones() -> None:
    assert spellings("iğdır ") == ["iğdır ", "iğdır", "İğdır", "İĞDIR", "Iğdır", "IĞDIR"]
    assert spellings("MODA MAH.") == ["MODA MAH.", "Moda Mah.", "moda mah."]


def test_of_several_that_are_alike_the_one_with_exactly_this_text_is_meant() -> None:
    """And without one, all of them may be."""
    cities = ByText([("Ankara", 1), ("ANKARA", 2), ("Bursa", 3)])
    assert [cities.find(text) for text in ("ANKARA", " ankara", "bursa", "İzmir")] == [[2], [1, 2], [3], []]


def test_what_is_removed_is_found_under_no_spelling() -> None:
    cities = ByText([("Ankara", 1)])
    cities.remove("Ankara", 1)
    assert (cities.find("ankara"), cities.exact("Ankara")) == ([], [])
