"""How objects stand before a batch: their actions, and whether other batches hold some."""

from collections import defaultdict
from collections.abc import Iterable

from clients.omnitron import OmnitronClient
from dto.enums import ContentType
from dto.omnitron import IntegrationAction
from tasks.batch import Member, ObjectKey
from tasks.concurrency import side_by_side


async def standing_of(client: OmnitronClient, members: Iterable[Member]) -> dict[ObjectKey, IntegrationAction | None]:
    """The action of each object; None if it has none."""
    of_type: dict[ContentType, list[int]] = defaultdict(list)
    for member in members:
        of_type[member.content_type].append(member.pk)
    found: dict[ObjectKey, IntegrationAction | None] = {}
    for content_type, keys in of_type.items():
        actions = await client.actions.find(content_type=content_type, object_ids=keys)
        found.update(((content_type, pk), None) for pk in keys)
        found.update((action.object_key, action) for action in actions)
    return found


async def is_any_held(client: OmnitronClient, types: Iterable[ContentType]) -> bool:
    """Whether an open batch holds an object of one of the types."""
    found = await side_by_side(*(client.actions.first_in_work(content_type) for content_type in types))
    return any(actions for actions, _ in found)
