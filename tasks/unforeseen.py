"""An error as Prefect may see it, which keeps what it sees: of this project's own kinds, and without secrets."""

import traceback
from pathlib import Path

from clients.errors import ChannelAppError, UnforeseenError
from clients.redaction import Redactor


def presentable(error: Exception, redactor: Redactor) -> ChannelAppError:
    """The error with a name and without secrets: a connector's may quote anything, in its words and in what led to it.

    Its causes are cut off, for a traceback in Prefect's log writes all of them out.
    """
    if not isinstance(error, ChannelAppError):
        return unforeseen(error, redactor)
    error.message = redactor.text(error.message)
    error.args = (error.message,)
    error.__dict__.pop("__notes__", None)
    error.__cause__, error.__suppress_context__ = None, True
    return error


def unforeseen(error: Exception, redactor: Redactor) -> UnforeseenError:
    """A mistake in the program, or in a connector: nobody named this error."""
    place = traceback.extract_tb(error.__traceback__)[-1]
    said = redactor.text(f"{type(error).__name__}: {error}", limit=500)
    return UnforeseenError(
        f"An error that was not foreseen stopped the run: {said} "
        f"({Path(place.filename).name}, line {place.lineno}, in {place.name}). "
        "It is a mistake in the connector or in this program."
    )
