"""Connections for many requests in flight: aiohttp's, behind httpx's interface (docs/adr/0004)."""

import aiohttp
import httpx
from httpx_aiohttp import AiohttpTransport

from clients.unpacking import UnpackedStream, codings_of

IDLE_SECONDS = 4.0
"""An idle connection is closed after this time: before typical servers drop it at 5 s."""


class Connections(AiohttpTransport):
    """At most `in_flight` connections. Bodies come unpacked.

    Raises:
        httpx.TransportError: on any failure. `ConnectError` and `ConnectTimeout` alone say that nobody took the request.
    """

    def __init__(self, in_flight: int) -> None:
        super().__init__(trust_env=False)
        self._in_flight = in_flight

    def get_client(self) -> aiohttp.ClientSession:
        connector = aiohttp.TCPConnector(limit=self._in_flight, ssl=self.ssl_context, keepalive_timeout=IDLE_SECONDS)
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
            response.stream = UnpackedStream(response.stream, codings)
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
