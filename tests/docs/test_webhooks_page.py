"""The page on webhooks is true: its examples are accepted, its tables are complete."""

import asyncio
import os
import shutil
from typing import Any

import httpx
import pytest

from deployments.booking import FLOW_OF
from deployments.sandbox.server import running
from deployments.webhook import webhook_app
from tests.deployments.webhooks import BASE, KEY, ORDER, MemoryBooking, flow_run_of, webhook_settings
from tests.docs.pages import blocks
from tests.house.sources import ROOT

PAGE = ROOT / "docs/how-to/receive-webhooks.md"
TEXT = PAGE.read_text()
TOOLS = ("sh", "curl", "openssl", "awk")


def test_every_type_of_event_is_documented_with_what_it_starts() -> None:
    """In its table."""
    for event_type, flow in FLOW_OF.items():
        row = next(line for line in TEXT.splitlines() if line.startswith(f"| `{event_type}` |"))
        assert row.endswith(f"| `{flow}` |")


async def test_what_the_python_example_signs_is_accepted() -> None:
    """Unchanged, by the clock of this machine."""
    (block,) = blocks(PAGE, "python")
    scope: dict[str, Any] = {"__name__": "docs"}
    exec(compile(block.source, PAGE.name, "exec"), scope)  # noqa: S102  # it is our own documentation
    app = webhook_app(webhook_settings(), MemoryBooking())
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=BASE) as http:
        signed_headers = scope["signed_headers"]
        flow_run_of(await http.post("/events", content=ORDER, headers=signed_headers(KEY, "evt-1", ORDER)))
        wrong = await http.post("/events", content=ORDER, headers=signed_headers("x" * 16, "evt-1", ORDER))
        assert wrong.status_code == 401


@pytest.mark.process
@pytest.mark.skipif(not all(map(shutil.which, TOOLS)), reason=f"needs {', '.join(TOOLS)}")
@pytest.mark.parametrize(("key", "answer"), [(KEY, "flow_run_id"), ("x" * 16, "No signature is by a key")])
async def test_what_the_shell_example_sends_is_accepted(key: str, answer: str) -> None:
    """With curl, to a socket."""
    (script,) = (block.source for block in blocks(PAGE, "sh") if "curl" in block.source)
    app = webhook_app(webhook_settings(), MemoryBooking())
    async with running({"receiver": (app, 0)}) as urls:
        script = script.replace("http://127.0.0.1:8080", urls["receiver"])
        environment = {name: value for name, value in os.environ.items() if "proxy" not in name.lower()}
        process = await asyncio.create_subprocess_exec(
            "sh",
            "-c",
            script,
            env=environment | {"CHANNEL_APP_WEBHOOK_SECRET": key},
            stdout=asyncio.subprocess.PIPE,
        )
        said, _ = await process.communicate()
    assert process.returncode == 0
    assert answer in said.decode()
