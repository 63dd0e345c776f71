"""Names that would become other paths: what a server really reads from its socket."""

import asyncio
import os
import socketserver
import threading
from collections.abc import Callable, Iterator
from urllib.parse import unquote

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from clients.calls import Call
from clients.errors import ConfigError, ContractError, HubUnavailableError
from clients.paths import is_path, segment
from clients.runtime import Runtime
from clients.transport import Transport
from tests.clients.support import settings

EXAMPLES = 5_000 if os.environ.get("HARNESS") == "all" else 100
PIECES = (
    *(
        ".",
        "..",
        "/",
        "\\",
        "%2e",
        "%2E",
        "%2f",
        "%5c",
        "%25",
        "%",
        ";",
        "?",
        "#",
        ":",
        "@",
        "+",
        " ",
        "a",
        "ğ",
        "\x00",
        "\n",
    ),
    "\ud800",
)

names = st.lists(st.sampled_from(PIECES) | st.text(max_size=3), max_size=6).map("".join)


class Listener(socketserver.ThreadingTCPServer):
    """Reads requests and answers `{}`; keeps the target of each, as it came over the socket."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Reading)
        self.targets: list[str] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Reading(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        assert isinstance(self.server, Listener)
        line = self.rfile.readline().decode("ascii")
        while self.rfile.readline().strip():
            pass
        self.server.targets.append(line.split(" ")[1])
        self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}")


Ask = Callable[[str], str]
"""Asks for a path; answers the target that the server read."""


@pytest.fixture(scope="module")
def ask() -> Iterator[Ask]:
    with Listener() as server, asyncio.Runner() as runner:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        transport = Transport("Here", server.url, Runtime(settings()), unavailable=HubUnavailableError)

        def target_of(path: str) -> str:
            runner.run(transport.send(Call("GET", path)))
            return server.targets.pop()

        yield target_of
        runner.run(transport.aclose())
        server.shutdown()


@pytest.mark.process
@given(name=names)
@hypothesis_settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_name_arrives_as_the_one_segment_that_it_is_or_is_not_sent(ask: Ask, name: str) -> None:
    try:
        part = segment(name)
    except ContractError:
        return
    target = ask(f"/batches/{part}/results")
    before, between, after = target.partition("/batches/")
    found, end, rest = after.rpartition("/results")
    assert (before, between, end, rest) == ("", "/batches/", "/results", "")
    assert "/" not in found
    assert unquote(found, errors="strict") == name


@pytest.mark.process
@given(name=names)
@hypothesis_settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_path_that_a_connector_built_itself_does_not_leave_its_place(ask: Ask, name: str) -> None:
    """Without `segment`, a name may become another one; it does not lead upwards."""
    try:
        target = ask(f"/a/b/{name}")
    except (ConfigError, ContractError):
        return
    assert target.startswith("/a/b/")


@pytest.mark.parametrize(
    "name",
    [
        "", ".", "..", "a/..", "../b", "a/../b", "a/./b", "a\\..\\b", "..\\", "%2e", "%2E%2e", ".%2e", "a%2f..", "..%2Fb",
        "..%5cb", "%252e%252e", "%25252e.", "..;", "..;x/b", "a/..;x", "\ud800", "a\udfffb",
    ],
)  # fmt: skip
def test_a_name_that_leads_elsewhere_is_refused(name: str) -> None:
    with pytest.raises(
        ContractError, match=r"^The id `.*` cannot stand in an address: .* Correct it where it comes from\.$"
    ):
        segment(name)


@pytest.mark.parametrize(
    ("name", "encoded"),
    [
        ("b-4711", "b-4711"),
        ("a/b", "a%2Fb"),
        ("a\\b", "a%5Cb"),
        ("x?y=1#z", "x%3Fy%3D1%23z"),
        ("50%", "50%25"),
        ("a%2Fb", "a%252Fb"),
        ("v1.2..3", "v1.2..3"),
        ("...", "..."),
        (".hidden", ".hidden"),
        ("a b", "a%20b"),
        ("ğ", "%C4%9F"),
    ],
)
def test_other_names_are_encoded(name: str, encoded: str) -> None:
    assert segment(name) == encoded
    assert is_path(f"/batches/{encoded}")


def test_a_refused_name_is_shown_as_one_line() -> None:
    with pytest.raises(ContractError) as refused:
        segment("..\\\n\x1b[2J")
    assert r"`..\\x0a\x1b[2J`" in refused.value.message


@pytest.mark.parametrize(
    ("path", "is_one"),
    [
        ("/products", True),
        ("products/", True),
        ("/products?next=/../x", True),
        ("/a//b", True),
        ("/a/v1.2", True),
        ("", True),
        ("/a/../b", False),
        ("../b", False),
        ("/a/%2e%2E/b", False),
        ("/a/.", False),
        ("//elsewhere.example.com/b", False),
        ("https://elsewhere.example.com/b", False),
        ("/a#b", False),
        ("/a\ud800", False),
    ],
)
def test_a_path_stays_below_its_base(path: str, is_one: bool) -> None:
    assert is_path(path) is is_one
