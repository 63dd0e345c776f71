"""Events in the form of the marketplace, which the connector names. Those of the program's own form are in `webhook`."""

import hashlib
import traceback
from http import HTTPStatus
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.requests import Request

from clients.clock import Clock
from clients.webhooks import Claim, Delivery, Webhook
from deployments.booking import Event
from deployments.signatures import WINDOW, once_given
from dto.events import ChannelEvent


async def event_of(request: Request, webhook: Webhook, clock: Clock) -> Event | None:
    """The event of a verified request; None if the connector starts nothing for it.

    Raises:
        HTTPException: the connector cannot read it.
    """
    body = await request.body()
    try:
        named = webhook.event_of(Delivery(once_given(request.scope), body))
    except Exception as error:  # whatever an author's code raises about a body that nobody has seen before
        raise HTTPException(HTTPStatus.UNPROCESSABLE_ENTITY, _unreadable(error)) from error
    if named is None:
        return None
    # No signature need cover the header that the type comes from, so the type is a part of what an id is good for.
    whole = f"{named.type}.{named.remote_batch_id or ''}.".encode() + body
    parameters = {"remote_batch_id": named.remote_batch_id} if named.remote_batch_id else {}
    return Event(_id_of(named, request.state.claim, whole, clock), named.type, whole, parameters)


def _id_of(named: ChannelEvent, claim: Claim, whole: bytes, clock: Clock) -> str:
    """The id under which an event is booked once. Without one of the channel's, it is a digest of the event and its time: the
    signed time, or else the five minutes in which it came, because an equal body may be another event an hour later."""
    if given := named.id or claim.event_id:
        return given
    time = int(clock.now().timestamp()) // WINDOW if claim.timestamp is None else claim.timestamp
    return hashlib.sha256(f"{time}.".encode() + whole).hexdigest()


def _unreadable(error: Exception) -> str:
    """The reason without the content: the kind of the error, and the author's line, which is the one below ours."""
    line = traceback.extract_tb(error.__traceback__, limit=2)[-1]
    place = f"{Path(line.filename).name}, line {line.lineno}"
    return f"The connector cannot name the event of this request: {type(error).__name__} in {place}."
