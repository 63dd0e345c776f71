"""Output for a person at a terminal. All of it passes here or through `drawing`, because names and ids come from
strangers: a terminal would obey the control characters in them, which move the cursor, rename the window or hide a line."""

import json
import logging
from typing import Any, NoReturn

import typer
from pydantic import BaseModel

from clients.errors import ChannelAppError
from clients.redaction import visible

BAD_USAGE = 2
FAILED = 1

_HIDDEN = (
    "Finished in state",
    "Beginning flow run",
    "Task run failed with exception",
    "Parameter validation failed",
    "Still processing items",
)
"""Beginnings of Prefect's log lines that the command itself says in better words, or that do not help its user."""


class _OneParagraph(logging.Filter):
    """Keeps tracebacks of this project's errors, which explain themselves, out of the terminal. The UI shows them."""

    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if isinstance(record.exc_info, tuple) else None
        if isinstance(error, ChannelAppError):
            # The command prints the error once, at its end.
            return False
        text = str(record.msg)
        if record.name == "prefect.engine" and text.startswith("View at"):
            # The run's own logger repeats it.
            return False
        return not text.startswith(_HIDDEN)


_FILTER = _OneParagraph()


def without_tracebacks() -> None:
    """Hides log lines that the command itself says in better words, at its end."""
    from prefect.logging.configuration import setup_logging  # noqa: PLC0415  # Prefect takes its time to import

    setup_logging()
    for handler in logging.getLogger().handlers:
        handler.addFilter(_FILTER)  # once, however often this is called
    logging.getLogger("channel_app").setLevel(logging.INFO)


def say(message: str, colour: str | None = None, *, mark: str = "", err: bool = False) -> None:
    """Prints a message, its control characters escaped.

    Args:
        message: the text, which may hold strangers' words and line breaks of ours.
        colour: the colour of the mark; without a mark, of the message.
        mark: a sign of ours in front of the message.
        err: whether it goes to stderr.
    """
    if mark:
        typer.echo(f"{typer.style(mark, fg=colour, bold=True)} {visible(message)}", err=err)
    else:
        typer.secho(visible(message), fg=colour, err=err)


def say_json(value: BaseModel | dict[str, Any]) -> None:
    """Prints one JSON object in ASCII, in which JSON itself escapes all control characters."""
    typer.echo(json.dumps(value.model_dump(mode="json") if isinstance(value, BaseModel) else value))


def end(message: str, code: int) -> NoReturn:
    """Prints the problem and the next step in red, and exits."""
    say(message, typer.colors.RED, err=True)
    raise typer.Exit(code)
