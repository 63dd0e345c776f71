"""Connections for many requests in flight: aiohttp's, behind httpx's interface (docs/adr/0004)."""

import aiohttp
import httpx
from httpx_aiohttp import AiohttpTransport

IDLE_SECONDS = 4.0
"""A kept connection is closed after this: before the servers of this field, which wait 5 s, do so themselves."""


class Connections(AiohttpTransport):
    """As many connections as requests may be in flight.

    Raises:
        httpx.TransportError: whatever went wrong. None of its classes proves that a request was not applied: aiohttp
            calls a connection that was dropped after the request a `ConnectTimeout`.
    """

    def __init__(self, in_flight: int) -> None:
        super().__init__(trust_env=False)
        self._in_flight = in_flight

    def get_client(self) -> aiohttp.ClientSession:
        connector = aiohttp.TCPConnector(limit=self._in_flight, ssl=self.ssl_context, keepalive_timeout=IDLE_SECONDS)
        # A session cookie beside the key would make Omnitron ask for a CSRF token.
        return aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar(), trust_env=False)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        try:
            return await super().handle_async_request(request)
        except aiohttp.ClientError as error:  # an answer that is no HTTP, for one: httpx-aiohttp lets it through
            raise httpx.RemoteProtocolError(str(error), request=request) from error
