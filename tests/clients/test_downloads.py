"""Files at addresses that a system names."""

import asyncio
import gzip
import logging
import zlib
from collections.abc import AsyncIterator, Callable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clients.calls import Call
from clients.connections import PublicConnections, is_public
from clients.deadline import deadline
from clients.errors import ChannelUnavailableError, ContractError, DeadlineError, RefusedError
from clients.log_in import Key, LogIn
from clients.runtime import Runtime
from clients.transport import Transport
from tests.clients.support import ADDRESS, Handler, Script, Sleeper, answer, settings

SIGNATURE = "4f1cd0a2b8e84c5f9a77"
FILE = f"https://files.example.com/reports/1.jsonl?X-Sig={SIGNATURE}&Expires=900"
LINES = b'{"sku": "A"}\n{"sku": "B"}\n'


def nobody(request: httpx.Request) -> httpx.Response:
    raise AssertionError(f"asked by the wrong way: {request.url}")


def bazaar(
    elsewhere: Handler | Script, clock: Sleeper, *, here: Handler = nobody, base_url: str = ADDRESS, **parameters: Any
) -> Transport:
    """A transport to a channel whose files are elsewhere."""
    runtime = Runtime(
        settings(),
        clock,
        lambda in_flight: httpx.MockTransport(here),
        connect_elsewhere=lambda in_flight: httpx.MockTransport(elsewhere),
    )
    return Transport("Bazaar", base_url, runtime, unavailable=ChannelUnavailableError, **parameters)


async def content(transport: Transport, address: str = FILE, **parameters: Any) -> bytes:
    async with transport, transport.download(address, **parameters) as file:
        return file.read()


async def test_a_file_is_fetched_without_anything_of_ours(clock: Sleeper) -> None:
    """The channel's own answers, which set a cookie, changed nothing; and its key stayed at home."""
    files = Script(httpx.Response(200, content=LINES))

    async def fetch(send: Any) -> Key:
        return Key("k3y-of-the-channel")

    def here(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, headers={"Set-Cookie": "session=1"}, json={})

    transport = bazaar(files, clock, here=here, headers={"X-Shop": "7"})
    transport._log_in = LogIn(fetch, Runtime(settings(), clock))
    await transport.send(Call("GET", "report"))
    assert await content(transport) == LINES
    (request,) = files.requests
    assert (request.method, str(request.url), request.content) == ("GET", FILE, b"")
    assert {"authorization", "cookie", "x-shop"} & {name.lower() for name in request.headers} == set()
    assert transport.traffic.requests == 2


async def test_a_file_of_the_channels_own_host_takes_the_channels_way(clock: Sleeper) -> None:
    """It may be inside of the network, and speak http, as the local marketplace does."""
    here = Script(httpx.Response(200, content=LINES))
    assert await content(bazaar(nobody, clock, here=here), f"{ADDRESS}/reports/1") == LINES
    assert "authorization" not in here.requests[0].headers


@pytest.mark.parametrize(
    "address",
    [
        "http://files.example.com/1",
        "http://127.0.0.1:8/1",  # not the port of the channel
        "https://user:pass@files.example.com/1",
        "ftp://files.example.com/1",
        "file:///etc/passwd",
        "/reports/1",
        "https://",
        "https://files.example.com:port/1",
        "",
    ],
)
async def test_an_address_of_the_wrong_kind_is_refused(address: str, clock: Sleeper) -> None:
    with pytest.raises(ContractError, match="Bazaar names a file"):
        await content(bazaar(nobody, clock), address)


async def test_a_redirect_is_followed_where_its_target_may_be_asked(clock: Sleeper) -> None:
    moved = httpx.Response(307, headers={"Location": "/elsewhere"}, content=b"moved")
    files = Script(moved, httpx.Response(200, content=LINES))
    assert await content(bazaar(files, clock)) == LINES
    assert str(files.requests[1].url) == "https://files.example.com/elsewhere"


@pytest.mark.parametrize("target", ["http://files.example.com/1", "file:///etc/passwd"])
async def test_a_redirect_to_the_wrong_kind_of_address_is_refused(target: str, clock: Sleeper) -> None:
    files = Script(httpx.Response(302, headers={"Location": target}))
    with pytest.raises(ContractError, match="only https"):
        await content(bazaar(files, clock))
    assert len(files.requests) == 1


