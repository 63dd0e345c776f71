"""The README is true: its commands can be typed, its excerpt is the demo's, and it names files and commands that exist."""

import re

from flows.registry import FLOWS
from tasks.omnitron.integration import OmnitronIntegration
from tasks.omnitron.orders.orders import CreateOrder
from tests.docs.pages import ALL_BLOCKS, SHELL, blocks
from tests.house.sources import ROOT

README = ROOT / "README.md"
PROSE = re.sub(r"```.*?```", "", README.read_text(encoding="utf-8"), flags=re.DOTALL)
PLACEHOLDER = re.compile(r"(?<![\w$/{.-])(?!POST|PATCH|PUT|DELETE)[A-Z]{3,}(?![\w=}])")
"""A word in capitals that is neither a variable nor an HTTP method."""


def test_no_command_of_any_page_has_a_placeholder() -> None:
    shown = [
        line.partition("  #")[0]
        for block in ALL_BLOCKS
        if block.language in SHELL
        for line in block.source.splitlines()
    ]
    assert shown
    assert [line for line in shown if PLACEHOLDER.search(line)] == []


def test_the_excerpt_is_part_of_the_demo() -> None:
    """The demo's page, which holds the whole, is compared with the demo itself."""
    (excerpt,) = (block.source for block in blocks(README, "text") if "What happened" in block.source)
    (whole,) = (block.source for block in blocks(ROOT / "docs/explanation/demo.md", "text"))
    assert excerpt.strip() in whole


def test_it_shows_one_picture() -> None:
    assert len(re.findall(r"!\[.+?\]\(docs/images/.+?\)", PROSE)) == 1


def test_the_files_that_it_names_exist() -> None:
    named = re.findall(r"`([a-z_]+(?:/[a-z_]+)*(?:/|\.py|\.yaml))`", PROSE)
    assert len(named) > 10
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_the_commands_that_it_names_exist() -> None:
    keys = set(re.findall(r"`([a-z]+(?:_[a-z]+)+)`", PROSE)) - FLOWS.keys()
    assert "process_image_batch_requests" in keys
    assert keys - OmnitronIntegration.actions.keys() == set()


def test_the_table_of_an_orders_fields_exists() -> None:
    assert "`ORDER_FIELDS` in `tasks/omnitron/orders/orders.py`" in PROSE
    assert "number" in CreateOrder.ORDER_FIELDS
