"""The gate of the webhook receiver: it lets through requests that were signed recently, byte for byte, with a known key.

The signature is the program's own, unless the connector names another scheme.
"""

import asyncio
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
from clients.webhooks import TIMESTAMP_PATTERN, Claim, NotSignedError, SignatureScheme, hmac_sha256

EVENT_ID, TIMESTAMP, SIGNATURE = "x-channel-event-id", "x-channel-timestamp", "x-channel-signature"
EVENT_ID_PATTERN = r"^[!-\-/-~]{1,128}$"
"""Printable ASCII without the full stop, which separates the parts of the signed text and must not occur in one."""
SIGNATURE_PATTERN = r"^[0-9a-f]{64}((, ?| )[0-9a-f]{64}){0,7}$"
"""Up to eight signatures: a sender that is changing its key signs with both keys."""

WINDOW = 300
"""Seconds by which a timestamp may differ from our clock, in either direction."""
BODY_LIMIT = 1024 * 1024
BODY_SECONDS = 10.0
"""The time in which a body has to arrive."""
RETRY_SECONDS = 30
LOGGED_ID = 128
"""Characters of an event id in a line of the log. A longer id is refused."""

OPEN_PATHS = ("/health", "/openapi.json")
"""Paths that need no signature."""

_HEADERS = {EVENT_ID: EVENT_ID_PATTERN, TIMESTAMP: TIMESTAMP_PATTERN, SIGNATURE: SIGNATURE_PATTERN}
_log = logging.getLogger("channel_app.webhook")


class RefusedRequestError(Exception):
    """The request is refused, with a status and a reason."""

    def __init__(self, status: HTTPStatus, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail


def signature(key: SecretStr, event_id: str, timestamp: str, body: bytes) -> str:
    """HMAC-SHA256 over `id.timestamp.body`, in lower-case hexadecimal."""
    return hmac_sha256(key, f"{event_id}.{timestamp}.".encode() + body).hex()


class OwnSignature(SignatureScheme):
    """The program's own scheme: id, time and signature in a header each."""

    def claim(self, headers: Mapping[str, str]) -> Claim:
        for name, pattern in _HEADERS.items():
            if not re.fullmatch(pattern, headers.get(name, "")):
                raise NotSignedError(f"{name} has to be given once, and match {pattern}.")
        signatures = tuple(re.findall("[0-9a-f]{64}", headers[SIGNATURE]))
        return Claim(signatures, timestamp=int(headers[TIMESTAMP]), event_id=headers[EVENT_ID])

    def signature(self, key: SecretStr, claim: Claim, body: bytes) -> str:
        return signature(key, claim.event_id or "", str(claim.timestamp), body)


def is_signed(scheme: SignatureScheme, keys: Sequence[SecretStr], claim: Claim, body: bytes) -> bool:
    """Whether one of the signatures is by one of the keys. Takes constant time: every signature is compared with every key, in
    full."""
    wanted = [scheme.signature(key, claim, body).encode() for key in keys]
    candidates = [given.encode() for given in claim.signatures]
    return sum(hmac.compare_digest(good, given) for good in wanted for given in candidates) > 0


def once_given(scope: Scope) -> Mapping[str, str]:
    """The headers of a request by their names in lower case, without those that were given twice: which of them counts is
    unknown."""
    names = Counter(name for name, _ in scope["headers"])
    return {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"] if names[name] == 1}


class Gate:
    """Wraps the whole application: an unsigned request never reaches it, so nothing is parsed unverified.

    Args:
        app: the application behind the gate.
        keys: the current key and, during a change of keys, the previous one. Without a key, every request is refused.
        clock: the clock that timestamps are compared with.
        body_seconds: the time in which a body has to arrive.
        scheme: how the channel signs.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        keys: Sequence[SecretStr],
        clock: Clock,
        body_seconds: float = BODY_SECONDS,
        scheme: SignatureScheme,
    ) -> None:
        self._app = app
        self._scheme = scheme
        # An empty key would let in any sender with an empty key. Settings refuse it; this holds for other callers too.
        self._keys = [key for key in keys if len(key) >= SHORTEST_SECRET]
        self._clock = clock
        self._body_seconds = body_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in OPEN_PATHS:
            await self._app(scope, receive, send)
            return
        note = scope.setdefault("state", {})  # the application adds the type of the event, its id, and its result
        status = 0

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            body = await self._verified(scope, receive)
            if body is None:
                note["result"] = "the sender disconnected before its body arrived"
            else:
                await self._app(scope, _replaying(body, receive), noting)
        except RefusedRequestError as refused:
            note["result"] = refused.detail
            await _answer(noting, refused, self._scheme.challenge)
        finally:
            event_id = note.get("event_id") or _id_of(scope)
            _log.info("event %s, %s: %d, %s", event_id, note.get("type", "-"), status, note.get("result", "-"))

    async def _verified(self, scope: Scope, receive: Receive) -> bytes | None:
        """The body, after its signature was verified; None if the sender disconnected."""
        if not self._keys:
            raise RefusedRequestError(
                HTTPStatus.SERVICE_UNAVAILABLE,
                "The receiver has no key: set CHANNEL_APP_WEBHOOK_SECRET and restart it.",
            )
        try:
            claim = self._scheme.claim(once_given(scope))
        except NotSignedError as error:
            raise _unverified(error.message) from error
        if claim.timestamp is not None and abs(self._clock.now().timestamp() - claim.timestamp) > WINDOW:
            raise _unverified(
                f"The timestamp is more than {WINDOW} seconds off this clock: sign again, with the current time."
            )
        body = await self._body(scope, receive)
        if body is not None and not is_signed(self._scheme, self._keys, claim, body):
            raise _unverified("No signature is by a key that the receiver knows.")
        scope["state"]["claim"] = claim
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
                HTTPStatus.REQUEST_TIMEOUT, f"The body did not arrive within {self._body_seconds:g} seconds."
            ) from error


def _unverified(detail: str) -> RefusedRequestError:
    return RefusedRequestError(HTTPStatus.UNAUTHORIZED, detail)


def _too_large() -> RefusedRequestError:
    return RefusedRequestError(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"A body may have at most {BODY_LIMIT} bytes: send only the type and ids."
    )


def _id_of(scope: Scope) -> str:
    """The event's id, escaped for the log: both its sender and its content are unknown."""
    given: bytes = dict(scope["headers"]).get(EVENT_ID.encode(), b"-")
    return given.decode("latin-1")[:LOGGED_ID].encode("unicode_escape").decode()


def _replaying(body: bytes, receive: Receive) -> Receive:
    """Gives the application the body that was read, then any later messages."""
    left: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replay() -> Message:
        return left.pop() if left else await receive()

    return replay


async def _answer(send: Send, refused: RefusedRequestError, challenge: str) -> None:
    body = json.dumps({"detail": refused.detail}).encode()
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        # The rest of an unread body must not be taken for the next request.
        (b"connection", b"close"),
    ]
    if refused.status is HTTPStatus.SERVICE_UNAVAILABLE:
        headers.append((b"retry-after", str(RETRY_SECONDS).encode()))
    if refused.status is HTTPStatus.UNAUTHORIZED:
        headers.append((b"www-authenticate", challenge.encode()))
    await send({"type": "http.response.start", "status": refused.status.value, "headers": headers})
    await send({"type": "http.response.body", "body": body})
