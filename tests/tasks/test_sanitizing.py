"""Errors as Prefect may store them: nothing that they were raised with or from is left but masked words."""

import json
import traceback
from collections.abc import Callable

import pytest

from clients.errors import ContractError, UnforeseenError
from clients.redaction import Redactor
from tasks.sanitizing import place_of, sanitized, unforeseen_about_one

SECRET = "canary-s3cr3t"


@pytest.fixture
def redactor() -> Redactor:
    return Redactor([SECRET])


def fail(error: Exception) -> None:
    raise error


def fail_because_of_another(error: Exception) -> None:
    try:
        fail(ValueError(f"Authorization: {SECRET}"))
    except ValueError as cause:
        error.add_note(f"sent with {SECRET}")
        raise error from cause


def fail_while_another_is_handled(error: Exception) -> None:
    try:
        fail(ValueError(f"Authorization: {SECRET}"))
    except ValueError:
        fail(error)


def raised(error: Exception, how: Callable[[Exception], None] = fail_because_of_another) -> Exception:
    """The error as a connector raises it."""
    with pytest.raises(type(error)) as caught:
        how(error)
    return caught.value


@pytest.mark.parametrize("kind", [ContractError, ValueError], ids=["our own", "any other"])
def test_an_error_takes_no_secret_along(kind: type[Exception], redactor: Redactor) -> None:
    """Not in its words, its arguments, its notes or its causes, which a traceback prints."""
    error = sanitized(raised(kind(f"refused {SECRET}")), redactor)
    shown = "".join(traceback.format_exception(error))
    assert SECRET not in f"{error.message} {error.args} {getattr(error, '__notes__', '')} {shown}"
    assert "refused ***" in error.message


def test_an_error_in_whose_handling_it_was_raised_is_not_printed_either(redactor: Redactor) -> None:
    """`raise` without `from` keeps the other one, too."""
    error = sanitized(raised(ContractError("refused"), fail_while_another_is_handled), redactor)
    assert SECRET not in "".join(traceback.format_exception(error))


def test_an_error_that_nobody_foresaw_names_its_place(redactor: Redactor) -> None:
    error = sanitized(raised(KeyError("results")), redactor)
    assert isinstance(error, UnforeseenError)
    assert "KeyError: 'results' (test_sanitizing.py, line" in error.message


def test_the_place_of_an_error_is_the_authors_line(redactor: Redactor) -> None:
    """Not that of the library in which it came up."""
    with pytest.raises(ValueError, match="Expecting") as caught:
        json.loads("{")
    place = f"test_sanitizing.py, line {caught.traceback[0].lineno + 1}"
    assert place in place_of(caught.value)
    assert place in sanitized(caught.value, redactor).message


def test_an_error_about_one_thing_keeps_the_line_and_not_the_words() -> None:
    """Python quotes what it could not handle, which may be a buyer's."""
    message = unforeseen_about_one(raised(ValueError("Ada Lovelace"))).message
    assert "Ada" not in message
    assert "ValueError in test_sanitizing.py, line" in message
