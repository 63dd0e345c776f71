"""Log-in and tokens of the local hub."""

import hashlib
from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from clients.clock import Clock
from deployments.sandbox.base.http import HttpError, JsonResponse, json_object

WRONG_LOGINS_BEFORE_LOCK = 5
LOCK_SECONDS = 300


class Access:
    """The one account and its tokens.

    Args:
        username: the one account.
        password: its password.
        lifetime: the validity of a token in seconds.
        clock: the hub's time.
    """

    def __init__(self, *, username: str, password: str, lifetime: float, clock: Clock) -> None:
        self._username = username
        self._password = password
        self._lifetime = lifetime
        self._clock = clock
        self._tokens: dict[str, float] = {}
        self._made = 0
        self._wrong = 0
        self._locked_until = 0.0

    async def log_in(self, request: Request) -> Response:
        """`POST {"username", "password"}` → `{"key"}`; 400 for wrong ones, 429 after several of those."""
        now = self._clock.now().timestamp()
        if now < self._locked_until:
            raise HttpError(429, {"detail": "Too many failed log-ins."})
        body = await json_object(request)
        if (body.get("username"), body.get("password")) != (self._username, self._password):
            self._wrong += 1
            if self._wrong >= WRONG_LOGINS_BEFORE_LOCK:
                self._wrong = 0
                self._locked_until = now + LOCK_SECONDS
            raise HttpError(400, {"non_field_errors": ["Unable to log in with provided credentials."]})
        self._wrong = 0
        self._made += 1
        key = hashlib.sha256(f"{self._username}-{self._made}".encode()).hexdigest()[:40]
        self._tokens[key] = now + self._lifetime
        return JsonResponse({"key": key})

    def refusal(self, authorization: str) -> Response | None:
        """A 401 unless the header carries a valid token."""
        scheme, _, key = authorization.partition(" ")
        if not key:
            return JsonResponse({"detail": "Authentication credentials were not provided."}, 401)
        if scheme != "Token" or self._clock.now().timestamp() >= self._tokens.get(key, 0.0):
            return JsonResponse({"detail": "Invalid token."}, 401)
        return None

    async def active_user(self, _request: Request) -> Response:
        """`GET` → the one account."""
        return JsonResponse({"pk": 1, "username": self._username, "email": f"{self._username}@example.com"})

    def expire(self) -> None:
        """Make every token invalid."""
        self._tokens.clear()


class Gate:
    """ASGI middleware: a path ends in a slash, and a request carries a token.

    Args:
        app: the application behind it.
        access: knows the tokens.
        login: the path that needs no token.
        control: the beginning of the paths that need neither a slash nor a token.
        violation: takes a sentence about a path without its slash.
    """

    def __init__(
        self, app: ASGIApp, *, access: Access, login: str, control: str, violation: Callable[[str], None]
    ) -> None:
        self._app = app
        self._access = access
        self._login = login
        self._control = control
        self._violation = violation

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path: str = scope["path"]
        refusal: Response | None = None
        if path == self._login or path.startswith(self._control):
            pass
        elif path.endswith("/"):
            refusal = self._access.refusal(dict(scope["headers"]).get(b"authorization", b"").decode("latin-1"))
        else:
            self._violation(f"{scope['method']} {path}: no trailing slash")
            refusal = JsonResponse({"detail": "Not found."}, 404)
        await (refusal or self._app)(scope, receive, send)
