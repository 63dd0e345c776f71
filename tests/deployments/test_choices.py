"""What prefect.yaml is told of the operator's choices."""

from pathlib import Path

import pytest

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
    """A deployment named after no channel would be everybody's."""
    monkeypatch.delenv("OMNITRON_CHANNEL_ID")
    monkeypatch.setenv("CHANNEL_APP_SCHEDULES", "maybe")
    monkeypatch.setenv("CHANNEL_APP_TIMEZONE", "Istanbul")
    with pytest.raises(SystemExit) as stop:
        operator_choices()
    said = str(stop.value)
    assert all(part in said for part in ("OMNITRON_CHANNEL_ID is not set", "CHANNEL_APP_SCHEDULES", "`Istanbul`"))
