"""The events that the local marketplace posts to an address of the shop's, signed in one of three ways."""

import asyncio
import base64
import hashlib
import hmac
import uuid
from collections import Counter
from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import Any

import httpx
import orjson

from clients.clock import Clock
from deployments.sandbox.market.settings import Signs

SIGNATURE, TOKEN = "X-Market-Signature", "X-Market-Token"  # the name of a header
SECONDS = 5.0
"""The time in which the shop has to answer."""

Event = dict[str, Any]
Headers = dict[str, str]


class EventPosts:
    """Posts each event once; one that is not answered, or with an error of the server's, goes out again with the next ones.

    Args:
        signs: how they are signed; None: no event is posted.
        events: what happened, the oldest first. It grows.
        clock: the time that is signed.

    Attributes:
        answers: how often the shop answered with each status.
    """

    def __init__(self, signs: Signs | None, events: Sequence[Event], clock: Clock) -> None:
        self._signs = signs
        self._events = events
        self._clock = clock
        self._address: tuple[str, str] | None = None
        self._posted = 0
        self._turn = asyncio.Lock()
        self.answers: Counter[int] = Counter()

    def subscribe(self, url: str, key: str) -> None:
        """Posts whatever happens from now on to this address, signed with this key.

        Raises:
            ValueError: the marketplace has no way to sign.
        """
        if self._signs is None:
            raise ValueError(
                "the marketplace posts no events: start it with the habit signed-body, signed-time or shared-token"
            )
        self._address, self._posted = (url, key), len(self._events)

    async def post_new(self) -> None:
        """Posts what has happened since."""
        if self._address is None or self._posted == len(self._events):
            return
        async with self._turn, httpx.AsyncClient(trust_env=False, timeout=SECONDS) as http:
            url, key = self._address
            while self._posted < len(self._events):
                body = _body_of(self._events[self._posted])
                try:
                    answer = await http.post(url, content=body, headers=self._headers(key, body))
                except httpx.TransportError:
                    return
                self.answers[answer.status_code] += 1
                if answer.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
                    return
                self._posted += 1

    def state(self) -> dict[str, Any] | None:
        """`{"url", "answers": {status: n}, "waiting"}`; None without an address."""
        if self._address is None:
            return None
        answers = {str(status): times for status, times in self.answers.items()}
        return {"url": self._address[0], "answers": answers, "waiting": len(self._events) - self._posted}

    def _headers(self, key: str, body: bytes) -> Headers:
        ways: dict[Signs, Callable[[], Headers]] = {
            "body": lambda: {SIGNATURE: base64.b64encode(_hmac(key, body)).decode()},
            "time": lambda: {SIGNATURE: self._timed(key, body)},
            "token": lambda: {TOKEN: key},
        }
        return {"Content-Type": "application/json", **ways[self._signs or "token"]()}

    def _timed(self, key: str, body: bytes) -> str:
        time = int(self._clock.now().timestamp())
        return f"t={time},v1={_hmac(key, f'{time}.'.encode() + body).hex()}"


def _hmac(key: str, message: bytes) -> bytes:
    return hmac.new(key.encode(), message, hashlib.sha256).digest()


def _body_of(event: Event) -> bytes:
    """The event as JSON, under an id that no other one has, after a reset too."""
    name = str(uuid.uuid5(uuid.NAMESPACE_OID, f"event {event['id']} of {event['at']}"))
    return orjson.dumps({**event, "id": name})
