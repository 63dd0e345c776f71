"""Prefect's server as commands start it on this machine: `python -m deployments.guarded_server`.

Prefect answers every page that a browser shows: under any host name, and over WebSockets from any site. So a page could read
the server's Secret blocks while an operator looks at it (docs/adr/0016-who-may-ask-prefect.md). This server answers only its
own pages, those of PREFECT_SERVER_CORS_ALLOWED_ORIGINS, and programs.
"""

import os
import signal
import sys
import threading
from collections.abc import Collection
from http import HTTPStatus
from typing import Final
from urllib.parse import urlsplit

import uvicorn
from prefect.server.api.server import create_app
from prefect.settings import get_current_settings
from starlette.datastructures import Headers
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

TEMPORARY: Final = "--temporary"
"""The argument for a server without pages, schedules and automations: it stays for the runs of one command."""
TIED: Final = "--tied"
"""The argument for a server whose standard input is a pipe from the process that started it: it ends with that process."""
LOOPBACK: Final = ("127.0.0.1", "localhost", "[::1]")


class OwnPagesOnly:
    """Refuses requests of pages from other sites, WebSockets included. Programs name no origin, browsers always do for a page of
    another site that could read the answer."""

    def __init__(self, app: ASGIApp, origins: Collection[str]) -> None:
        self.app = app
        self.origins = origins

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] in ("http", "websocket") and self._is_foreign(Headers(scope=scope)):
            refusal = PlainTextResponse(
                "Pages of this site may not ask Prefect here: PREFECT_SERVER_CORS_ALLOWED_ORIGINS names those that may.",
                HTTPStatus.FORBIDDEN,
            )
            await refusal(scope, receive, send)
            return
        await self.app(scope, receive, send)

    def _is_foreign(self, headers: Headers) -> bool:
        origin = headers.get("origin")
        if origin is None or origin in self.origins:
            return False
        # The page came from this server itself, whose name has been checked.
        return urlsplit(origin).netloc != headers.get("host")


def guard(app: ASGIApp, host: str, origins: Collection[str]) -> ASGIApp:
    """Puts the guard in front of an app. The app itself stays as it is: Prefect's automations ask it within this process.

    Args:
        app: Prefect's server.
        host: the address that it listens on.
        origins: sites whose pages may ask it, such as `https://prefect.shop.example`; it is known by their names, too.
    """
    names = {host, *LOOPBACK, *(name for origin in origins if (name := urlsplit(origin).hostname))}
    return TrustedHostMiddleware(OwnPagesOnly(app, origins), sorted(names), www_redirect=False)


def main(arguments: Collection[str]) -> None:
    """Serves until SIGINT or SIGTERM, with Prefect's own settings for its server."""
    if TIED in arguments:
        threading.Thread(target=_end_with_starter, daemon=True).start()
    server = get_current_settings().server
    api = server.api
    app = create_app(ephemeral=TEMPORARY in arguments, final=True)
    uvicorn.run(
        guard(app, api.host, api.cors_allowed_origins.split(",")),
        host=api.host,
        port=api.port,
        timeout_keep_alive=api.keepalive_timeout,
        ws_ping_interval=api.websocket_ping_interval,
        ws_ping_timeout=api.websocket_ping_timeout,
        log_level=server.logging_level.lower(),
    )


def _end_with_starter() -> None:
    """Waits until the process that started this one is gone, however it ended: its end of the pipe is closed then."""
    while os.read(0, 1_024):
        """Nothing is said."""
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    main(sys.argv[1:])
