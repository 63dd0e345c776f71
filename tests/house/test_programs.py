"""What happens to tests where a program of the operating system is missing."""

import pytest

from tests.programs import program


def test_where_everything_has_to_be_tested_a_missing_program_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="no-such-program is missing: apt-get install some-package"):
        program("no-such-program", "some-package")


def test_elsewhere_the_test_is_left_out_with_the_same_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match="no-such-program is missing: apt-get install some-package"):
        program("no-such-program", "some-package")


def test_a_program_is_found_where_it_stands() -> None:
    assert program("sh", "dash").endswith("/sh")
