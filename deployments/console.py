"""What a person at a terminal sees of a run."""

import logging

from clients.errors import ChannelAppError

_SAID_BETTER = (
    "Finished in state",
    "Beginning flow run",
    "Task run failed with exception",
    "Parameter validation failed",
    "Still processing items",
)
"""What Prefect's lines begin with that say nothing to whoever started the command, or what the command says itself."""


class _OneParagraph(logging.Filter):
    """Errors of this project explain themselves: their tracebacks stay out of the terminal (the UI has them)."""

    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if isinstance(record.exc_info, tuple) else None
        if isinstance(error, ChannelAppError):
            # The error is printed once, at the end of the command.
            return False
        text = str(record.msg)
        if record.name == "prefect.engine" and text.startswith("View at"):
            # The run's own logger says it again.
            return False
        return not text.startswith(_SAID_BETTER)


_FILTER = _OneParagraph()


def without_tracebacks() -> None:
    """Leaves out of the terminal what is said again, in better words, at the end."""
    from prefect.logging.configuration import setup_logging  # noqa: PLC0415

    setup_logging()
    for handler in logging.getLogger().handlers:
        handler.addFilter(_FILTER)  # once, however often this is called
    logging.getLogger("channel_app").setLevel(logging.INFO)
