"""Connections that do not wait for their senders: no stranger can hold one for long, and none keeps a signed event out.

Only uvicorn's idle connections have a time-out of their own. Without the deadlines here, a sender that opens connections and
says nothing, or half of a request, would keep them for good, and the receiver would answer everybody else with 503.
"""

import asyncio
import logging
from typing import Any, ClassVar, cast

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from deployments.signatures import BODY_SECONDS

MAX_CONNECTIONS = 256
"""Connections that are kept. One more, and the one that has waited longest for its sender is dropped. Together with the limit
of a body, this bounds the memory."""
BACKLOG = 128
"""Connections that the system accepts ahead: fewer than are kept, so that none is dropped before its first bytes are read,
however many come at once. With those that are kept, they need fewer files than a process may usually open (1024)."""
REQUEST_SECONDS = BODY_SECONDS + 5.0
"""The time in which a whole request has to arrive, headers and body. The gate answers a slow body before that."""
ANSWER_SECONDS = 30.0
"""The time in which the sender has to be given its answer, of which a booking takes a few seconds."""

_ANSWERING = (h11.SEND_RESPONSE, h11.SEND_BODY)
_COMPLETE = (h11.DONE, h11.MUST_CLOSE)

_log = logging.getLogger("channel_app.webhook")


class BoundedProtocol(H11Protocol):
    """A connection with one absolute deadline for each request, and one for each answer: a byte now and then moves neither."""

    request_seconds: ClassVar[float] = REQUEST_SECONDS
    answer_seconds: ClassVar[float] = ANSWER_SECONDS
    max_connections: ClassVar[int] = MAX_CONNECTIONS

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._deadline: asyncio.TimerHandle | None = None
        self._is_answering = False
        self._since = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(cast("asyncio.Transport", transport))
        self._await_request()
        self._make_room()

    def connection_lost(self, exc: Exception | None) -> None:
        self._forget_deadline()
        super().connection_lost(exc)

    def handle_events(self) -> None:
        super().handle_events()
        if not self._is_answering and self.conn.our_state in _ANSWERING and self.conn.their_state in _COMPLETE:
            self._is_answering = True
            self._allow(self.answer_seconds, "it did not take its answer")

    def on_response_complete(self) -> None:
        self._is_answering = False
        self._await_request()
        super().on_response_complete()  # which may go on with a request that has arrived meanwhile

    @property
    def is_waiting(self) -> bool:
        """Whether the sender has to act next: with the rest of its request, the next one, or by reading its answer."""
        return not self._is_answering or self.flow.write_paused

    def drop(self, why: str) -> None:
        """Ends the connection at once, whatever the sender has not read yet."""
        self._forget_deadline()
        self.connections.discard(self)  # it counts until the loop has told it of its end
        _log.info("dropped a connection of %s: %s", self.client[0] if self.client else "-", why)
        self.transport.abort()

    def _await_request(self) -> None:
        self._allow(self.request_seconds, f"no whole request within {self.request_seconds:g} seconds")

    def _allow(self, seconds: float, otherwise: str) -> None:
        """Starts the deadline of what comes next."""
        self._forget_deadline()
        self._since = self.loop.time()
        self._deadline = self.loop.call_later(seconds, self.drop, otherwise)

    def _forget_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _make_room(self) -> None:
        """Drops the connection that has waited longest for its sender if there are too many. Others are being answered."""
        if len(self.connections) <= self.max_connections:
            return
        others = (other for other in self.connections if isinstance(other, BoundedProtocol) and other is not self)
        waiting = [other for other in others if other.is_waiting]
        if waiting:
            longest = min(waiting, key=lambda other: other._since)
            longest.drop(f"of {self.max_connections} it had waited longest for its sender")
