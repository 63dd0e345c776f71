"""A Prefect API that is away, refuses, or is something else: one sentence, for every command that needs it."""

import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import prefect
import pytest
from prefect.settings import PREFECT_API_URL, temporary_settings
from typer.testing import CliRunner, Result

from clients import runtime as runtimes
from clients.flow_runs import PrefectUnavailableError
from deployments.cli import app
from deployments.reach_prefect import reach_prefect
from tests.world.fixtures import make_world
from tests.world.live import Command
from tests.world.loopback import World

__all__ = ["make_world"]

pytestmark = pytest.mark.process

AWAY = "http://127.0.0.1:9/api"
"""Nothing listens there."""
NEED_IT = (
    ("run", "fetch_and_create_order"),
    ("verify",),
    ("recover",),
    ("serve",),
    ("automations",),
    ("resume",),
    ("demo",),
    ("bench",),
)
"""The commands that cannot work without the server that PREFECT_API_URL names."""
WORK_WITHOUT = (
    ("flows",),
    ("status",),
    ("explain", "1KBATC00000001"),
    ("failures",),
    ("resend", "1KBATC00000001"),
    ("check",),
)
SHOW_HOLDS = ("status", "explain")
UNKNOWN = "Whether scheduled runs hold back is unknown"
RUN_UNTIL_STOPPED = ("webhook", "sandbox")
"""They need no server to start. Events that find none are answered with 503 (tests/deployments/test_webhook_prefect.py)."""
EVERYTHING = os.environ.get("HARNESS") == "all"
IN_PROCESSES = NEED_IT if EVERYTHING else NEED_IT[:1] + NEED_IT[-1:]
SETTINGS = {
    "OMNITRON_URL": "http://127.0.0.1:9",
    "OMNITRON_USERNAME": "u",
    "OMNITRON_PASSWORD": "p",
    "OMNITRON_CHANNEL_ID": "6",
    "CHANNEL_MODULE": "tasks.channel.sandbox",
}


@contextmanager
def answering(status: HTTPStatus, body: bytes, first: bytes | None = None) -> Iterator[str]:
    """The address of a server that gives this answer to everything; `first` to Prefect's first question, for its version."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            is_first = first is not None and self.path.endswith("/admin/version")
            text = first if first is not None and is_first else body
            self.send_response(HTTPStatus.OK if is_first else status)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        do_POST = do_PUT = do_PATCH = do_DELETE = do_GET  # noqa: N815  # the library's names

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the library's name
            """Says nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/api"
        server.shutdown()


@contextmanager
def silent() -> Iterator[str]:
    """The address of a server that accepts and never answers: nobody waits for it for long."""
    with socket.socket() as listening, pytest.MonkeyPatch.context() as patch:
        for module in ("reach_prefect", "standing_holds"):
            patch.setattr(f"deployments.{module}.SECONDS", 0.5)
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/api"


SERVERS: dict[str, tuple[Callable[[], AbstractContextManager[str]], str]] = {
    "away": (
        lambda: nullcontext(AWAY),
        "does not answer (ConnectError): start the server, or correct PREFECT_API_URL.",
    ),
    "a page": (
        lambda: answering(HTTPStatus.OK, b"<html>a shop</html>"),
        "does not answer as Prefect's API does: correct PREFECT_API_URL, which ends in /api.",
    ),
    "refuses": (
        lambda: answering(HTTPStatus.UNAUTHORIZED, b"{}"),
        "refuses the credentials (401): set PREFECT_API_AUTH_STRING to those of the server.",
    ),
    "silent": (silent, "does not answer (TimeoutError): start the server, or correct PREFECT_API_URL."),
}
"""Servers that are not Prefect's, or not well, and what is said of each."""
servers = pytest.mark.parametrize("server", SERVERS)


@pytest.fixture
def _with_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SETTINGS.items():
        monkeypatch.setenv(name, value)


def call(arguments: tuple[str, ...], url: str) -> Result:
    """The command, in this process, with the server at this address; it left no traceback."""
    with temporary_settings({PREFECT_API_URL: url}):
        result = CliRunner().invoke(app, list(arguments))
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    assert "Traceback" not in result.output
    return result


def test_no_command_is_forgotten_here() -> None:
    known = {arguments[0] for arguments in (*NEED_IT, *WORK_WITHOUT)} | set(RUN_UNTIL_STOPPED)
    assert known == {command.name or getattr(command.callback, "__name__", "") for command in app.registered_commands}


@servers
@pytest.mark.parametrize("arguments", NEED_IT, ids=lambda arguments: arguments[0])
@pytest.mark.usefixtures("_with_settings")
def test_a_command_that_needs_the_server_says_in_one_sentence_what_is_wrong_with_it(
    arguments: tuple[str, ...], server: str
) -> None:
    """With its address and the next step."""
    serving, said = SERVERS[server]
    with serving() as url:
        result = call(arguments, url)
    assert result.exit_code == 1
    (line,) = [line for line in result.output.splitlines() if line.strip()]
    assert f"{url} {said}" in line


