"""Prefect's UI in a headless chromium, over a real server on which real runs against both sandboxes have ended."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import BrowserContext, Page, ViewportSize, sync_playwright
from prefect.client.orchestration import PrefectClient
from prefect.settings import PREFECT_API_URL, temporary_settings
from prefect.states import Pending

from clients.settings import DeploymentSettings, is_loopback
from deployments.sandbox.server import SandboxProcess
from deployments.serve import PREFECT_YAML, deployment_of, read_rows
from deployments.startup import PREFECT_DEFAULTS
from tests.deployments.prefect_server import PrefectServer
from tests.programs import program
from tests.world.live import PROJECT, Shop, environment, prefect_serving

__all__ = ["environment"]

CHROMIUM = [
    "--no-sandbox",  # root may start it, as in a container
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # Nothing leaves this machine. Playwright's own way to block a request, `route`, costs a second a page: it turns off the
    # cache in which the UI's scripts are.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]
SIZE = ViewportSize(width=1280, height=800)
EMPTY_DRAWING = 12_000
"""Bytes of a picture that shows a frame and nothing in it, at most."""
STORY_SECONDS = 120.0

REFUSED = {
    "1KBATC00000002": "This barcode belongs to another product. Change it, and send the product again.",
    "1KBATC00000003": '1|2 [x](http://evil.example) ![x](http://evil.example/x.png)<img src="http://evil.example/y.png"> `</td>` '
    "www.evil.example",
}
"""Products that the marketplace refuses, and what it says: something useful, and something evil."""

ASKED_BY_PREFECT = {"sr-client-cfg.amplitude.com"}
"""Prefect's own UI asks there how it should record sessions, analytics off or not. It gets no answer here."""


class Prefect:
    """What its API says of the runs, for the addresses of pages."""

    def __init__(self, url: str, server: PrefectServer, deployment_id: Any) -> None:
        self.url = url
        self.deployment_id = str(deployment_id)
        self._server = server

    def rows(self, resource: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self._server.post(f"/{resource}/filter", {})
        return found

    def run(self, name: str) -> str:
        """The id of the first run whose name begins so."""
        found = [row for row in self.rows("flow_runs") if row["name"].startswith(f"{name} · ")]
        return str(min(found, key=lambda row: row["start_time"])["id"])

    def artifact(self, key: str) -> str:
        """The id of the newest artifact under a key."""
        found = [row for row in self.rows("artifacts") if row["key"] == key]
        return str(max(found, key=lambda row: row["created"])["id"])


@pytest.fixture(scope="session")
def chromium() -> str:
    return program("chromium", "chromium")


@pytest.fixture(scope="module")
def shop() -> Iterator[Shop]:
    """Sixty products, a third of them defective, and a marketplace that answers later."""
    with SandboxProcess("all", products=60, failing=0.3, asynchronous=True) as sandbox:
        shop = Shop(sandbox)
        shop.control("marketplace", "POST", "refuse", REFUSED)
        yield shop
        shop.http.close()


@pytest.fixture(scope="module")
def prefect(chromium: str, environment: dict[str, str], shop: Shop) -> Iterator[Prefect]:
    """A server with the runs of `story`, one deployment, and one run of it that was cancelled because another waits."""
    with prefect_serving(environment | PREFECT_DEFAULTS, "deployments.guarded_server") as url:
        done = subprocess.run(
            [sys.executable, "-m", "tests.ui.story", shop.sandbox.urls["marketplace"]],
            env=environment | shop.settings | {"PREFECT_API_URL": f"{url}/api"},
            cwd=PROJECT,
            capture_output=True,
            text=True,
            timeout=STORY_SECONDS,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        with PrefectServer(f"{url}/api") as server:
            yield Prefect(url, server, asyncio.run(_deploy(f"{url}/api")))


async def _deploy(api: str) -> Any:
    settings = DeploymentSettings.model_validate({"OMNITRON_CHANNEL_ID": 6})
    row = next(row for row in read_rows(PREFECT_YAML, settings) if row.name == "insert-products-6")
    with temporary_settings({PREFECT_API_URL: api}):
        deployment_id = await (await deployment_of(row)).aapply()
    async with PrefectClient(api) as client:
        first, second = [await client.create_flow_run_from_deployment(deployment_id) for _ in range(2)]
        for run in (first, second):
            await client.set_flow_run_state(run.id, Pending())
        await client.delete_flow_run(first.id)
    return deployment_id


@pytest.fixture(scope="module")
def browser(chromium: str, prefect: Prefect, tmp_path_factory: pytest.TempPathFactory) -> Iterator[BrowserContext]:
    """A browser that nobody has used before. Playwright keeps an event loop running in this thread until it is closed: it
    comes after everything that needs one of its own, and does not outlive these tests."""
    with sync_playwright() as playwright:
        context = playwright.chromium.launch_persistent_context(
            tmp_path_factory.mktemp("chromium"),
            executable_path=chromium,
            headless=True,
            args=CHROMIUM,
            viewport=SIZE,
            timezone_id="UTC",
        )
        yield context
        context.close()


class Window:
    """One page of the browser. Nothing that it asks for leaves this machine."""

    def __init__(self, page: Page, prefect: Prefect) -> None:
        self.page = page
        self.prefect = prefect
        self.outside: list[str] = []
        """Addresses elsewhere that the page asked for."""
        page.on("request", lambda request: self._note(request.url))
        page.on("websocket", lambda socket: self._note(socket.url))

    def open(self, path: str) -> Page:
        """A page of the UI, `/v2/...` or the old one's."""
        self.page.goto(self.prefect.url + path)
        return self.page

    def shoot(self, name: str, *, drawn: str | None = None) -> None:
        """A picture of what is in sight, where pictures are wanted; once something is `drawn`, which no text tells."""
        folder = os.environ.get("SCREENSHOTS")
        if folder is None:
            return
        if drawn is not None:
            drawing = self.page.locator(drawn)
            assert any(len(drawing.screenshot()) > EMPTY_DRAWING for _ in range(100)), f"{drawn} stays empty"
        self.page.screenshot(path=PROJECT / Path(folder) / f"{name}.png", animations="disabled")

    def _note(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("data", "blob") and not is_loopback(parts.hostname):
            self.outside.append(url)


@pytest.fixture
def window(browser: BrowserContext, prefect: Prefect) -> Iterator[Window]:
    window = Window(browser.new_page(), prefect)
    yield window
    window.page.close()
    assert {urlsplit(url).hostname for url in window.outside} <= ASKED_BY_PREFECT
