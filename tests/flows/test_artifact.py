"""What a run shows in Prefect's UI, as text. tests/ui looks at it in a browser."""

import pytest

from clients.redaction import Redactor
from flows.artifact import CELL, ROWS_SHOWN, Link, Table, document, plain

HOSTILE = {
    "a|b": r"a\|b",
    "two\nlines\n\tand more": "two lines and more",
    "`code` ``more``": r"\`code\` \`\`more\`\`",
    "[x](http://evil.example)": "\\[x\\](http:\u2060//evil.example)",
    "![x](HTTPS://evil.example/i.png)": "!\\[x\\](HTTPS:\u2060//evil.example/i.png)",
    "www.evil.example": "www\u2060.evil.example",
    "<img src=x onerror=alert(1)>": r"\<img src=x onerror=alert(1)\>",
    "&lt;b&gt;": r"\&lt;b\&gt;",
    "**b** _i_ ~~s~~ $x$": r"\*\*b\*\* \_i\_ \~\~s\~\~ \$x\$",
    "# head": r"\# head",
    "---": r"\---",
    "1. one": r"1\. one",
    "\\|": r"\\\|",
}


@pytest.fixture
def redactor() -> Redactor:
    return Redactor()


@pytest.mark.parametrize(("text", "expected"), HOSTILE.items())
def test_what_was_said_from_outside_is_text(text: str, expected: str, redactor: Redactor) -> None:
    """Neither markup, nor a link, nor the end of its cell."""
    assert plain(text, redactor) == expected


def test_an_ordinary_sentence_stays_as_it_is(redactor: Redactor) -> None:
    text = "42 accepted, 18 failed (3 MappingFailed; 15 Rejected); 3 batches, 188 requests, 0.4 s"
    assert plain(text, redactor) == text


def test_what_is_secret_or_personal_is_masked_before_it_is_escaped(redactor: Redactor) -> None:
    """Escaped, it would look like nothing that is masked."""
    redactor.learn("a*b_c|d")
    table = Table("sku", "message")
    table.add("S1", '{"password": "x_y*z"} a*b_c|d ada@example.com')
    text = document("Insert products: failed", "a*b_c|d was refused", [table], redactor)
    assert [secret for secret in ("x_y", r"x\_y", "a*b", r"a\*b", "ada", "example.com") if secret in text] == []
    assert r"\*\*\* was refused" in text


def test_a_table_shows_a_hundred_rows_and_says_how_many_more_there_are(redactor: Redactor) -> None:
    table = Table("sku", "what", heading="Failed")
    assert table.markdown(redactor) == []
    for number in range(ROWS_SHOWN + 1_005):
        table.add(f"S{number}", "x")
    lines = table.markdown(redactor)
    assert lines[:5] == ["## Failed", "", "| sku | what |", "| --- | --- |", "| S0 | x |"]
    assert lines[-1] == "and 1,005 more"
    assert len(lines) == ROWS_SHOWN + 6


def test_a_long_cell_is_cut(redactor: Redactor) -> None:
    table = Table("sku")
    table.add("S" * 10 * CELL)
    assert f"({10 * CELL} characters)" in table.markdown(redactor)[-1]
    assert len(table.markdown(redactor)[-1]) < CELL + 50


def test_a_column_in_which_nothing_stands_is_left_out(redactor: Redactor) -> None:
    table = Table("sku", "message", "batch")
    table.add("S1", "", "")
    table.add("S2", "", Link("3f2a91c0", None))
    assert table.markdown(redactor) == ["| sku | batch |", "| --- | --- |", "| S1 |  |", "| S2 | 3f2a91c0 |"]


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (
            "https://shop.example/api/v1/channel/6/batch_requests/3/",
            "https://shop.example/api/v1/channel/6/batch_requests/3/",
        ),
        ("http://[::1]:8000/a) b|c/", "http://[::1]:8000/a%29%20b%7Cc/"),
    ],
)
def test_a_link_leads_to_its_address(url: str, expected: str, redactor: Redactor) -> None:
    table = Table("batch")
    table.add(Link("3f2a|", url))
    assert table.markdown(redactor)[-1] == rf"| [3f2a\|]({expected}) |"


def test_each_line_of_a_reason_is_one(redactor: Redactor) -> None:
    """A list of missing settings reads as one."""
    reason = "The settings are incomplete.\n  - OMNITRON_URL is not set\n\n  - `X` is not set"
    text = document("Recover: failed", reason, [], redactor)
    assert text == (
        "# Recover: failed\n\nThe settings are incomplete.  \n\\- OMNITRON\\_URL is not set  \n\\- \\`X\\` is not set\n"
    )
