"""Prefect's settings as the console script leaves them."""

import os
from pathlib import Path

import pytest
from prefect.settings import Settings

from deployments.startup import PREFECT_DEFAULTS, set_prefect_defaults

ORIGINS = "PREFECT_SERVER_CORS_ALLOWED_ORIGINS"


@pytest.fixture(autouse=True)
def _nothing_is_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Neither in the environment, nor in `.env`; what is set goes with the test."""
    monkeypatch.chdir(tmp_path)
    for name in (*PREFECT_DEFAULTS, ORIGINS, "PREFECT_SERVER_API_PORT"):
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)


def test_a_change_needs_a_token_and_only_own_pages_read() -> None:
    set_prefect_defaults()
    api = Settings().server.api
    assert api.csrf_protection_enabled
    assert api.cors_allowed_origins == "http://127.0.0.1:4200,http://localhost:4200"


@pytest.mark.parametrize("by_file", [True, False])
def test_what_the_operator_says_counts(monkeypatch: pytest.MonkeyPatch, by_file: bool) -> None:
    """In the environment as well as in `.env`, which Prefect reads after it."""
    said = {ORIGINS: "https://prefect.shop.example", "PREFECT_SERVER_EVENTS_RETENTION_PERIOD": "P9D"}
    if by_file:
        Path(".env").write_text("".join(f"{name}={value}\n" for name, value in said.items()), encoding="utf-8")
    else:
        for name, value in said.items():
            monkeypatch.setenv(name, value)
    set_prefect_defaults()
    server = Settings().server
    assert server.api.cors_allowed_origins == said[ORIGINS]
    assert server.events.retention_period.days == 9


def test_the_pages_are_at_the_servers_port(tmp_path: Path) -> None:
    Path(".env").write_text("PREFECT_SERVER_API_PORT=4300\n", encoding="utf-8")
    set_prefect_defaults()
    assert os.environ[ORIGINS] == "http://127.0.0.1:4300,http://localhost:4300"
