"""Log-in and tokens of the local hub."""

import hashlib

from clients.clock import Clock
from deployments.sandbox.messages import HttpError, Request, Response, json_response

WRONG_LOGINS_BEFORE_LOCK = 5
LOCK_SECONDS = 300


class Access:
    """Who may call the hub.

    Args:
        username: the one account.
        password: its password.
        lifetime: how many seconds a token is good for.
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

    def log_in(self, request: Request) -> Response:
        """`POST {"username", "password"}` → `{"key"}`; 400 for wrong ones, 429 after several of those."""
        now = self._clock.now().timestamp()
        if now < self._locked_until:
            raise HttpError(429, {"detail": "Too many failed log-ins."})
        body = request.json()
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
        return json_response({"key": key})

    def check(self, request: Request) -> None:
        """Raise a 401 unless the request carries a token that is good."""
        scheme, _, key = request.header(b"authorization").partition(" ")
        if not key:
            raise HttpError(401, {"detail": "Authentication credentials were not provided."})
        if scheme != "Token" or self._clock.now().timestamp() >= self._tokens.get(key, 0.0):
            raise HttpError(401, {"detail": "Invalid token."})

    def active_user(self, _request: Request) -> Response:
        return json_response({"pk": 1, "username": self._username, "email": f"{self._username}@example.com"})

    def expire(self) -> None:
        """No token is good any more."""
        self._tokens.clear()
