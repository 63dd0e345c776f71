"""The receiver as a process with a socket."""

import base64
import hashlib
import hmac
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest

from deployments.sandbox.server import HOST, listen
from deployments.signatures import BODY_LIMIT
from tests.deployments.webhooks import KEY, ORDER, signed_headers

pytestmark = pytest.mark.process

NOBODY = "http://127.0.0.1:9/api"
"""An address where no Prefect listens."""


class Started(NamedTuple):
    """A receiver that listens."""

    process: "subprocess.Popen[str]"
    port: int

    def post(self, event_id: str, body: bytes = ORDER) -> httpx.Response:
        headers = signed_headers(body, event_id, timestamp=int(time.time()))
        return httpx.post(f"http://{HOST}:{self.port}/events", content=body, headers=headers, trust_env=False)

    def say(self, text: bytes) -> bytes:
        """Sends bytes to the socket; returns the first line of the answer, empty if the connection is cut off."""
        with socket.create_connection((HOST, self.port)) as connection:
            connection.settimeout(20)
            try:
                connection.sendall(text)
                return b"".join(iter(lambda: connection.recv(65_536), b"")).partition(b"\r\n")[0]
            except (BrokenPipeError, ConnectionResetError):
                return b""

    def stop(self) -> tuple[int, str]:
        """The exit code and the log."""
        self.process.send_signal(signal.SIGTERM)
        _, said = self.process.communicate(timeout=20)
        return self.process.returncode, said


@contextmanager
def receiver(environment: Mapping[str, str], folder: Path, **more: str) -> Iterator[Started]:
    with listen() as free:
        port = free.getsockname()[1]
    settings = {"OMNITRON_CHANNEL_ID": "6", "PREFECT_API_URL": NOBODY, "CHANNEL_APP_WEBHOOK_SECRET": KEY, **more}
    process = subprocess.Popen(
        [sys.executable, "-m", "deployments.cli", "webhook", "--port", str(port)],
        env={**environment, **settings},
        cwd=folder,
        stderr=subprocess.PIPE,
        text=True,
    )
    for line in process.stderr or ():
        if "running on" in line:
            break
    yield Started(process, port)
    process.kill()
    process.communicate()


@pytest.fixture
def started(environment: dict[str, str], tmp_path: Path) -> Iterator[Started]:
    with receiver(environment, tmp_path) as made:
        yield made


def test_it_listens_says_what_it_was_told_and_stops(started: Started) -> None:
    """Prefect need not be up at the start."""
    health = httpx.get(f"http://{HOST}:{started.port}/health", trust_env=False)
    assert health.json() == {"status": "ok", "prefect": "does not answer"}
    answer = started.post("evt-1")
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "30"
    code, log = started.stop()
    assert code in (0, -signal.SIGTERM)  # uvicorn ends as the signal would have ended it
    assert "INFO channel_app.webhook: event evt-1, order_created: 503, Prefect's API did not take the booking" in log
    assert "Traceback" not in log
    assert KEY not in log


def test_a_stranger_cannot_make_it_read_without_an_end(started: Started) -> None:
    """Headers, a body without a length, and a body with too small a length; the receiver then works as before."""
    headers = started.say(b"POST /events HTTP/1.1\r\nHost: x\r\nX-A: " + b"a" * 200_000)
    assert headers in (b"", b"HTTP/1.1 400 Bad Request")
    start = b"POST /events HTTP/1.1\r\nHost: x\r\n"
    names = signed_headers(ORDER, "evt-1", timestamp=int(time.time()))
    start += b"".join(f"{name}: {value}\r\n".encode() for name, value in names.items())
    chunk = b"10000\r\n" + b" " * 65_536 + b"\r\n"
    endless = started.say(start + b"Transfer-Encoding: chunked\r\n\r\n" + chunk * (2 * BODY_LIMIT // 65_536))
    assert endless in (b"", b"HTTP/1.1 413 Request Entity Too Large", b"HTTP/1.1 413 Content Too Large")
    too_little = started.say(start + b"Content-Length: 4\r\nConnection: close\r\n\r\n" + ORDER)
    assert too_little == b"HTTP/1.1 401 Unauthorized"
    assert started.post("evt-2").status_code == 503


CONNECTOR = """
from tasks.channel import ChannelEvent, ChannelIntegration, EventType, webhooks


def event_of(delivery):
    return ChannelEvent(EventType.order_created, id=delivery.header("X-Id"))


class Bazaar(ChannelIntegration):
    name = "bazaar"
    webhook = webhooks.Webhook(webhooks.BodySignature("X-Signature", encoding="base64"), event_of)
"""


def test_the_connector_that_the_settings_name_names_the_events(environment: dict[str, str], tmp_path: Path) -> None:
    """And the program's own form is no longer taken."""
    (tmp_path / "bazaar.py").write_text(CONNECTOR)
    with receiver(environment, tmp_path, CHANNEL_MODULE="bazaar") as started:
        signature = base64.b64encode(hmac.new(KEY.encode(), b"1207", hashlib.sha256).digest()).decode()
        url, headers = f"http://{HOST}:{started.port}/events", {"X-Signature": signature, "X-Id": "evt-7"}
        assert httpx.post(url, content=b"1207", headers=headers, trust_env=False).status_code == 503
        assert httpx.post(url, content=b"1208", headers=headers, trust_env=False).status_code == 401
        assert started.post("evt-1").status_code == 401
        _, log = started.stop()
    assert "event evt-7, order_created: 503, Prefect's API did not take the booking" in log
    assert KEY not in log
