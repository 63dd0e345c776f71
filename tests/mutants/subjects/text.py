"""Mutants of the comparison of texts."""

from tests.mutants.table import Mutant, Subject

SUBJECT = Subject(
    "dto/text.py",
    tests=("tests/dto/test_text.py",),
    mutants=(
        Mutant('unicodedata.normalize("NFD", text).casefold()', "text.casefold()"),
        Mutant(".casefold()", ".lower()"),
        Mutant('if unicodedata.category(character) != "Cf"', ""),
        Mutant('.replace(_DOTLESS, "i")', ""),
        Mutant('.replace(_DOTTED, "i")', ""),
        Mutant('return unicodedata.normalize("NFC", " ".join(text.split()))', 'return " ".join(text.split())'),
        Mutant('" ".join(text.split()))', "text.strip())"),
        Mutant('" ".join(text.split()))', '"".join(text.split()))'),
        Mutant("(text, plain, *turkish, *english)", "(plain, *turkish, *english)"),
        Mutant("(text, plain, *turkish, *english)", "(text, plain, *turkish)"),
        Mutant("(text, plain, *turkish, *english)", "(text, plain, *english)"),
        Mutant("return alike.get(text) or [", "return ["),
    ),
)
