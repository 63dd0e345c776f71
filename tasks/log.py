"""The operator's log: the run's own log in Prefect, a plain logger elsewhere."""

import logging
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from typing import Any

from prefect.context import FlowRunContext, TaskRunContext
from prefect.logging import get_run_logger

from clients.errors import ChannelAppError
from clients.redaction import Redactor

LONGEST = 100_000
"""Characters of a line or a traceback. Prefect's settings may cut them earlier."""

Logger = logging.Logger | logging.LoggerAdapter[Any]


class _Located(logging.LoggerAdapter[Any]):
    """Puts channel, content type and batch in front of each line, and keeps the link to its run in Prefect."""

    def __init__(self, inner: Logger, where: str) -> None:
        plain = inner.logger if isinstance(inner, logging.LoggerAdapter) else inner
        super().__init__(plain, dict(inner.extra or {}) if isinstance(inner, logging.LoggerAdapter) else {})
        self._where = where

    def process(self, msg: Any, kwargs: MutableMapping[str, Any]) -> tuple[Any, MutableMapping[str, Any]]:
        kwargs["extra"] = {**(self.extra or {}), **(kwargs.get("extra") or {})}
        return f"[{self._where}] {msg}", kwargs


def logger(where: str | None = None) -> Logger:
    """A logger whose lines start with `where` (channel, content type, batch), if given."""
    in_run = FlowRunContext.get() is not None or TaskRunContext.get() is not None
    base: Logger = get_run_logger() if in_run else logging.getLogger("channel_app")
    return base if where is None else _Located(base, where)


class _Masking(logging.Filter):
    """Masks secrets in every record that a handler receives, including its traceback."""

    def __init__(self, redactor: Redactor) -> None:
        super().__init__()
        self._redactor = redactor
        self._formatter = logging.Formatter()

    def filter(self, record: logging.LogRecord) -> bool:
        try:
            text = record.getMessage()
        except Exception:  # the arguments do not fit the template: `logging` would print both unmasked
            text = f"{record.msg} {record.args}"
        record.msg, record.args = self._redactor.text(text, LONGEST), None
        if isinstance(record.exc_info, tuple):
            trace = record.exc_text or self._formatter.formatException(record.exc_info)
            record.exc_text = self._redactor.text(trace, LONGEST)
            # A machine-readable formatter would format it again, unmasked. A terminal needs the project's own errors.
            if not isinstance(record.exc_info[1], ChannelAppError):
                record.exc_info = None
        return True


@contextmanager
def masked_logs(redactor: Redactor) -> Iterator[None]:
    """Masks everything that is logged inside: by a connector, a library, or Prefect about an error in a task."""
    loggers = [logging.root, *logging.root.manager.loggerDict.values()]
    handlers = {handler for known in loggers if isinstance(known, logging.Logger) for handler in known.handlers}
    if logging.lastResort is not None:
        handlers.add(logging.lastResort)
    masking = _Masking(redactor)
    for handler in handlers:
        handler.addFilter(masking)
    try:
        yield
    finally:
        for handler in handlers:
            handler.removeFilter(masking)
