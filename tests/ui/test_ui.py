"""What an operator reads in Prefect's UI. `make screenshots` keeps what these tests look at in docs/images."""

import re
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.ui.conftest import REFUSED, Prefect, Window
from tests.world.live import Shop

pytestmark = [pytest.mark.flow, pytest.mark.process, pytest.mark.ui]

MOMENT = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d"
SECONDS = 20_000
"""Milliseconds in which a page must show what is looked for: the machine may be busy."""
UIS = ["", "/v2"]
"""The old one and the new one: a server has both."""


def sees(page: Page, text: str | re.Pattern[str]) -> None:
    """Waits until the page shows it."""
    expect(page.get_by_text(text).first).to_be_visible(timeout=SECONDS)


TABLE = """heading => {
  const table = [...document.querySelectorAll("table")].find(one => one.querySelector("th")?.innerText === heading);
  if (!table || table.rows.length < 2) return null;
  return {
    rows: [...table.rows].slice(1).map(row => [...row.cells].map(cell => cell.innerText)),
    links: [...table.querySelectorAll("a")].map(link => link.href),
    pictures: table.querySelectorAll("img").length,
  };
}"""
"""Read at once: the page may draw its table anew at any time."""


def table_of(page: Page, heading: str) -> dict[str, Any]:
    """The table whose first column has this heading: its rows without the headings, its links, and how many pictures."""
    found: dict[str, Any] = page.wait_for_function(TABLE, arg=heading, timeout=SECONDS).json_value()
    return found


def rows(page: Page, heading: str) -> list[list[str]]:
    """The cells of that table."""
    found: list[list[str]] = table_of(page, heading)["rows"]
    return found


def open_artifact(window: Window, key: str, ui: str = "/v2") -> Page:
    return window.open(f"{ui}/artifacts/artifact/{window.prefect.artifact(key)}")


def test_the_page_of_a_run_says_what_it_did_for_which_channel_and_how_far_it_was(
    window: Window, prefect: Prefect
) -> None:
    page = window.open(f"/v2/runs/flow-run/{prefect.run('insert products')}?tab=Logs")
    page.set_viewport_size({"width": 1100, "height": 780})  # the graph above, the log below
    sees(page, re.compile(rf"^insert products · channel 6 · {MOMENT}$"))
    sees(page, "Completed")
    sees(page, re.compile(r"\[channel 6 · product · batch \w{8}\] insert products: 1 to 30 of 60 that were due"))
    sees(page, re.compile(r"\[channel 6 · product · batch \w{8}\] insert products: the batch is sent_to_remote: "))
    window.shoot("prefect-run", drawn="canvas")
    page.get_by_text("Job Variables").evaluate("tab => tab.scrollIntoView()")
    window.shoot("prefect-log")


def test_the_tasks_of_a_run_say_what_they_did_to_how_much_of_which_batch(window: Window, prefect: Prefect) -> None:
    page = window.open(f"/v2/runs/flow-run/{prefect.run('insert products')}?tab=TaskRuns")
    sees(page, re.compile(r"^send inserted products · \d+ objects · batch \w{8}$"))
    sees(page, re.compile(r"^batch request update · to sent_to_remote · batch \w{8}$"))


def test_the_artifacts_of_a_run_show_its_summary_at_a_glance(window: Window, prefect: Prefect) -> None:
    page = window.open(f"/v2/runs/flow-run/{prefect.run('recover')}?tab=Artifacts")
    sees(page, re.compile(r"^1 released$"))


def test_the_artifact_says_what_happened_and_lists_what_failed(window: Window, shop: Shop) -> None:
    """Sku, reason, message, and the batch, which leads to Omnitron's record of it."""
    page = open_artifact(window, "insert-products-channel-6")
    expect(page.get_by_role("heading", name="Insert products: completed")).to_be_visible(timeout=SECONDS)
    sees(page, re.compile(r"^\d+ accepted, \d+ failed \(.*\); 2 batches, \d+ requests"))
    sees(page, re.compile(rf"^insert products · channel 6 · {MOMENT}$"))
    window.shoot("prefect-summary")
    failed = rows(page, "sku")
    states = shop.state()["counts"]["objects"]["product"]
    assert len(failed) == states["failed"] - len(REFUSED)
    assert {reason for _, reason, _, _ in failed} >= {"MappingFailed", "PriceNotFound", "StockNotFound"}
    assert [sku for sku, _, message, _ in failed if sku not in message] == []
    link, *_ = table_of(page, "sku")["links"]
    address, _, path = link.partition("/api/v1/channel/6/")
    assert address == shop.settings["OMNITRON_URL"]
    assert shop.hub("GET", path)["local_batch_id"].startswith(failed[0][3])
    page.get_by_role("heading", name="Failed").evaluate("heading => heading.scrollIntoView()")
    window.shoot("prefect-failures")


