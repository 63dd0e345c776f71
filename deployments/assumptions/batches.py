"""Assumptions about batches: the lock, the type, the answers, and the filters."""

from http import HTTPStatus

from clients.errors import RefusedError
from deployments.assumptions.findings import (
    HONOURED,
    Assumption,
    Assumptions,
    Finding,
    broken,
    not_tried,
    untried,
)
from deployments.assumptions.hub import QUIET_TYPE, TriedHub
from deployments.assumptions.trial import Trial
from dto.batches import BatchRequest
from dto.enums import BatchRequestStatus as Status
from dto.enums import ContentType
from tasks.batch import LOCKED, OTHER_TYPE

OTHER_QUIET_TYPE = ContentType.product_category


async def commit_locks(trial: Trial) -> Finding:
    """Commits two batches of one type."""
    refused = await trial.second_commit()
    if refused is None:
        return broken(
            f"two batches of {QUIET_TYPE} were in commit together",
            "let Prefect's concurrency limits alone keep two runs of one content type apart",
        )
    if refused.status != HTTPStatus.NOT_ACCEPTABLE:
        return broken(f"the second commit was answered with {refused.status}, not 406: {refused.message}")
    return HONOURED


async def lock_has_its_code(trial: Trial) -> Finding:
    """Looks for the code in the refusal."""
    refused = await trial.second_commit()
    if refused is None:
        return not_tried("the second commit was not refused")
    if LOCKED not in str(refused.body):
        return broken(
            f"the refusal reads: {refused.message}", "set LOCKED in tasks/batch.py to the code in the refusal"
        )
    return HONOURED


async def type_is_bound(trial: Trial) -> Finding:
    """Commits a batch again, with another type."""
    async with trial.hub.committed() as batch:
        try:
            await trial.hub.move(batch.pk, Status.commit, content_type=OTHER_QUIET_TYPE, objects=[])
        except RefusedError as refused:
            if refused.status == HTTPStatus.NOT_ACCEPTABLE and OTHER_TYPE in str(refused.body):
                return HONOURED
            if LOCKED in str(refused.body):
                return not_tried(f"a run holds {OTHER_QUIET_TYPE}: try again later")
            return broken(
                f"the refusal reads: {refused.message}", "set OTHER_TYPE in tasks/batch.py to the code in the refusal"
            )
        return broken(f"a batch of {QUIET_TYPE} was committed again as {OTHER_QUIET_TYPE}")


async def objects_are_not_shown(trial: Trial) -> Finding:
    """Retrieves and lists a batch in commit."""
    async with trial.hub.committed() as batch:
        if "objects" in await trial.hub.batch_fields(batch.pk):
            return broken(f"GET batch_requests/{batch.pk}/ shows `objects`")
        listed = await _last_batches(trial.hub, Status.commit)
        if any("objects" in row for row in listed):
            return broken("GET batch_requests/ shows `objects`")
        return HONOURED


async def answer_echoes_own_request(trial: Trial) -> Finding:
    """Commits a batch that holds a product again, without naming an object."""
    story = await trial.product_story()
    if story.echoed:
        return broken(f"a commit that named no object was answered with {len(story.echoed)}")
    return HONOURED


async def statuses_can_be_listed(trial: Trial) -> Finding:
    """Moves one batch through five statuses and another to the sixth, and looks for each in the list of its status."""
    hub = trial.hub
    missing: list[Status] = []
    async with hub.batch() as batch:
        for status in (Status.initialized, Status.commit, Status.sent_to_remote, Status.ongoing, Status.done):
            match status:
                case Status.initialized:
                    pass
                case Status.commit:
                    await hub.commit(batch)
                case Status.sent_to_remote:
                    await hub.move(batch.pk, status, remote_batch_id=_remote_id(batch))
                case Status.done:
                    await hub.move(batch.pk, status, objects=[])
                case _:
                    await hub.move(batch.pk, status)
            if not await _is_listed(hub, batch, status):
                missing.append(status)
    async with hub.batch() as batch:
        await hub.client.batches.move(batch.pk, Status.fail)
        if not await _is_listed(hub, batch, Status.fail):
            missing.append(Status.fail)
    if missing:
        return broken(f"a batch was not in the list of its status, or among others: {', '.join(missing)}")
    return HONOURED