async def test_redirects_come_to_an_end(clock: Sleeper) -> None:
    files = Script(httpx.Response(302, headers={"Location": "/again"}))
    with pytest.raises(ContractError, match="redirects more than 3 times"):
        await content(bazaar(files, clock))
    assert len(files.requests) == 4


async def test_a_file_that_does_not_come_is_fetched_again_from_its_beginning(clock: Sleeper) -> None:
    class Cut(httpx.AsyncByteStream):
        async def __aiter__(self) -> AsyncIterator[bytes]:
            yield LINES[:9]
            raise httpx.ReadError("reset")

    files = Script(
        lambda request: httpx.Response(200, stream=Cut()), answer({}, 503), httpx.Response(200, content=LINES)
    )
    transport = bazaar(files, clock)
    assert await content(transport) == LINES
    assert transport.traffic.retries == 2


@pytest.mark.parametrize("trouble", [httpx.ConnectError("no"), answer({}, 500), answer({}, 429)], ids=str)
async def test_a_file_that_never_comes_is_an_outage_of_the_channel(trouble: Any, clock: Sleeper) -> None:
    files = Script(trouble)
    with pytest.raises(ChannelUnavailableError, match=r"Bazaar.*files\.example\.com") as caught:
        await content(bazaar(files, clock))
    assert caught.value.spent
    assert len(files.requests) == settings().CHANNEL_APP_TRIES


@pytest.mark.parametrize("status", [401, 403, 404, 410])
async def test_an_address_that_has_expired_is_no_matter_of_the_credentials(status: int, clock: Sleeper) -> None:
    """An `AuthError` would hold the next runs back."""
    files = Script(answer({}, status))
    with pytest.raises(RefusedError, match="may have expired: ask for a new one") as caught:
        await content(bazaar(files, clock))
    assert caught.value.status == status
    assert len(files.requests) == 1


