"""The reader of the pages notices mistakes in a page."""

from pathlib import Path

import pytest

from tests.docs.pages import document, missing_lines, surroundings_of
from tests.docs.terminal import Terminal

pytestmark = pytest.mark.process

SHORT = {"PATH": "/usr/bin:/bin"}


def terminal(folder: Path) -> Terminal:
    return Terminal(folder, dict(SHORT), folder / "state")


def test_a_command_that_fails_fails_its_page(tmp_path: Path) -> None:
    """Also in the middle of a block."""
    with pytest.raises(AssertionError, match="exit status 3 where 0 was due"):
        terminal(tmp_path).run("(exit 3)\necho went on")


def test_an_exit_status_that_is_told_is_the_one_that_is_due(tmp_path: Path) -> None:
    terminal(tmp_path).run("exit 3", status=3)
    with pytest.raises(AssertionError, match="exit status 0 where 3 was due"):
        terminal(tmp_path).run("true", status=3)


def test_a_block_finds_what_an_earlier_one_exported_and_where_it_went(tmp_path: Path) -> None:
    reader = terminal(tmp_path)
    (tmp_path / "inside").mkdir()
    reader.run("export GREETING='good\nday'\ncd inside")
    reader.run('printf "%s, %s" "$GREETING" "$(basename "$PWD")"')
    assert reader.said == "good\nday, inside"


def test_a_program_that_ends_instead_of_starting_fails_its_page(tmp_path: Path) -> None:
    reader = terminal(tmp_path)
    with pytest.raises(AssertionError, match="until it says “Ready”, and said:\nno"):
        reader.keep("echo no", "Ready")
    reader.close()


def test_what_was_kept_is_ended_with_all_that_it_started(tmp_path: Path) -> None:
    reader = terminal(tmp_path)
    reader.keep("cat /dev/zero >/dev/null &\necho Ready\nwait", "Ready")
    (kept,) = reader.kept
    reader.close()
    assert kept.process.returncode is not None


@pytest.mark.parametrize(
    ("quoted", "missing"),
    [
        ("1 integrated; 1 batch, 44 requests, 0.3 s", []),
        ("2 integrated; 1 batch, 44 requests, 0.3 s", ["2 integrated; 1 batch, COST"]),
        ("last\n1 integrated; 1 batch, 9 requests, 2.0 s", ["1 integrated; 1 batch, COST"]),
    ],
)
def test_a_quotation_has_to_be_what_was_printed_in_its_order(quoted: str, missing: list[str]) -> None:
    """Except for parts that differ from run to run."""
    assert missing_lines(quoted, "first\n1 integrated; 1 batch, 12 requests, 1.1 s\nlast\n") == missing


@pytest.mark.parametrize("words", ["skip", "skip, because", "skip, because no", "later", 'keep, until ""'])
def test_a_comment_that_is_no_form_is_refused(tmp_path: Path, words: str) -> None:
    """Above all, a skip without a reason."""
    page = tmp_path / "page.md"
    page.write_text(f"<!-- run: {words} -->\n\n```sh\ntrue\n```\n")
    with pytest.raises(ValueError, match="is not a form that"):
        document(page)


def test_a_page_cannot_ask_for_surroundings_that_nobody_makes() -> None:
    with pytest.raises(ValueError, match="is not one of sandbox, prefect, in the project"):
        surroundings_of("<!-- page: a database -->")
