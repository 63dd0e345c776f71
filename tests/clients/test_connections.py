"""The connections under every client, against real sockets."""

import asyncio
import contextlib
import gzip
import itertools
import ssl
import tracemalloc
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from clients.answers import Reply
from clients.calls import Call
from clients.connections import Connections
from clients.errors import ContractError, HubUnavailableError, LostAnswerError
from clients.runtime import Runtime
from clients.transport import Transport
from clients.unpacking import MAX_BODY_BYTES, UnpackedStream
from tests.clients.support import ADDRESS, TOKEN, Sleeper, settings

Peer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
READ = Call("GET", "products/")
CREATE = Call("POST", "orders/", body={}, repeatable=False)
pytestmark = pytest.mark.process


@pytest.fixture
async def serve() -> AsyncIterator[Callable[[Peer], Awaitable[str]]]:
    """Starts a server that answers every connection as it is told, and gives its address."""
    servers: list[asyncio.Server] = []

    async def start(peer: Peer) -> str:
        async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                await peer(reader, writer)
            finally:
                writer.close()

        server = await asyncio.start_server(handle, "127.0.0.1", 0)
        servers.append(server)
        return f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"

    yield start
    for server in servers:
        server.close()
        await server.wait_closed()


async def answering(writer: asyncio.StreamWriter, raw: bytes) -> None:
    writer.write(raw)
    await writer.drain()


@pytest.mark.parametrize(
    "raw",
    [b"", b"this is no HTTP\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort"],
    ids=["dropped", "no HTTP", "cut short"],
)
async def test_every_failure_is_a_transport_error(serve: Callable[[Peer], Awaitable[str]], raw: bytes) -> None:
    """The transport above knows one family of errors."""

    async def peer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        await answering(writer, raw)

    url = await serve(peer)
    async with httpx.AsyncClient(transport=Connections(2), trust_env=False) as client:
        with pytest.raises(httpx.TransportError):
            await client.post(url, content=b"{}")


async def test_a_refused_connection_is_a_transport_error() -> None:
    """Nobody listens there."""
    async with httpx.AsyncClient(transport=Connections(2), trust_env=False) as client:
        with pytest.raises(httpx.TransportError):
            await client.get("http://127.0.0.1:9")


async def test_a_silent_server_is_a_time_out(serve: Callable[[Peer], Awaitable[str]]) -> None:
    """The read time-out of the request counts."""
    over = asyncio.Event()

    async def peer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await over.wait()

    url = await serve(peer)
    async with httpx.AsyncClient(transport=Connections(2), trust_env=False) as client:
        with pytest.raises(httpx.TimeoutException):
            await client.get(url, timeout=httpx.Timeout(0.05, pool=None))
    over.set()


async def test_cookies_are_not_sent_back(serve: Callable[[Peer], Awaitable[str]], clock: Sleeper) -> None:
    """A key in a header is all that says who asks. By a name: from an address in figures no cookie would be kept."""
    seen: list[bytes] = []

    async def peer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(await reader.readuntil(b"\r\n\r\n"))
        await answering(
            writer, b"HTTP/1.1 200 OK\r\nSet-Cookie: sessionid=1\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}"
        )

    url = (await serve(peer)).replace("127.0.0.1", "localhost")
    async with Transport("The hub", url, Runtime(settings(), clock), unavailable=HubUnavailableError) as transport:
        for _ in range(2):
            await transport.send(Call("GET", "products/"))
    assert len(seen) == 2
    assert not any(b"cookie" in request.lower() for request in seen)


