"""Objects that leave a batch because another one holds what they would take along."""

from flows.run import Run
from tasks.batch import Batch
from tasks.omnitron.hub import Hub
from tasks.omnitron.journal.giving_back import give_back


async def let_wait(run: Run, hub: Hub, title: str, batch: Batch) -> None:
    """Gives back the objects whose price or stock is in another open batch. They stay due, at no cost of attempts: if the price
    or stock were sent unlocked, a slow call could overwrite a newer one that is sent meanwhile."""
    owners, batch.held_back = batch.held_back, set()
    if not owners:
        return
    together = [member.object_key for member in batch.members.values() if member.owner in owners]
    if batch.is_open:
        await give_back(hub.client, batch, only=together)
    else:
        for object_key in together:
            batch.drop(object_key)
    run.counts["waiting"] += len(owners)
    hub.logger(batch).info(
        "%s: %s wait for a batch that holds their price or stock, at no cost of attempts.", title, f"{len(owners):,}"
    )
