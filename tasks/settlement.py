"""A channel's answers against the objects of a batch: who succeeded, who failed, and what does not fit."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from dto.batches import ImageBatchRequestResponseDto, OrderBatchRequestResponseDto
from dto.enums import ContentType, FailedReasonType, ResponseStatus
from dto.outcomes import ItemResult
from tasks.batch import Batch, Member, Reference
from tasks.failure import Failure

NAMED_AT_MOST = 20
"""Irregular lines that a report quotes."""


@dataclass(slots=True)
class Irregularities:
    """Lines of an answer that fit no object, or more than one. Each is counted; the report quotes the first."""

    counts: Counter[str] = field(default_factory=Counter)
    lines: list[str] = field(default_factory=list)

    def add(self, kind: str, line: str) -> None:
        """One more of a kind: `unknown`, `duplicated`, `missing` or `conflicting`."""
        self.counts[kind] += 1
        if len(self.lines) < NAMED_AT_MOST:
            self.lines.append(f"{kind}: {line}")

    def __str__(self) -> str:
        counts = ", ".join(f"{number} {kind}" for kind, number in sorted(self.counts.items()))
        return f"The channel's answer does not fit the batch ({counts}). " + "; ".join(self.lines)


def name_of(result: ItemResult) -> str:
    """What an answer calls its item."""
    if isinstance(result, ImageBatchRequestResponseDto):
        return f"{ContentType.product_image} {result.pk}"
    if isinstance(result, OrderBatchRequestResponseDto):
        return result.number or result.remote_id
    return result.sku or result.remote_id or ""


class _Names:
    """A batch's own objects by all names under which an answer may speak of them.

    One name may mean several: all images of a product are called by its sku.
    """

    def __init__(self, batch: Batch) -> None:
        self.by_pk: dict[int, list[Member]] = {}
        self.by_key: dict[str, list[Member]] = defaultdict(list)
        self.by_remote_id: dict[str, list[Member]] = defaultdict(list)
        for member in batch.of_type():
            self.by_pk[member.pk] = [member]
            if member.key is not None:
                self.by_key[member.key].append(member)
            if member.remote_id:
                self.by_remote_id[member.remote_id].append(member)

    def find(self, result: ItemResult) -> list[Member]:
        """The objects that a result speaks of; none where it speaks of something else."""
        if isinstance(result, ImageBatchRequestResponseDto):
            return self.by_pk.get(result.pk, [])
        remote_id = result.remote_id or ""
        if isinstance(result, OrderBatchRequestResponseDto):
            return self.by_remote_id.get(remote_id) or self.by_key.get(result.number, [])
        if result.sku in self.by_key:
            return self.by_key[result.sku]
        return self.by_remote_id.get(remote_id) or self.by_key.get(remote_id, [])


def settle(batch: Batch, results: Iterable[ItemResult], *, partial: bool = False) -> Irregularities:
    """Gives every waiting member of the batch its result.

    With `partial` only what the results name is settled: the rest waits for the channel's later answer.
    """
    odd = Irregularities()
    names = _Names(batch)
    answers: dict[Reference, list[ItemResult]] = defaultdict(list)
    for result in results:
        members = names.find(result)
        for member in members:
            answers[member.reference].append(result)
        if not members:
            odd.add("unknown", f"`{name_of(result)}` is not in the batch")

    shared = _shared_remote_ids(batch, answers)
    said: set[str] = set()
    for member in batch.waiting():
        given = answers.get(member.reference, [])
        if not given:
            if not partial:
                odd.add("missing", f"`{_name(member)}`")
                _fail(batch, member, FailedReasonType.channel_app, "NotAnswered", _not_answered(member))
            continue
        name = _name(member)
        if len(given) > len(names.by_key.get(name, [member])) and name not in said:
            said.add(name)
            odd.add("duplicated", f"`{name}` {len(given)} times")
        _decide(batch, member, given, shared, odd)
    return odd


def _name(member: Member) -> str:
    return member.key or member.remote_id or f"{member.content_type} {member.pk}"


def _decide(
    batch: Batch, member: Member, given: list[ItemResult], shared: dict[str, list[str]], odd: Irregularities
) -> None:
    """One member's result from the lines that speak of it."""
    name = _name(member)
    verdicts = {(result.status, result.remote_id or "") for result in given}
    first = given[0]
    # Where the batch knows what the channel calls the object (a price by its product, an order), that counts.
    remote_id = member.remote_id or first.remote_id
    if len(verdicts) > 1:
        message = f"The channel gave {len(given)} different answers for `{name}`: none of them is believed."
        odd.add("conflicting", f"`{name}`")
        _fail(batch, member, FailedReasonType.remote, "ConflictingAnswers", message)
    elif first.status is ResponseStatus.fail:
        message = first.message or f"The channel refused `{name}` without saying why."
        _fail(batch, member, FailedReasonType.remote, "Rejected", message)
    elif not remote_id:
        message = f"The channel accepted `{name}` but named no remote id, without which it cannot be found again."
        _fail(batch, member, FailedReasonType.remote, "NoRemoteId", message)
    elif len(shared.get(remote_id, ())) > 1:
        others = ", ".join(f"`{other}`" for other in shared[remote_id])
        message = f"The channel gave one remote id, {remote_id}, to {others}: none of them is bound."
        odd.add("conflicting", message)
        _fail(batch, member, FailedReasonType.remote, "SharedRemoteId", message)
    else:
        batch.settle_member(member.owner, remote_id)


def _shared_remote_ids(batch: Batch, answers: dict[Reference, list[ItemResult]]) -> dict[str, list[str]]:
    """Remote id → the items of this batch that were given it, and those that it belonged to before."""
    known: dict[str, dict[str, None]] = defaultdict(dict)
    given: dict[str, dict[str, None]] = defaultdict(dict)
    for member in batch.of_type():
        if member.remote_id and member.failure is None:
            known[member.remote_id][_name(member)] = None
    for member in batch.waiting():
        if not member.remote_id:
            for result in answers.get(member.reference, ()):
                if result.status is ResponseStatus.success and result.remote_id:
                    given[result.remote_id][_name(member)] = None
    return {remote_id: list({**known[remote_id], **names}) for remote_id, names in given.items()}


def fail_waiting(batch: Batch, reason: FailedReasonType, code: str, message: str) -> None:
    """Everything that has no result yet fails for one reason."""
    for member in batch.waiting():
        _fail(batch, member, reason, code, message)


def _fail(batch: Batch, member: Member, reason: FailedReasonType, code: str, message: str) -> None:
    batch.fail_member(Failure(member, member.content_type, message, reason, code, "settle"))


def _not_answered(member: Member) -> str:
    return f"The channel's answer does not mention `{_name(member)}`: whether it arrived there is unknown, so it is sent again."
