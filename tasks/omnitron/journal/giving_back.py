"""Gives the objects of a batch back without an attempt, before the batch is failed.

Failing a batch releases what is still `processing` in it: that counts an attempt for each object, and has it wait for
RETRY_INTERVAL. An object whose action stands as it did before the batch is not processing, and is due at once.
"""

from collections.abc import Collection
from typing import Any

from clients.omnitron import OmnitronClient
from dto.omnitron import IntegrationAction
from tasks.batch import Batch, ObjectKey
from tasks.concurrency import for_each

_STANDING = {"status", "version_date", "remote_id", "local_batch_id", "state"}
"""The fields of an action that a batch changes."""


async def give_back(client: OmnitronClient, batch: Batch, only: Collection[ObjectKey] | None = None) -> None:
    """Puts the actions of an open batch back to what they were before it, where that is known: from `batch.before`, and from
    an action without a name on the channel, which is the batch's own. The others are left to the failing of the batch.
    `only` these objects, which leave the batch, or all that it holds.

    It records nothing that was not recorded before, so it may stop anywhere, and be repeated.
    """
    held, _ = await client.actions.held_by(batch.local_batch_id or "")

    async def put_back(action: IntegrationAction) -> None:
        object_key = action.object_key
        earlier = batch.before.get(object_key)
        if only is not None and object_key not in only:
            return
        if earlier is not None:
            await client.actions.update(action.pk, _standing(earlier))
        elif object_key in batch.before or action.remote_id is None:
            await client.actions.delete(action.pk)

    await for_each(held, put_back)
    for object_key in only or ():
        batch.drop(object_key)


def _standing(action: IntegrationAction) -> dict[str, Any]:
    fields = action.model_dump(mode="json", include=_STANDING)
    return {name: value for name, value in fields.items() if value is not None}