@servers
@pytest.mark.parametrize("arguments", WORK_WITHOUT, ids=lambda arguments: arguments[0])
@pytest.mark.usefixtures("_with_settings")
def test_a_command_that_does_without_the_server_works(
    make_world: Callable[..., World], arguments: tuple[str, ...], server: str
) -> None:
    """It shows the same with it, but for whether runs hold back, and says that it does not know."""
    world = make_world(failing=0, products=3)
    serving, said = SERVERS[server]
    with serving() as url, runtimes.using(world.runtime()):
        result = call(arguments, url)
        without = call(arguments, "")
    shown, _, unknown = " ".join(result.output.split()).partition(UNKNOWN)
    assert shown == " ".join(without.output.split()).partition(UNKNOWN)[0]
    assert result.exit_code == 0
    if arguments[0] in SHOW_HOLDS:
        assert f"{url} {said}" in unknown
    else:
        assert not unknown


@pytest.mark.parametrize("arguments", NEED_IT[:6], ids=lambda arguments: arguments[0])
@pytest.mark.usefixtures("_with_settings")
def test_a_server_that_breaks_after_its_first_answer_is_one_sentence_too(arguments: tuple[str, ...]) -> None:
    with answering(HTTPStatus.INTERNAL_SERVER_ERROR, b"", first=f'"{prefect.__version__}"'.encode()) as url:
        result = call(arguments, url)
    assert result.exit_code == 1
    assert (
        "see the server's log" in result.output.splitlines()[-1] or "PREFECT_API_URL" in result.output.splitlines()[-1]
    )


@pytest.mark.parametrize("arguments", IN_PROCESSES, ids=lambda arguments: arguments[0])
def test_a_server_that_is_away_is_one_sentence(channel_app: Command, arguments: tuple[str, ...]) -> None:
    done = channel_app(*arguments, settings={**SETTINGS, "PREFECT_API_URL": AWAY})
    assert done.returncode == 1
    said = done.stdout + done.stderr
    assert "Traceback" not in said
    (line,) = [line for line in said.splitlines() if line.strip()]
    assert f"Prefect's API at {AWAY} does not answer" in line
    assert "start the server, or correct PREFECT_API_URL" in line


@pytest.mark.parametrize(
    "arguments", [("run", "recover"), ("serve",), ("resume",), ("webhook",)], ids=lambda arguments: arguments[0]
)
def test_no_command_sends_credentials_in_clear(channel_app: Command, arguments: tuple[str, ...]) -> None:
    far = {
        "PREFECT_API_URL": "http://prefect.invalid/api",
        "PREFECT_API_AUTH_STRING": "admin:canary-auth",
        "CHANNEL_APP_WEBHOOK_SECRET": "sixteen-characters",
    }
    done = channel_app(*arguments, settings={**SETTINGS, **far})
    assert done.returncode == 1
    (line,) = [line for line in (done.stdout + done.stderr).splitlines() if line.strip()]
    assert (
        "PREFECT_API_URL is http://prefect.invalid/api, which is not https: credentials would travel to it in clear."
        in line
    )
    assert "canary" not in line


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (HTTPStatus.UNAUTHORIZED, b"{}", "refuses the credentials (401): set PREFECT_API_AUTH_STRING"),
        (HTTPStatus.NOT_FOUND, b"<html>no such page</html>", "answered 404. If it is not Prefect's API"),
        (HTTPStatus.INTERNAL_SERVER_ERROR, b"", "answered 500."),
        (HTTPStatus.OK, b"<html>a shop</html>", "does not answer as Prefect's API does"),
    ],
)
async def test_an_answer_that_is_not_prefects_is_named(status: HTTPStatus, body: bytes, said: str) -> None:
    with (
        answering(status, body) as url,
        temporary_settings({PREFECT_API_URL: url}),
        pytest.raises(PrefectUnavailableError) as raised,
    ):
        await reach_prefect()
    assert said in raised.value.message
    assert url in raised.value.message


async def test_the_credentials_in_an_address_stay_out_of_the_sentence() -> None:
    with (
        temporary_settings({PREFECT_API_URL: "http://someone:s3cret@127.0.0.1:9/api"}),
        pytest.raises(PrefectUnavailableError) as raised,
    ):
        await reach_prefect()
    assert "s3cret" not in raised.value.message
    assert AWAY in raised.value.message


def test_serve_tells_of_a_password_that_cannot_be_masked(channel_app: Command) -> None:
    settings = {
        **SETTINGS,
        "OMNITRON_URL": "https://shop.invalid",
        "OMNITRON_PASSWORD": "kitap",
        "PREFECT_API_URL": AWAY,
    }
    said = channel_app("serve", settings=settings).stderr
    assert said.startswith("OMNITRON_PASSWORD is short or an ordinary word")
    assert "kitap" not in said
