"""A channel's answers against the objects of a batch: who succeeded, who failed, and what does not fit."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from dto.enums import FailedReasonType, ResponseStatus
from dto.outcomes import ItemResult
from tasks.batch import Batch, Member
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
    return str(getattr(result, "sku", None) or getattr(result, "number", None) or result.remote_id or "")


def settle(batch: Batch, results: Iterable[ItemResult], *, partial: bool = False) -> Irregularities:
    """Gives every waiting member of the batch its result.

    With `partial` only what the results name is settled: the rest waits for the channel's later answer.
    """
    odd = Irregularities()
    answers: dict[str, list[ItemResult]] = defaultdict(list)
    for result in results:
        answers[name_of(result)].append(result)
    members = {member.key: member for member in batch.of_type() if member.key is not None}
    for name in answers.keys() - members.keys():
        odd.add("unknown", f"`{name}` is not in the batch")

    shared = _shared_remote_ids(batch, answers)
    for member in batch.waiting():
        given = answers.get(member.key or "", [])
        if not given:
            if not partial:
                odd.add("missing", f"`{member.key}`")
                _fail(batch, member, FailedReasonType.channel_app, "NotAnswered", _not_answered(member))
            continue
        if len(given) > 1:
            odd.add("duplicated", f"`{member.key}` {len(given)} times")
        _decide(batch, member, given, shared, odd)
    return odd


def _decide(
    batch: Batch, member: Member, given: list[ItemResult], shared: dict[str, list[str]], odd: Irregularities
) -> None:
    """One member's result from the lines that speak of it."""
    verdicts = {(result.status, result.remote_id or "") for result in given}
    first = given[0]
    if len(verdicts) > 1:
        message = f"The channel gave {len(given)} different answers for `{member.key}`: none of them is believed."
        odd.add("conflicting", f"`{member.key}`")
        _fail(batch, member, FailedReasonType.remote, "ConflictingAnswers", message)
    elif first.status is ResponseStatus.fail:
        message = first.message or f"The channel refused `{member.key}` without saying why."
        _fail(batch, member, FailedReasonType.remote, "Rejected", message)
    elif not first.remote_id:
        message = f"The channel accepted `{member.key}` but named no remote id, without which it cannot be found again."
        _fail(batch, member, FailedReasonType.remote, "NoRemoteId", message)
    elif len(shared.get(first.remote_id, ())) > 1:
        others = ", ".join(f"`{name}`" for name in shared[first.remote_id])
        message = f"The channel gave one remote id, {first.remote_id}, to {others}: none of them is bound."
        odd.add("conflicting", message)
        _fail(batch, member, FailedReasonType.remote, "SharedRemoteId", message)
    else:
        batch.settle_member(member.owner, first.remote_id)


def _shared_remote_ids(batch: Batch, answers: dict[str, list[ItemResult]]) -> dict[str, list[str]]:
    """Remote id → the items of this batch that were given it."""
    names: dict[str, list[str]] = defaultdict(list)
    for member in batch.waiting():
        for remote_id in {r.remote_id for r in answers.get(member.key or "", ()) if r.status is ResponseStatus.success}:
            if remote_id:
                names[remote_id].append(member.key or "")
    return names


def fail_waiting(batch: Batch, reason: FailedReasonType, code: str, message: str) -> None:
    """Everything that has no result yet fails for one reason."""
    for member in batch.waiting():
        _fail(batch, member, reason, code, message)


def _fail(batch: Batch, member: Member, reason: FailedReasonType, code: str, message: str) -> None:
    batch.fail_member(Failure(member, member.content_type, message, reason, code, "settle"))


def _not_answered(member: Member) -> str:
    return f"The channel's answer does not mention `{member.key}`: whether it arrived there is unknown, so it is sent again."
