"""Errors as Prefect may store them: the project's own types, without secrets."""

import traceback
from pathlib import Path

from clients.errors import ChannelAppError, UnforeseenError
from clients.redaction import Redactor


def sanitized(error: Exception, redactor: Redactor) -> ChannelAppError:
    """The error as one of the project's types and without secrets: a connector's error and its causes may quote anything.

    Its causes are removed, because a traceback in Prefect's log prints all of them.
    """
    if not isinstance(error, ChannelAppError):
        return unforeseen(error, redactor)
    error.message = redactor.text(error.message)
    error.args = (error.message,)
    error.__dict__.pop("__notes__", None)
    error.__cause__, error.__suppress_context__ = None, True
    return error


def unforeseen(error: Exception, redactor: Redactor) -> UnforeseenError:
    """An error that no code foresaw: a mistake in the program or in a connector."""
    place = traceback.extract_tb(error.__traceback__)[-1]
    text = redactor.text(f"{type(error).__name__}: {error}", limit=500)
    return UnforeseenError(
        f"An unforeseen error stopped the run: {text} "
        f"({Path(place.filename).name}, line {place.lineno}, in {place.name}). "
        "It is a mistake in the connector or in this program."
    )


def unforeseen_about_one(error: Exception) -> UnforeseenError:
    """An error that no code foresaw, met while one of several things was handled: it is that thing's failure.

    The error's own text is left out, because Python quotes in it what it could not handle, which may be personal data.
    """
    return UnforeseenError(
        f"An unforeseen error: {place_of(error)}. It is a mistake in the connector or in this program; the others were "
        "handled, and this one is tried again."
    )


def place_of(error: Exception) -> str:
    """The name of an error, and the line of code that raised it."""
    place = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} in {Path(place.filename).name}, line {place.lineno}: {place.line}"