@pytest.mark.parametrize("trouble", [httpx.ConnectError(FILE), answer({}, 403), answer({}, 503)], ids=str)
async def test_no_text_shows_an_address(trouble: Any, clock: Sleeper, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    transport = bazaar(Script(trouble), clock)
    with pytest.raises((ChannelUnavailableError, RefusedError)) as caught:
        await content(transport)
    text = f"{caught.value} {caught.value.context} {caught.value.__cause__} {caplog.text}"
    assert SIGNATURE not in text
    assert "reports" not in text
    assert SIGNATURE not in transport.redactor.text(f"the report at {FILE} and {SIGNATURE}")


async def test_a_packed_file_is_unpacked_while_it_is_read(clock: Sleeper) -> None:
    """With all its members: some systems append one to another."""
    files = Script(httpx.Response(200, content=gzip.compress(LINES) + gzip.compress(LINES)))
    assert await content(bazaar(files, clock)) == LINES * 2


async def test_a_file_that_travels_packed_is_unpacked(clock: Sleeper) -> None:
    packed = zlib.compress(LINES)
    files = Script(lambda request: httpx.Response(200, headers={"Content-Encoding": "deflate"}, content=packed))
    assert await content(bazaar(files, clock)) == LINES


@pytest.mark.parametrize("size", [1, 10, 30])
async def test_a_packed_file_that_is_cut_short_is_an_error(size: int, clock: Sleeper) -> None:
    packed = gzip.compress(LINES)
    files = Script(httpx.Response(200, content=packed[: len(packed) - size]))
    with pytest.raises(ContractError, match="no gzip to its end"):
        await content(bazaar(files, clock))


@pytest.mark.parametrize(
    ("pack", "words"), [(bytes, "not taken"), (gzip.compress, "unpacked")], ids=["plain", "packed"]
)
async def test_a_file_has_a_largest_size(pack: Callable[[bytes], bytes], words: str, clock: Sleeper) -> None:
    """Few bytes may unpack to many."""
    files = Script(httpx.Response(200, content=pack(bytes(100_001))))
    with pytest.raises(ContractError, match=words) as caught:
        await content(bazaar(files, clock), most_bytes=100_000)
    assert "larger than 0.0953674 MiB" in caught.value.message
    files = Script(httpx.Response(200, content=pack(bytes(100_000))))
    assert await content(bazaar(files, clock), most_bytes=100_000) == bytes(100_000)


async def test_a_file_is_gone_after_its_block(clock: Sleeper) -> None:
    transport = bazaar(Script(httpx.Response(200, content=LINES)), clock)
    async with transport.download(FILE) as file:
        assert file.readline() == LINES[:13]
    with pytest.raises(ValueError, match="closed file"):
        file.read()


async def test_no_file_is_begun_after_the_deadline(clock: Sleeper) -> None:
    with deadline(10, clock):
        clock.advance(11)
        with pytest.raises(DeadlineError):
            await content(bazaar(nobody, clock))


INSIDE = [
    "0.0.0.0",  # noqa: S104  # nobody listens there
    *("10.1.2.3", "100.64.0.1", "127.0.0.1", "127.9.9.9", "169.254.169.254", "172.16.0.1", "192.168.1.1"),
    *("198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255", "::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1"),
    *("fec0::1", "ff02::1", "::ffff:127.0.0.1", "::ffff:8.8.8.8", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe"),
    *(
        "2002:7f00:1::1",
        "2001:0:7f00:1::1",
        "2001:db8::1",
        "127.1",
        "2130706433",
        "0x7f.1",
        "0177.0.0.1",
        "localhost",
        "",
    ),
]


@pytest.mark.parametrize("host", INSIDE)
def test_an_internal_address_is_not_public(host: str) -> None:
    assert not is_public(host)


@pytest.mark.parametrize("host", ["8.8.8.8", "1.1.1.1", "2606:4700::1111", "64:ff9b::808:808"])
def test_an_address_of_the_internet_is_public(host: str) -> None:
    assert is_public(host)


PRIVATE_4 = [
    IPv4Network(each) for each in ("10.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16")
]
PRIVATE_6 = [IPv6Network(each) for each in ("fc00::/7", "fe80::/10", "::1/128", "::ffff:0:0/96", "2002::/16")]


@given(st.sampled_from(PRIVATE_4).flatmap(lambda network: st.ip_addresses(v=4, network=network)))
def test_no_private_address_is_public_in_any_form(address: IPv4Address) -> None:
    """Alone, mapped into IPv6, through NAT64, and as a number."""
    inside = int(address)
    forms = [str(address), str(inside), hex(inside), f"::ffff:{address}", str(IPv6Address((0x64FF9B << 96) | inside))]
    assert [form for form in forms if is_public(form)] == []


@given(st.sampled_from(PRIVATE_6).flatmap(lambda network: st.ip_addresses(v=6, network=network)))
def test_no_private_address_of_ipv6_is_public(address: IPv6Address) -> None:
    assert not is_public(str(address))


@given(st.text(max_size=40))
def test_no_name_is_an_address(name: str) -> None:
    """Whatever it is: names are resolved first, and the addresses are looked at."""
    assert is_public(name) is False or IPv4Address(name).is_global


@pytest.fixture
async def counted() -> AsyncIterator[tuple[int, list[str]]]:
    """A server on loopback: its port, and who came."""
    came: list[str] = []

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        came.append("somebody")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nsecret")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    yield server.sockets[0].getsockname()[1], came
    server.close()
    await server.wait_closed()


@pytest.mark.process
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "127.1", "2130706433", "[::1]", "[::ffff:127.0.0.1]", "0"])
async def test_no_spelling_leads_inside(host: str, counted: tuple[int, list[str]]) -> None:
    """A name is looked at when it is resolved, not before: it cannot be pointed elsewhere in between."""
    port, came = counted
    async with httpx.AsyncClient(transport=PublicConnections(1), trust_env=False) as client:
        for scheme in ("http", "https"):
            with pytest.raises((ContractError, httpx.InvalidURL), match=r"no host of the internet|Invalid"):
                await client.get(f"{scheme}://{host}:{port}/")
    assert came == []


@pytest.mark.process
async def test_a_file_inside_of_the_network_is_refused_in_words(
    counted: tuple[int, list[str]], clock: Sleeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At once, without a second try."""
    port, came = counted
    runtime = Runtime(settings(), clock)
    transport = Transport("Bazaar", ADDRESS, runtime, unavailable=ChannelUnavailableError)
    with pytest.raises(
        ContractError, match=r"Bazaar: the file at https://localhost is not taken: `localhost` is no host of"
    ):
        await content(transport, f"https://localhost:{port}/1?sig={SIGNATURE}")
    assert came == []
    assert clock.sleeps == []


@pytest.mark.process
async def test_a_file_of_the_local_marketplace_is_fetched(counted: tuple[int, list[str]], clock: Sleeper) -> None:
    port, _ = counted
    base = f"http://127.0.0.1:{port}"
    transport = Transport("Bazaar", base, Runtime(settings(), clock), unavailable=ChannelUnavailableError)
    assert await content(transport, f"{base}/reports/1") == b"secret"
