"""Tests that need a missing program of the operating system."""

import pytest

from tests.programs import program


def test_in_ci_a_missing_program_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="no-such-program is missing: apt-get install some-package"):
        program("no-such-program", "some-package")


def test_elsewhere_the_test_is_skipped_with_the_same_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match="no-such-program is missing: apt-get install some-package"):
        program("no-such-program", "some-package")


def test_a_program_is_found_on_the_path() -> None:
    assert program("sh", "dash").endswith("/sh")