async def remote_batch_id_filters(trial: Trial) -> Finding:
    """Looks for a batch by its remote id."""
    async with trial.hub.committed() as batch:
        remote = _remote_id(batch)
        await trial.hub.move(batch.pk, Status.sent_to_remote, remote_batch_id=remote)
        found = await trial.hub.rows("batch_requests", channel=trial.hub.client.channel_id, remote_batch_id=remote)
        if [row.get("pk") for row in found] == [batch.pk]:
            return HONOURED
        return broken(f"?remote_batch_id={remote} answered {len(found)} batches, not this one")


async def modified_date_moves(trial: Trial) -> Finding:
    """Commits a batch twice."""
    async with trial.hub.committed() as batch:
        before = (await trial.hub.client.batches.get(batch.pk)).modified_date
        await trial.hub.commit(batch)
        after = (await trial.hub.client.batches.get(batch.pk)).modified_date
    if before is None or after is None:
        return broken("batches carry no `modified_date`")
    if after <= before:
        return broken(
            f"it stayed at {after.isoformat()} over a commit", "let `recover` wait longer than the longest run takes"
        )
    return HONOURED


def _remote_id(batch: BatchRequest) -> str:
    return f"check-{batch.local_batch_id}"


async def _is_listed(hub: TriedHub, batch: BatchRequest, status: Status) -> bool:
    rows = await _last_batches(hub, status)
    return any(row.get("pk") == batch.pk for row in rows) and all(row.get("status") == status for row in rows)


async def _last_batches(hub: TriedHub, status: Status) -> list[dict[str, object]]:
    return await hub.last_rows("batch_requests", channel=hub.client.channel_id, status=status)


ASSUMPTIONS: Assumptions = {
    "commit-lock": Assumption(
        "one batch of a type in commit keeps another one out (406)",
        "one at a time: of two runs of a content type at most one has effects",
        commit_locks,
    ),
    "lock-code": Assumption(
        f"that refusal's code is {LOCKED}",
        "a run that meets another one ends as skipped, not as failed",
        lock_has_its_code,
    ),
    "bound-type": Assumption(
        f"a batch keeps the type of its first commit (406, {OTHER_TYPE})",
        "a batch of another type is not taken for one that another process ended",
        type_is_bound,
    ),
    "hidden-objects": Assumption(
        "neither retrieve nor list shows a batch's objects",
        "small answers: the objects of a batch are read from its actions, and lists of batches stay short",
        objects_are_not_shown,
    ),
    "own-echo": Assumption(
        "an answer to a move echoes only its own request's objects",
        "small answers: a repeated commit, the sign of life of a run, costs the same for any size of batch",
        answer_echoes_own_request,
    ),
    "listed-statuses": Assumption(
        "batches of all six statuses can be listed",
        "bounded batches: `recover` finds the batches that dead runs left in `initialized` or `commit`",
        statuses_can_be_listed,
    ),
    "remote-batch-filter": Assumption(
        "remote_batch_id filters batches",
        "`verify_batch` finds the batch that it was booked for",
        remote_batch_id_filters,
    ),
    "touch": Assumption(
        "a batch's modified_date moves on every commit",
        "no lie: `recover` leaves the batch of a living run alone",
        modified_date_moves,
    ),
    "no-expiry": Assumption(
        "Omnitron never ends a batch by itself",
        "convergence: a batch that waits for its channel can still be settled",
        untried("it would take longer than a check: whether Omnitron ever expires a batch is unknown"),
    ),
}
