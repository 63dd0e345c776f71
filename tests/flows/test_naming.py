"""Names of runs in Prefect's UI."""

from datetime import UTC, datetime, timedelta, timezone

from flows.naming import sentence

MOMENT = datetime(2026, 11, 23, 22, 15, 4, tzinfo=UTC)


def test_a_name_says_what_for_which_channel_and_when():
    """In UTC, wherever the worker stands."""
    assert sentence("insert products", 6, MOMENT) == "insert products · channel 6 · 2026-11-23 22:15:04"
    there = MOMENT.astimezone(timezone(timedelta(hours=3)))
    assert sentence("insert products", 6, there) == sentence("insert products", 6, MOMENT)


def test_a_run_about_one_thing_names_it():
    name = sentence("verify batch", 6, MOMENT, "r-17", "3f2a91c0-0245-5569-b0db-3da06e5c3441")
    assert name == "verify batch r-17 · batch 3f2a91c0 · channel 6 · 2026-11-23 22:15:04"
    assert sentence("verify batch", 6, MOMENT, "r-17") == "verify batch r-17 · channel 6 · 2026-11-23 22:15:04"


def test_a_name_does_without_a_channel():
    """Where the settings are incomplete, the run says so; its name is no place for it."""
    assert sentence("recover", None, MOMENT) == "recover · 2026-11-23 22:15:04"
