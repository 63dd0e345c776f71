"""An error that nobody named: a mistake in the program, or in a connector."""

import traceback
from pathlib import Path

from clients.errors import UnforeseenError
from clients.redaction import Redactor


def unforeseen(error: Exception, redactor: Redactor) -> UnforeseenError:
    """The same without secrets. What was raised may quote anything, credentials included, and Prefect keeps what it sees."""
    place = traceback.extract_tb(error.__traceback__)[-1]
    said = redactor.text(f"{type(error).__name__}: {error}", limit=500)
    return UnforeseenError(
        f"An error that was not foreseen stopped the run: {said} "
        f"({Path(place.filename).name}, line {place.lineno}, in {place.name}). "
        "It is a mistake in the connector or in this program."
    )
