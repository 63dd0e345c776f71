"""Lines of Prefect's log that the terminal hides."""

import logging
import sys
from types import TracebackType
from typing import Any

import pytest

from clients.errors import ConfigError
from deployments.console import _FILTER, without_tracebacks

ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None]


def record(text: str, *, name: str = "prefect.flow_runs", error: ExcInfo | None = None) -> logging.LogRecord:
    return logging.LogRecord(name, logging.ERROR, "", 0, text, (), error)


def raised(error: Exception) -> Any:
    try:
        raise error
    except type(error):
        return sys.exc_info()


def test_errors_that_explain_themselves_are_left_out() -> None:
    assert not _FILTER.filter(record("Encountered an exception", error=raised(ConfigError("Set it."))))
    assert _FILTER.filter(record("Encountered an exception", error=raised(KeyError("results"))))


@pytest.mark.parametrize(
    ("text", "name", "is_shown"),
    [
        ("Finished in state Completed()", "prefect.flow_runs", False),
        ("Beginning flow run 'x' for flow 'y'", "prefect.flow_runs", False),
        ("Parameter validation failed for flow 'insert products'", "prefect.flows", False),
        ("Still processing items: 5 items remaining...", "prefect._internal", False),
        ("View at http://127.0.0.1:4200/runs/1", "prefect.engine", False),
        ("View at http://127.0.0.1:4200/runs/1", "prefect.flow_runs", True),
        ("insert products: 9 integrated", "prefect.flow_runs", True),
    ],
)
def test_lines_that_say_nothing_are_left_out(text: str, name: str, is_shown: bool) -> None:
    assert _FILTER.filter(record(text, name=name)) is is_shown


def test_the_terminal_is_filtered_once_however_often_it_is_asked() -> None:
    without_tracebacks()
    without_tracebacks()
    assert all(handler.filters.count(_FILTER) == 1 for handler in logging.getLogger().handlers)
