"""New prices, stocks and images that wait for their products, which are not on the channel, or not yet known to be there. An
offer that waits stays due, and costs no attempt."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from clients.omnitron import OmnitronClient
from dto.batch_states import OPEN_LOCALLY
from dto.batches import BatchRequest
from dto.enums import OFFERS, ContentType, IntegrationActionStatus
from dto.health import ContentHealth
from tasks.ages import age_of, format_age


async def count_waiting(
    client: OmnitronClient, due: Iterable[tuple[ContentType, Sequence[Any]]]
) -> Counter[ContentType]:
    """The offers that wait, among the new ones that are `due`: by type, the first of each list."""
    products: dict[ContentType, list[int]] = defaultdict(list)
    for kind, offers in due:
        products[kind] += [offer.product for offer in offers if offer.product]
    found = await client.actions.find(
        content_type=ContentType.product,
        object_ids={pk for keys in products.values() for pk in keys},
        status=IntegrationActionStatus.success,
    )
    listed = {action.object_id for action in found if action.remote_id}
    return Counter({kind: sum(pk not in listed for pk in keys) for kind, keys in products.items()})


def describe_waiting(contents: Sequence[ContentHealth], batches: Sequence[BatchRequest], client: OmnitronClient) -> str:
    """The offers that wait, and the oldest of the batches that hold their products, in one sentence; empty if none waits."""
    counts = [f"{content.waiting} {content.name}" for content in contents if content.waiting]
    if not counts:
        return ""
    now = client.server_time
    of_products = [row for row in batches if row.content_type == ContentType.product]
    oldest = max(of_products, key=lambda row: age_of(row, now), default=None)
    which = ""
    if oldest is not None:
        hands = "a run" if oldest.status in OPEN_LOCALLY else "the channel"
        age = format_age(age_of(oldest, now))
        which = f" The oldest batch of products is {oldest.local_batch_id}, which {hands} has had for {age}."
    return (
        f"At least {', '.join(counts)} wait until their products have been sent, at no cost of attempts. `channel-app explain "
        f"SKU` says why one has not.{which}"
    )


def with_waiting(contents: Sequence[ContentHealth], waiting: Mapping[ContentType, int]) -> list[ContentHealth]:
    """The counts of all types, with the number of offers that wait."""
    return [
        content.model_copy(update={"waiting": waiting.get(content.content_type, 0)})
        if content.content_type in OFFERS
        else content
        for content in contents
    ]