async def test_a_proxy_of_the_environment_is_not_used(
    serve: Callable[[Peer], Awaitable[str]], clock: Sleeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Credentials go to the address that the settings name, and nowhere else."""
    seen: list[str] = []

    def peer(name: str) -> Peer:
        async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            seen.append(name)
            await answering(writer, b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}")

        return answer

    url, proxy = await serve(peer("server")), await serve(peer("proxy"))
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, proxy)
        monkeypatch.setenv(name.upper(), proxy)
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    async with Transport("The hub", url, Runtime(settings(), clock), unavailable=HubUnavailableError) as transport:
        await transport.send(Call("GET", "products/"))
    assert seen == ["server"]


async def test_a_certificate_that_nobody_vouches_for_ends_the_connection(tmp_path: Path) -> None:
    """Before anything is sent: the server never sees the key in the header."""
    seen: list[bytes] = []

    async def peer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(await reader.read(65_536))
        writer.close()

    server = await asyncio.start_server(peer, "127.0.0.1", 0, ssl=self_signed(tmp_path))
    url = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with httpx.AsyncClient(transport=Connections(2), trust_env=False) as client:
        with pytest.raises(httpx.TransportError, match="certificate verify failed"):
            await client.get(url, headers={"Authorization": f"Token {TOKEN}"})
    server.close()
    await server.wait_closed()
    assert seen == []


def self_signed(folder: Path) -> ssl.SSLContext:
    """A server's side of TLS, with a certificate of its own making for 127.0.0.1."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    file = folder / "server.pem"
    file.write_bytes(private + certificate.public_bytes(Encoding.PEM))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(file)
    return context


async def test_no_more_connections_are_open_than_requests_may_be_in_flight(
    serve: Callable[[Peer], Awaitable[str]],
) -> None:
    """The others wait for a place."""
    open_now, most = 0, 0

    async def peer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal open_now, most
        open_now += 1
        most = max(most, open_now)
        await reader.readuntil(b"\r\n\r\n")
        await asyncio.sleep(0)
        await answering(writer, b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}")
        open_now -= 1

    url = await serve(peer)
    async with httpx.AsyncClient(transport=Connections(3), trust_env=False) as client:
        await asyncio.gather(*(client.get(url) for _ in range(20)))
    assert 1 <= most <= 3


def packed(body: bytes, times: int) -> bytes:
    for _ in range(times):
        body = gzip.compress(body)
    return body


def http_answer(body: bytes, **headers: str) -> bytes:
    lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    return f"HTTP/1.1 200 OK\r\n{lines}Content-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode() + body


async def asked(
    serve: Callable[[Peer], Awaitable[str]], clock: Sleeper, raw: bytes, call: Call = READ, **changes: Any
) -> Reply:
    """What a transport makes of these bytes."""

    async def peer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        with contextlib.suppress(ConnectionError):
            await answering(writer, raw)

    runtime = Runtime(settings(CHANNEL_APP_TRIES=1, **changes), clock)
    async with Transport("The hub", await serve(peer), runtime, unavailable=HubUnavailableError) as transport:
        return await transport.send(call)


@pytest.mark.parametrize(("codings", "times"), [("gzip", 1), ("gzip, gzip", 2), ("gzip,gzip, gzip", 3)])
async def test_a_few_bytes_do_not_fill_the_memory(
    serve: Callable[[Peer], Awaitable[str]], clock: Sleeper, codings: str, times: int
) -> None:
    """However often they are packed. Unpacked at once, a 64th of this body would take more than is allowed here."""
    bomb = packed(b" " * (100 * 2**20), 1)
    raw = http_answer(packed(bomb, times - 1), Content_Encoding=codings)
    tracemalloc.start()
    with pytest.raises(ContractError, match="answered more than 32 MiB to GET products/"):
        await asked(serve, clock, raw)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 2 * MAX_BODY_BYTES


async def test_a_step_of_the_unpacking_is_bounded_even_if_its_end_is_small(
    serve: Callable[[Peer], Awaitable[str]], clock: Sleeper
) -> None:
    """Empty blocks make a large packed text of nothing."""
    nothing = zlib.compressobj(wbits=-zlib.MAX_WBITS).flush(zlib.Z_FULL_FLUSH)
    raw = http_answer(gzip.compress(nothing * (2 * MAX_BODY_BYTES // len(nothing))), Content_Encoding="deflate, gzip")
    with pytest.raises(ContractError, match="more than 32 MiB"):
        await asked(serve, clock, raw)


@pytest.mark.parametrize(
    ("codings", "body"),
    [
        ("gzip", gzip.compress(b'{"a": 1}')),
        ("gzip", gzip.compress(b'{"a"') + gzip.compress(b"") + gzip.compress(b": 1}")),
        ("deflate", zlib.compress(b'{"a": 1}')),
        ("deflate", zlib.compress(b'{"a": 1}', wbits=-zlib.MAX_WBITS)),
        ("GZIP , identity", gzip.compress(b'{"a": 1}')),
        ("deflate, gzip", gzip.compress(zlib.compress(b'{"a": 1}'))),
        ("identity", b'{"a": 1}'),
    ],
    ids=["gzip", "gzip in members", "deflate", "deflate without its header", "identity is none", "both", "none"],
)
async def test_a_packed_answer_is_unpacked(
    serve: Callable[[Peer], Awaitable[str]], clock: Sleeper, codings: str, body: bytes
) -> None:
    assert (await asked(serve, clock, http_answer(body, Content_Encoding=codings))).data == {"a": 1}


@pytest.mark.parametrize(
    ("codings", "body"),
    [
        ("gzip", b"{}"),
        ("gzip", gzip.compress(b'{"a": 1}' * 50)[:-9]),
        ("gzip", gzip.compress(b"{}") + b"more"),
        ("gzip", gzip.compress(b"{}") + gzip.compress(b" ")[:-1]),
        ("deflate", zlib.compress(b"{}") + b"more"),
        ("br", b"{}"),
        ("gzip, gzip, gzip, gzip", packed(b"{}", 4)),
    ],
    ids=[
        "not packed",
        "cut short",
        "more behind gzip",
        "a member cut short",
        "more behind deflate",
        "a coding that was not asked for",
        "packed too often",
    ],
)
async def test_a_body_that_cannot_be_unpacked_is_named_so(
    serve: Callable[[Peer], Awaitable[str]], clock: Sleeper, codings: str, body: bytes
) -> None:
    with pytest.raises(ContractError, match="a body that cannot be unpacked"):
        await asked(serve, clock, http_answer(body, Content_Encoding=codings))


async def test_endless_members_of_nothing_are_an_error() -> None:
    class Endless(httpx.AsyncByteStream):
        async def __aiter__(self) -> AsyncIterator[bytes]:
            while True:
                yield gzip.compress(b"") * 50

    with pytest.raises(ContractError, match="larger than"):
        async for _ in UnpackedStream(Endless(), ["gzip"], most=100_000):
            pass


@given(
    body=st.binary(max_size=200_000), order=st.lists(st.sampled_from(["gzip", "deflate"]), max_size=3), cut=st.data()
)
async def test_unpacking_gives_what_was_packed_wherever_the_pieces_end(
    body: bytes, order: list[str], cut: st.DataObject
) -> None:
    whole = body
    for coding in order:
        if coding == "deflate":
            whole = zlib.compress(whole)
            continue
        middle = cut.draw(st.integers(0, len(whole)))
        whole = gzip.compress(whole[:middle], mtime=0) + gzip.compress(whole[middle:], mtime=0)
    ends = sorted(cut.draw(st.sets(st.integers(0, len(whole)), max_size=5)) | {0, len(whole)})

    class Pieces(httpx.AsyncByteStream):
        async def __aiter__(self) -> AsyncIterator[bytes]:
            for start, end in itertools.pairwise(ends):
                yield whole[start:end]

    assert b"".join([piece async for piece in UnpackedStream(Pieces(), order)]) == body


async def test_a_server_that_drips_is_left(serve: Callable[[Peer], Awaitable[str]], clock: Sleeper) -> None:
    """No pause between two bytes is as long as the read time-out."""
    left = asyncio.Queue[None]()

    async def peer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        with contextlib.suppress(ConnectionError):
            await answering(writer, b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
            while True:
                await answering(writer, b" ")
                await asyncio.sleep(0.01)  # what dripping means; nobody waits for it
        left.put_nowait(None)

    runtime = Runtime(settings(CHANNEL_APP_TRIES=1, CHANNEL_APP_REQUEST_TIMEOUT=0.2), clock)
    async with Transport("The hub", await serve(peer), runtime, unavailable=HubUnavailableError) as transport:
        with pytest.raises(HubUnavailableError, match=r"lost \(it was not complete after 0\.2 s\)"):
            await transport.send(READ)
        with pytest.raises(LostAnswerError, match=r"lost \(it was not complete after 0\.2 s\)"):
            await transport.send(CREATE)
    for _ in range(2):
        await left.get()


async def test_a_dropped_answer_is_called_by_its_name(serve: Callable[[Peer], Awaitable[str]], clock: Sleeper) -> None:
    """The address is right, and the server is up."""
    with pytest.raises(HubUnavailableError, match="The answer of The hub to GET products/ was lost") as caught:
        await asked(serve, clock, b"")
    assert "the connection was closed before the answer came" in caught.value.message
    assert "Timeout" not in caught.value.message
    assert "right address" not in caught.value.message


async def test_a_server_that_is_not_there_is_asked_about_its_address(clock: Sleeper) -> None:
    runtime = Runtime(settings(CHANNEL_APP_TRIES=1), clock)
    async with Transport("The hub", ADDRESS, runtime, unavailable=HubUnavailableError) as transport:
        with pytest.raises(HubUnavailableError, match=f"ConnectError.*Is {ADDRESS} the right address, and up"):
            await transport.send(READ)
