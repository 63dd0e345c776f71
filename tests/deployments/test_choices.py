"""The operator's choices, as prefect.yaml gets them."""

from pathlib import Path

import pytest
from prefect.settings import PREFECT_API_AUTH_STRING, PREFECT_API_URL, temporary_settings

from deployments.choices import operator_choices

NAMES = ("OMNITRON_CHANNEL_ID", "CHANNEL_APP_SCHEDULES", "CHANNEL_APP_TIMEZONE", "CHANNEL_APP_HOME")


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("OMNITRON_CHANNEL_ID", "6")


def test_schedules_are_off_until_somebody_says_on(tmp_path: Path):
    assert operator_choices() == {"schedules": False, "timezone": "UTC", "home": str(tmp_path)}


@pytest.mark.parametrize(
    ("said", "meant"), [("on", True), ("true", True), ("1", True), ("off", False), ("false", False), ("", False)]
)
def test_a_choice_is_said_in_several_words(monkeypatch: pytest.MonkeyPatch, said: str, meant: bool):
    monkeypatch.setenv("CHANNEL_APP_SCHEDULES", said)
    assert operator_choices()["schedules"] is meant


def test_everything_that_is_wrong_is_said_at_once(monkeypatch: pytest.MonkeyPatch):
    """The name of a deployment needs the channel's number."""
    monkeypatch.delenv("OMNITRON_CHANNEL_ID")
    monkeypatch.setenv("CHANNEL_APP_SCHEDULES", "maybe")
    monkeypatch.setenv("CHANNEL_APP_TIMEZONE", "Istanbul")
    with pytest.raises(SystemExit) as stop:
        operator_choices()
    said = str(stop.value)
    assert all(part in said for part in ("OMNITRON_CHANNEL_ID is not set", "CHANNEL_APP_SCHEDULES", "`Istanbul`"))


def test_credentials_do_not_travel_to_prefect_in_clear(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMNITRON_CHANNEL_ID", "6")
    far = {PREFECT_API_URL: "http://prefect.example.com/api", PREFECT_API_AUTH_STRING: "a:canary"}
    with temporary_settings(far), pytest.raises(SystemExit, match="which is not https"):
        operator_choices()
