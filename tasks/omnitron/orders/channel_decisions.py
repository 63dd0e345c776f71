"""Requests that the channel decided by itself, such as a claim that nobody answered for 48 hours.

The decision is written into Omnitron, and must not go back to the channel as if the merchant had made it. So the action of a
request keeps a note, as `state["request"]`: `order` is the channel's name of its order, `deciding` the channel's decision that is
being written, and `status` the one that is written. Whatever a note lacks of what the channel says, the next run makes up for.

That Omnitron lets the status of a request be written (PATCH) is an assumption.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from clients.errors import RefusedError
from dto.base import wire_date
from dto.enums import IntegrationActionStatus
from dto.omnitron import IntegrationAction
from dto.omnitron_orders import CancellationRequest
from dto.orders import CancellationRequestDto, CancellationStatus
from tasks.omnitron.hub import Hub

STATE = "request"
DECIDING = "deciding"
STATUS = "status"


def name_of(request: CancellationRequestDto) -> str:
    """A request's name for people."""
    return f"{request.remote_id} of order {request.order}" if request.order else request.remote_id


def is_noted(request: CancellationRequestDto, actions: Iterable[IntegrationAction]) -> bool:
    """Whether one of the actions with its id says all that the channel says of it: that it is there, its order, its decision."""
    wanted = _note(request).items()
    return any(wanted <= _noted(action).items() for action in actions)


def is_the_channels_own(status: CancellationStatus, action: IntegrationAction | None) -> bool:
    """Whether a decision in Omnitron is the one that the channel made by itself."""
    noted = _noted(action) if action else {}
    return status in (noted.get(STATUS), noted.get(DECIDING))


async def keep_in_step(hub: Hub, request: CancellationRequestDto, action: IntegrationAction) -> str:
    """Writes the channel's decision about a request that is bound, and its order; the outcome.

    The intention is noted first, and the note is completed last: a run that dies in between is made up for, and what it wrote is
    not told to the channel meanwhile.

    Raises:
        RefusedError: Omnitron refuses the status.
    """
    actions, requests = hub.client.actions, hub.client.cancellation_requests
    decision, note = request.decision, _note(request)
    if is_noted(request, [action]) or action.status is IntegrationActionStatus.processing:
        return (
            "known"  # a decision of the merchant may be on its way to the channel: the next run knows what became of it
        )
    earlier = {name: value for name, value in _noted(action).items() if name != DECIDING}
    written: dict[str, Any] = {"state": {**action.state, STATE: {**earlier, **note}}}
    outcome = "known"
    if decision is not None:
        row = await requests.get(action.object_id)
        if row.status not in (decision, CancellationStatus.completed):
            await actions.update(action.pk, {"state": {**action.state, STATE: {**earlier, DECIDING: decision}}})
            row = await requests.update(row.pk, {"status": decision})
            outcome = "decided by the channel"
        if row.status is decision and row.modified_date is not None:
            written["version_date"] = wire_date(row.modified_date)  # nothing of it is due
    await actions.update(action.pk, written)
    return outcome


async def decided(hub: Hub, request: CancellationRequestDto, row: CancellationRequest) -> CancellationRequest:
    """A request that is about to be bound, with the channel's decision. A refusal hinders no binding: the next run meets it
    again, and reports it."""
    if request.decision is None or row.status is not CancellationStatus.waiting_approval:
        return row
    try:
        return await hub.client.cancellation_requests.update(row.pk, {"status": request.decision})
    except RefusedError as error:
        hub.logger().warning("The channel's decision about request %s is not written yet: %s", row.pk, error.message)
        return row


def _note(request: CancellationRequestDto) -> dict[str, str]:
    """All that has to be noted of a request."""
    return {name: str(value) for name, value in (("order", request.order), (STATUS, request.decision)) if value}


def _noted(action: IntegrationAction) -> dict[str, Any]:
    """The note in an action. Others may write into its state."""
    note = action.state.get(STATE)
    return dict(note) if isinstance(note, Mapping) else {}
