"""Who may speak to the webhook receiver: whoever signed the very bytes that arrived, just now, with a key that we know."""

import asyncio
import hashlib
import hmac
import json
import logging
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from http import HTTPStatus

from pydantic import SecretStr
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from clients.clock import Clock
from clients.settings import SHORTEST_SECRET

EVENT_ID, TIMESTAMP, SIGNATURE = "x-channel-event-id", "x-channel-timestamp", "x-channel-signature"
EVENT_ID_PATTERN = r"^[!-\-/-~]{1,128}$"
"""Printable ASCII without the full stop: it stands between the parts of what is signed, and one text must not be two."""
TIMESTAMP_PATTERN = r"^[1-9][0-9]{0,11}$"
SIGNATURE_PATTERN = r"^[0-9a-f]{64}((, ?| )[0-9a-f]{64}){0,7}$"
"""Up to eight: a sender that changes its key signs with both."""

WINDOW = 300
"""Seconds that a timestamp may be off our clock, in either direction."""
BODY_LIMIT = 1024 * 1024
BODY_SECONDS = 10.0
"""In which a body has to be here."""
RETRY_SECONDS = 30
LOGGED_ID = 128
"""Characters of an id that a line of the log shows; one that is longer is refused."""

OPEN_PATHS = ("/health", "/openapi.json")
"""What anybody may read."""

_HEADERS = {EVENT_ID: EVENT_ID_PATTERN, TIMESTAMP: TIMESTAMP_PATTERN, SIGNATURE: SIGNATURE_PATTERN}
_log = logging.getLogger("channel_app.webhook")


class RefusedRequestError(Exception):
    """The request goes no further; says with which status, and why."""

    def __init__(self, status: HTTPStatus, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail


def signature(key: SecretStr, event_id: str, timestamp: str, body: bytes) -> str:
    """HMAC-SHA256 over `id.timestamp.body`, in lower-case hexadecimal."""
    message = f"{event_id}.{timestamp}.".encode() + body
    return hmac.new(key.get_secret_value().encode(), message, hashlib.sha256).hexdigest()


def is_signed(keys: Sequence[SecretStr], event_id: str, timestamp: str, body: bytes, candidates: Sequence[str]) -> bool:
    """Whether one of the signatures is by one of the keys. Takes the same time whatever they are: each is compared with
    each, and none in part."""
    wanted = [signature(key, event_id, timestamp, body) for key in keys]
    return sum(hmac.compare_digest(good, given) for good in wanted for given in candidates) > 0


class Gate:
    """Stands in front of the whole application: what is not signed reaches none of it, so nothing is parsed unverified.

    Args:
        app: what lies behind.
        keys: the present one and, while they change, the former one. Without any, nobody gets in.
        clock: what timestamps are held against.
        body_seconds: in which a body has to be here.
    """

    def __init__(
        self, app: ASGIApp, *, keys: Sequence[SecretStr], clock: Clock, body_seconds: float = BODY_SECONDS
    ) -> None:
        self._app = app
        # An empty key would let in everybody who leaves it empty too, whoever made the settings.
        self._keys = [key for key in keys if len(key) >= SHORTEST_SECRET]
        self._clock = clock
        self._body_seconds = body_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in OPEN_PATHS:
            await self._app(scope, receive, send)
            return
        said = scope.setdefault("state", {})  # the application adds the type of the event, and what became of it
        status = 0

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            body = await self._verified(scope, receive)
            if body is None:
                said["verdict"] = "the sender went away before its body was here"
            else:
                await self._app(scope, _replaying(body, receive), noting)
        except RefusedRequestError as refused:
            said["verdict"] = refused.detail
            await _answer(noting, refused)
        finally:
            _log.info("event %s, %s: %d, %s", _id_of(scope), said.get("type", "-"), status, said.get("verdict", "-"))

    async def _verified(self, scope: Scope, receive: Receive) -> bytes | None:
        """The body, once its signature holds; none when the sender has gone."""
        if not self._keys:
            raise RefusedRequestError(
                HTTPStatus.SERVICE_UNAVAILABLE, "No key is set here: set CHANNEL_APP_WEBHOOK_SECRET and start again."
            )
        headers = _signed_headers(scope)
        timestamp = headers[TIMESTAMP]
        if abs(self._clock.now().timestamp() - int(timestamp)) > WINDOW:
            raise _unverified(
                f"{TIMESTAMP} is more than {WINDOW} seconds off this clock: sign again, with the time of now."
            )
        body = await self._body(scope, receive)
        candidates = re.findall("[0-9a-f]{64}", headers[SIGNATURE])
        if body is not None and not is_signed(self._keys, headers[EVENT_ID], timestamp, body, candidates):
            raise _unverified("No signature is by a key that is known here.")
        return body

    async def _body(self, scope: Scope, receive: Receive) -> bytes | None:
        announced = dict(scope["headers"]).get(b"content-length", b"0")
        if not announced.isdigit() or len(announced) > len(str(BODY_LIMIT)) or int(announced) > BODY_LIMIT:
            raise _too_large()
        body = bytearray()
        try:
            async with asyncio.timeout(self._body_seconds):
                while True:
                    message = await receive()
                    if message["type"] == "http.disconnect":
                        return None
                    body += message.get("body", b"")
                    if len(body) > BODY_LIMIT:
                        raise _too_large()
                    if not message.get("more_body", False):
                        return bytes(body)
        except TimeoutError as error:
            raise RefusedRequestError(
                HTTPStatus.REQUEST_TIMEOUT, f"The body was not here within {self._body_seconds:g} seconds."
            ) from error


def _signed_headers(scope: Scope) -> Mapping[str, str]:
    names = [name.decode("latin-1") for name, _ in scope["headers"]]
    values = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    count = Counter(names)
    for name, pattern in _HEADERS.items():
        if count[name] != 1 or not re.fullmatch(pattern, values[name]):
            raise _unverified(f"{name} has to be there once, as {pattern}.")
    return values


def _unverified(detail: str) -> RefusedRequestError:
    return RefusedRequestError(HTTPStatus.UNAUTHORIZED, detail)


def _too_large() -> RefusedRequestError:
    return RefusedRequestError(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"A body has {BODY_LIMIT} bytes at most: send the type and ids alone."
    )


def _id_of(scope: Scope) -> str:
    """The event's id as one may print it: who sent it is unknown, and so is what stands in it."""
    given: bytes = dict(scope["headers"]).get(EVENT_ID.encode(), b"-")
    return given.decode("latin-1")[:LOGGED_ID].encode("unicode_escape").decode()


def _replaying(body: bytes, receive: Receive) -> Receive:
    """Gives the application the body that was read, and after that what comes."""
    left: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replay() -> Message:
        return left.pop() if left else await receive()

    return replay


async def _answer(send: Send, refused: RefusedRequestError) -> None:
    body = json.dumps({"detail": refused.detail}).encode()
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        # What is left of an unread body must not be taken for the next request.
        (b"connection", b"close"),
    ]
    if refused.status is HTTPStatus.SERVICE_UNAVAILABLE:
        headers.append((b"retry-after", str(RETRY_SECONDS).encode()))
    if refused.status is HTTPStatus.UNAUTHORIZED:
        headers.append((b"www-authenticate", b"HMAC-SHA256"))
    await send({"type": "http.response.start", "status": refused.status.value, "headers": headers})
    await send({"type": "http.response.body", "body": body})
