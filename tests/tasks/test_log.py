"""What is logged during a run is masked, whoever logs it."""

import io
import json
import logging
from collections.abc import Iterator

import pytest
from prefect.logging.formatters import JsonFormatter

from clients.errors import ConfigError
from clients.redaction import Redactor
from tasks.log import masked_logs

CANARY = "log-canary-3k8w"


class Kept(logging.StreamHandler[io.StringIO]):
    """A handler that a library brings along."""

    @property
    def text(self) -> str:
        return self.stream.getvalue()


@pytest.fixture
def kept() -> Iterator[Kept]:
    """Of a logger that keeps to itself."""
    log, kept = logging.getLogger("bazaar"), Kept(io.StringIO())
    log.addHandler(kept)
    log.propagate = False
    yield kept
    log.removeHandler(kept)
    log.propagate = True


def log_error(error: Exception) -> None:
    """With its traceback."""
    try:
        raise error
    except type(error):
        logging.getLogger("bazaar").exception("failed")


def test_lines_and_tracebacks_are_masked(kept: Kept):
    with masked_logs(Redactor([CANARY])):
        logging.getLogger("bazaar").warning("with %s", CANARY)
        logging.getLogger("bazaar").warning("with %(key)s", {"key": CANARY})
        logging.getLogger("bazaar").warning(CANARY)
        log_error(KeyError(CANARY))
        log_error(ConfigError(CANARY))
    assert CANARY not in kept.text
    assert kept.text.count("***") == 5
    assert "Traceback (most recent call last)" in kept.text


def test_a_formatter_for_machines_gets_no_secret_either(kept: Kept):
    """It formats exceptions itself."""
    kept.setFormatter(JsonFormatter("default", "", "%"))
    with masked_logs(Redactor([CANARY])):
        logging.getLogger("bazaar").warning("with %s", CANARY)
        log_error(KeyError(CANARY))
    assert CANARY not in kept.text
    assert "KeyError: '***'" in json.loads(kept.text.splitlines()[1])["exc_text"]


def test_a_template_that_its_arguments_do_not_fit_is_written_and_masked(kept: Kept):
    """`logging` would print both to the terminal, as they are."""
    with masked_logs(Redactor([CANARY])):
        logging.getLogger("bazaar").warning("%s and %s", CANARY)  # noqa: PLE1206  # that is the mistake
    assert kept.text == "%s and %s ('***',)\n"


def test_a_logger_without_a_handler_is_masked_too(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch):
    """Python prints its warnings all the same."""
    monkeypatch.setattr(logging.root, "handlers", [])
    with masked_logs(Redactor([CANARY])):
        logging.getLogger("bazaar").warning("with %s", CANARY)
    assert capsys.readouterr().err == "with ***\n"


def test_afterwards_logs_are_as_before(kept: Kept):
    """Another run has secrets of its own."""
    with pytest.raises(ZeroDivisionError), masked_logs(Redactor([CANARY])):
        _ = 1 / 0
    logging.getLogger("bazaar").warning("with %s", CANARY)
    assert kept.text == f"with {CANARY}\n"
