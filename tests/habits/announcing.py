"""Connectors for marketplaces that post events: each says how they are signed, and what they mean."""

from tasks.channel import ChannelEvent, EventType, webhooks
from tasks.channel.sandbox import ChannelIntegration as Sandbox

MEANINGS = {
    "order.created": EventType.order_created,
    "order.changed": EventType.order_item_changed,
    "order.cancelled": EventType.order_cancelled,
    "request.created": EventType.cancellation_requested,
}
"""The marketplace's word for what happened, and the program's."""
SIGNATURE = "X-Market-Signature"


def event_of(delivery: webhooks.Delivery) -> ChannelEvent | None:
    """What happened, under the marketplace's id of the event."""
    told = delivery.data()
    meaning = MEANINGS.get(told["type"])
    return None if meaning is None else ChannelEvent(meaning, id=told["id"])


class SignedBody(Sandbox):
    """Each body is signed."""

    name = "signed body"
    webhook = webhooks.Webhook(webhooks.BodySignature(SIGNATURE, encoding="base64"), event_of)


class SignedTime(Sandbox):
    """Each body is signed with its time."""

    name = "signed time"
    webhook = webhooks.Webhook(webhooks.TimedSignature(SIGNATURE), event_of)


class SharedToken(Sandbox):
    """The key comes with each event."""

    name = "shared token"
    webhook = webhooks.Webhook(webhooks.SharedToken("X-Market-Token", prefix=""), event_of)
