"""Connections for many requests in flight: aiohttp's, behind httpx's interface (docs/adr/0004)."""

import socket
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

import aiohttp
import httpx
from aiohttp.connector import AddrInfoType, SocketFactoryType
from httpx_aiohttp import AiohttpTransport

from clients.errors import ContractError
from clients.unpacking import UnpackedStream, codings_of

IDLE_SECONDS = 4.0
"""An idle connection is closed after this time: before typical servers drop it at 5 s."""
MOST_BYTES = "channel_app.most_bytes"


class Connections(AiohttpTransport):
    """At most `in_flight` connections. Bodies come unpacked, up to the size in the request's extension `MOST_BYTES`.

    Raises:
        httpx.TransportError: on any failure. `ConnectError` and `ConnectTimeout` alone say that nobody took the request.
    """

    def __init__(self, in_flight: int) -> None:
        super().__init__(trust_env=False)
        self._in_flight = in_flight
        self._socket_factory: SocketFactoryType | None = None

    def get_client(self) -> aiohttp.ClientSession:
        connector = aiohttp.TCPConnector(
            limit=self._in_flight,
            ssl=self.ssl_context,
            keepalive_timeout=IDLE_SECONDS,
            socket_factory=self._socket_factory,
        )
        # Cookies are refused here as in `Transport`, whose client has a jar of its own.
        return aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar(), trust_env=False)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        try:
            response = await super().handle_async_request(request)
        except aiohttp.ClientError as error:  # for example an answer that is not HTTP: httpx-aiohttp lets it through
            raise httpx.RemoteProtocolError(str(error), request=request) from error
        except httpx.ConnectTimeout as error:
            raise _by_name(error, request) from error
        codings = codings_of(response.headers)
        if codings and isinstance(response.stream, httpx.AsyncByteStream):
            # httpx would unpack each piece whole, whatever it grows to.
            del response.headers["Content-Encoding"]
            response.stream = UnpackedStream(response.stream, codings, request.extensions.get(MOST_BYTES))
        return response


def _by_name(error: httpx.ConnectTimeout, request: httpx.Request) -> httpx.TransportError:
    """httpx-aiohttp calls nearly every trouble with a connection a `ConnectTimeout`, even after the request was sent."""
    match error.__cause__:
        case aiohttp.ConnectionTimeoutError():
            return error
        case aiohttp.ClientConnectorError() as cause:
            return httpx.ConnectError(str(cause), request=request)
        case _:
            return httpx.RemoteProtocolError(
                f"the connection was closed before the answer came: {error}", request=request
            )


class PublicConnections(Connections):
    """The same to hosts that somebody else named: none is opened to an internal address.

    The address is checked that is connected to, after names are resolved: no name can be pointed elsewhere in between, and
    no spelling of an address (`127.1`, `2130706433`) passes.

    Raises:
        ContractError: the host has internal addresses alone, or is an address in an odd spelling.
    """

    def __init__(self, in_flight: int) -> None:
        super().__init__(in_flight)
        self._socket_factory = _public_socket

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        try:
            return await super().handle_async_request(request)
        except httpx.TransportError as error:
            # aiohttp takes no odd spelling of an address, such as `127.1`.
            if isinstance(error, httpx.UnsupportedProtocol) or any(
                isinstance(cause, _InternalAddressError) for cause in _causes(error)
            ):
                raise ContractError(f"`{request.url.host}` is no host of the internet.") from None
            raise


class _InternalAddressError(OSError):
    """A connection would lead inside of a network."""


def _public_socket(address: AddrInfoType) -> socket.socket:
    family, kind, protocol, _, where = address
    if not is_public(str(where[0])):
        raise _InternalAddressError("an internal address")
    return socket.socket(family=family, type=kind, proto=protocol)


_NAT64 = IPv6Network("64:ff9b::/96")
"""Addresses that carry one of IPv4 in their last 32 bits: those of a network without IPv4."""


def is_public(host: str) -> bool:
    """Whether an address belongs to the internet: not to a machine, a network, a group or a tunnel. A name is no address."""
    try:
        address = ip_address(host)
    except ValueError:
        return False
    if isinstance(address, IPv6Address):
        if address in _NAT64:
            return is_public(str(IPv4Address(int(address) & 0xFFFF_FFFF)))
        if address.ipv4_mapped or address.sixtofour or address.teredo or address.is_site_local or address.scope_id:
            return False
    return address.is_global and not address.is_multicast


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        if isinstance(error, aiohttp.ClientConnectorError):
            yield error.os_error
        error = error.__cause__
