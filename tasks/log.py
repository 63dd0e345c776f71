"""Where commands and flows write for the operator: the run's own log in Prefect, a plain logger elsewhere."""

import logging
from collections.abc import MutableMapping
from typing import Any

from prefect.context import FlowRunContext, TaskRunContext
from prefect.logging import get_run_logger

Logger = logging.Logger | logging.LoggerAdapter[Any]


class _Located(logging.LoggerAdapter[Any]):
    """Puts channel, content type and batch in front of each line, and keeps what ties it to its run in Prefect."""

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
