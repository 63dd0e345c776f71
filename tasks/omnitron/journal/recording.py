"""Records what the channel has taken at once, while its batch waits for the rest of the answer.

The later answer may not mention these objects, and the process that reads it does not know what the send was answered.
"""

from clients.omnitron import OmnitronClient
from dto.base import wire_date
from dto.enums import IntegrationActionStatus
from tasks.batch import Batch, Member
from tasks.concurrency import for_each


async def record_settled(client: OmnitronClient, batch: Batch) -> int:
    """Writes the settled objects' names and sent versions to their actions, and takes them out of the batch: no later move
    names them. Returns the number of recorded ones of the batch's own type; one whose action cannot be read is not recorded.

    What the channel has taken is a fact, whatever becomes of the batch: so this may stop anywhere.
    """
    settled = [member for member in batch.members.values() if member.settled]
    if not settled:
        return 0
    held, _ = await client.actions.held_by(batch.local_batch_id or "")
    actions = {action.object_key: action.pk for action in held}
    recorded = [member for member in settled if member.object_key in actions]

    async def record(member: Member) -> None:
        version = wire_date(member.version_date)
        fields = {"remote_id": member.remote_id, "version_date": version, "status": IntegrationActionStatus.success}
        await client.actions.update(actions[member.object_key], fields)

    # What travels along comes first: without its owner, nothing would settle it any more.
    for group in (False, True):
        await for_each([member for member in recorded if (member.object_key == member.owner) is group], record)
    for member in settled:
        batch.drop(member.object_key)
    return sum(member.content_type == batch.content_type for member in recorded)