def test_the_link_of_a_batch_holds_no_credential(window: Window, shop: Shop) -> None:
    """Omnitron asks whoever follows it who they are."""
    page = open_artifact(window, "insert-products-channel-6")
    link, *_ = table_of(page, "sku")["links"]
    assert httpx.get(link, trust_env=False).status_code == 401


@pytest.mark.parametrize("ui", UIS)
def test_what_a_channel_says_is_text(window: Window, ui: str) -> None:
    """It ends no cell, loads no picture and is no link, in neither UI."""
    page = open_artifact(window, "verify-open-batches-channel-6", ui)
    table = table_of(page, "sku")
    assert [row[:2] for row in table["rows"]] == [[sku, "Rejected"] for sku in REFUSED]
    assert [row[2].replace("\u2060", "") for row in table["rows"]] == list(REFUSED.values())
    assert [batch for *_, batch in table["rows"] if not re.fullmatch(r"\w{8}", batch)] == []
    assert [link for link in table["links"] if "/batch_requests/" not in link] == []
    assert (len(table["links"]), table["pictures"]) == (len(REFUSED), 0)
    assert [url for url in window.outside if "evil" in url] == []


def test_the_sweep_says_what_became_of_each_batch(window: Window) -> None:
    page = open_artifact(window, "verify-open-batches-channel-6")
    batches = rows(page, "batch")
    assert [(of, became) for _, of, _, _, became, _ in batches] == [("product", "settled")] * 2
    assert [result for *_, result in batches if not re.fullmatch(r"\d+ integrated(, 2 failed)?", result)] == []
    sees(page, re.compile(rf"^verify open batches · channel 6 · {MOMENT}$"))
    window.shoot("prefect-verify")


def test_recover_says_which_batch_it_ended(window: Window) -> None:
    page = open_artifact(window, "recover-channel-6")
    ((batch, *rest),) = rows(page, "batch")
    assert re.fullmatch(r"\w{8}", batch)
    assert re.fullmatch(r"\d+ s", rest.pop(2))
    assert rest == ["product", "commit", "failed; its objects are offered again"]


def test_an_order_that_is_not_taken_in_is_listed_by_its_number(window: Window) -> None:
    page = open_artifact(window, "fetch-and-create-order-channel-6")
    ((number, reason, message),) = rows(page, "order")
    assert number.startswith("SP")
    assert reason == "CityNotFound"
    assert "Gotham" in message


def test_the_list_of_runs_reads_as_a_list_of_what_was_done(window: Window) -> None:
    """A run that was never started, because another one was under way, has no name of ours, but its flow and its channel
    stand beside it."""
    page = window.open("/v2/runs")
    for name in ("recover", "insert products", "verify open batches", "fetch and create order"):
        sees(page, re.compile(rf"^{name} · channel 6 · {MOMENT}$"))
    sees(page, "Cancelled")
    sees(page, "channel:6")
    page.get_by_text("Items per page").evaluate("element => element.scrollIntoView()")
    window.shoot("prefect-runs")


def test_a_run_that_was_cancelled_says_why(window: Window, prefect: Prefect) -> None:
    (cancelled,) = (row for row in prefect.rows("flow_runs") if row["state_name"] == "Cancelled")
    page = window.open(f"/v2/runs/flow-run/{cancelled['id']}?tab=Details")
    sees(page, "Deployment concurrency limit reached.")


def test_the_form_of_a_deployment_says_what_each_parameter_means(window: Window, prefect: Prefect) -> None:
    page = window.open(f"/v2/deployments/deployment/{prefect.deployment_id}/run")
    sees(page, "batch_size")
    sees(page, "Objects in one batch; a channel may take fewer.")
    sees(page, "Attach each product's stock; it is integrated with the product.")
    window.shoot("prefect-form")


READ_BLOCKS = """async url => {
  const socket = new Promise(said => {
    const opened = new WebSocket(url.replace("http", "ws") + "/api/events/out");
    opened.onopen = () => said("open");
    opened.onerror = () => said("refused");
  });
  const answer = fetch(url + "/api/block_types/slug/secret").then(answer => answer.text(), () => "refused");
  return [await answer, await socket];
}"""


def test_a_page_of_another_site_reads_nothing_and_the_own_one_does(
    window: Window, prefect: Prefect, shop: Shop
) -> None:
    """In the browser in which Prefect is open."""
    window.page.goto(f"{shop.sandbox.urls['marketplace']}/_sandbox/")
    assert window.page.evaluate(READ_BLOCKS, prefect.url) == ["refused", "refused"]
    window.open("/v2/dashboard")
    answer, socket = window.page.evaluate(READ_BLOCKS, prefect.url)
    assert "Secret" in answer
    assert socket == "open"
