"""Mutants of the connections under every client."""

from tests.mutants.table import Mutant, Subject

DOWNLOADS = ("tests/clients/test_downloads.py",)
SUBJECT = Subject(
    "clients/connections.py",
    tests=("tests/clients/test_connections.py",),
    mutants=(
        Mutant("        self._socket_factory = _public_socket\n", "", tests=DOWNLOADS),
        Mutant("not is_public(str(where[0]))", "not is_public(str(where[0])) and False", tests=DOWNLOADS),
        Mutant("address.is_global and not address.is_multicast", "address.is_global", tests=DOWNLOADS),
        Mutant("        if address in _NAT64:", "        if False:", tests=DOWNLOADS),
        Mutant("ssl=self.ssl_context", "ssl=False"),
        Mutant("cookie_jar=aiohttp.DummyCookieJar(), ", ""),
        Mutant(
            "cookie_jar=aiohttp.DummyCookieJar(), trust_env=False",
            "cookie_jar=aiohttp.DummyCookieJar(), trust_env=True",
        ),
        Mutant(
            "super().__init__(trust_env=False)",
            "super().__init__()",
            survives="The environment can then name other certificate authorities, which it does not in a test.",
        ),
        Mutant("limit=self._in_flight", "limit=0"),
        Mutant("raise httpx.RemoteProtocolError(str(error), request=request) from error", "raise"),
        Mutant("raise _by_name(error, request) from error", "raise"),
        Mutant("        case aiohttp.ClientConnectorError() as cause:", "        case int() as cause:"),
        Mutant("if codings and isinstance", "if False and isinstance"),
    ),
)
