"""Where commands and flows write for the operator: the run's own log in Prefect, a plain logger elsewhere."""

import logging
from collections.abc import MutableMapping
from typing import Any

from prefect.context import FlowRunContext, TaskRunContext
from prefect.logging import get_run_logger

Logger = logging.Logger | logging.LoggerAdapter[Any]


class _WithBatch(logging.LoggerAdapter[Any]):
    def process(self, msg: Any, kwargs: MutableMapping[str, Any]) -> tuple[Any, MutableMapping[str, Any]]:
        return f"[{self.extra['where']}] {msg}" if self.extra else msg, kwargs


def logger(where: str | None = None) -> Logger:
    """A logger whose lines start with `where` (channel, content type, batch), if given."""
    in_run = FlowRunContext.get() is not None or TaskRunContext.get() is not None
    base: Logger = get_run_logger() if in_run else logging.getLogger("channel_app")
    if where is None:
        return base
    plain = base.logger if isinstance(base, logging.LoggerAdapter) else base
    extra = dict(base.extra or {}) if isinstance(base, logging.LoggerAdapter) else {}
    return _WithBatch(plain, {**extra, "where": where})
