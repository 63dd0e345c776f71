"""Matches a channel's results with the objects of a batch: successes, failures, and lines that fit no object."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from dto.base import HALF_A_CHARACTER, is_blank, is_writable
from dto.batches import BatchRequestResponseDto, ImageBatchRequestResponseDto, OrderBatchRequestResponseDto
from dto.enums import ContentType, FailedReasonType, ResponseStatus
from dto.outcomes import ItemResult, Unreadable
from tasks.batch import Batch, Member, ObjectKey
from tasks.failure import Failure

NAMED_AT_MOST = 20
"""Irregular lines that a report quotes."""
_EMPTY = (
    "The connector said that the channel has finished, and gave no result at all. If the channel lists failures only, its "
    "command has to answer Completed(results, rest=ResponseStatus.success)"
)


class _Reason(NamedTuple):
    """The reason of an object without a usable result: whose fault it is, its code, and its message."""

    reason: FailedReasonType
    code: str
    message: str


@dataclass(slots=True)
class Irregularities:
    """Lines of an answer that do not fit exactly one object. All are counted; the report quotes the first ones."""

    counts: Counter[str] = field(default_factory=Counter)
    lines: list[str] = field(default_factory=list)
    is_empty: bool = False
    """The answer held no result at all."""
    warnings: dict[str, list[str]] = field(default_factory=dict)
    """The channel's words about objects that it took, and their names: no irregularities, but worth reading."""
    recorded: int = 0
    """Objects that were recorded before the end of their batch."""

    def add(self, kind: str, line: str) -> None:
        """Adds one of a kind: `unknown`, `unreadable`, `duplicated`, `missing`, `swapped` or
        `conflicting`."""
        self.counts[kind] += 1
        if len(self.lines) < NAMED_AT_MOST:
            self.lines.append(f"{kind}: {line}")

    def __str__(self) -> str:
        counts = ", ".join(f"{number} {kind}" for kind, number in sorted(self.counts.items()))
        what = _EMPTY if self.is_empty else "The channel's answer does not fit the batch"
        return f"{what} ({counts}). " + "; ".join(self.lines)


@dataclass(frozen=True, slots=True)
class Unanswered:
    """The reason of objects without a result, when the channel is not asked again."""

    code: str
    message: str


def name_of(result: ItemResult) -> str:
    """The name of the item in an answer."""
    if isinstance(result, ImageBatchRequestResponseDto):
        return f"{ContentType.product_image} {result.pk}"
    if isinstance(result, OrderBatchRequestResponseDto):
        return result.number or result.remote_id
    return result.sku or result.remote_id or ""


def _remote_id_in(result: ItemResult) -> str | None:
    """The remote id that an answer gives; a blank one is no id."""
    return None if is_blank(result.remote_id) else result.remote_id


class _Names:
    """A batch's own objects by every name that an answer may use.

    One name may stand for several objects: all images of a product go by its sku.
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
        """The objects that a result is about; an empty list if it fits no object."""
        if isinstance(result, ImageBatchRequestResponseDto):
            return self.by_pk.get(result.pk, [])
        remote_id = _remote_id_in(result) or ""
        if isinstance(result, OrderBatchRequestResponseDto):
            return self.by_remote_id.get(remote_id) or self.by_key.get(result.number, [])
        if result.sku in self.by_key:
            return self.by_key[result.sku]
        found = self.by_remote_id.get(remote_id) or ([] if self.swapped(result) else self.by_key.get(remote_id, []))
        if isinstance(result, BatchRequestResponseDto) and not is_blank(result.order):
            return [member for member in found if result.order in member.orders]
        return [] if _differ_in_order(found) else found

    def swapped(self, result: ItemResult) -> list[Member]:
        """The objects whose name stands in a result as the channel's id, beside a name that no object has."""
        if isinstance(result, ImageBatchRequestResponseDto):
            return []
        name = result.number if isinstance(result, OrderBatchRequestResponseDto) else result.sku
        remote_id = _remote_id_in(result) or ""
        if is_blank(name) or name in self.by_key or remote_id in self.by_remote_id:
            return []
        return self.by_key.get(remote_id, [])

    def stranger(self, result: ItemResult) -> tuple[str, str]:
        """The irregularity of a result that fits no object: its kind, and its line."""
        if self.swapped(result):
            return "swapped", f"`{name_of(result)}` stands where `{result.remote_id}` belongs"
        if _differ_in_order(self.called(name_of(result))):
            return (
                "unknown",
                f"`{name_of(result)}` stands for objects of several orders: the result has to name the `order`",
            )
        return "unknown", f"`{name_of(result)}` is not in the batch"

    def called(self, name: str) -> list[Member]:
        """The objects with this name, whatever kind of name it is."""
        return self.by_key.get(name) or self.by_remote_id.get(name, [])


def _differ_in_order(members: Iterable[Member]) -> bool:
    """Whether objects of one name belong to several orders."""
    return len({member.orders for member in members}) > 1


def settle(
    batch: Batch,
    results: Iterable[ItemResult],
    *,
    partial: bool = False,
    rest: ResponseStatus | None = None,
    unanswered: Unanswered | None = None,
    unreadable: Iterable[Unreadable] = (),
) -> Irregularities:
    """Gives every waiting member of the batch its result.

    With `rest`, the members that no result names have that one. With `partial`, only the members that the results name are
    settled: the others wait for the channel's later answer.
    With `unanswered`, the rest fails for that reason and is not an irregularity. A member that an `unreadable` line is about
    fails, unless another line says more.
    """
    results, unreadable = list(results), list(unreadable)
    odd = Irregularities(is_empty=not results and not unreadable)
    names = _Names(batch)
    answers: dict[ObjectKey, list[ItemResult]] = defaultdict(list)
    spoilt = {member.object_key: _swapped(result) for result in results for member in names.swapped(result)}
    for result in results:
        members = names.find(result)
        for member in members:
            answers[member.object_key].append(result)
        if not members:
            odd.add(*names.stranger(result))

    for row in unreadable:
        odd.add("unreadable", f"`{row.name}`: {row.why}")
        spoilt.update((member.object_key, _unread(row)) for member in names.called(row.name))

    if rest is ResponseStatus.success and _names_a_stranger(results, unreadable, names):
        rest = None  # one of those that the channel does not name may be the one that it refused
    shared = _shared_remote_ids(batch, answers)
    duplicated: set[str] = set()
    for member in batch.waiting():
        given = answers.get(member.object_key, [])
        if not given:
            if member.object_key in spoilt:
                _fail(batch, member, *spoilt[member.object_key])
            elif rest is not None:
                _settle_unnamed(batch, member, rest)
            elif unanswered is not None:
                _fail(batch, member, FailedReasonType.remote, unanswered.code, unanswered.message)
            elif not partial:
                odd.add("missing", f"`{_name(member)}`")
                message = f"{_EMPTY}. `{_name(member)}` is sent again." if odd.is_empty else _not_answered(member)
                _fail(batch, member, FailedReasonType.channel_app, "NotAnswered", message)
            continue
        name = _name(member)
        if len(given) > len(names.by_key.get(name, [member])) and name not in duplicated:
            duplicated.add(name)
            odd.add("duplicated", f"`{name}` {len(given)} times")
        _decide(batch, member, given, shared, odd)
    return odd


def _name(member: Member) -> str:
    return member.key or member.remote_id or f"{member.content_type} {member.pk}"


def _decide(
    batch: Batch, member: Member, given: list[ItemResult], shared: dict[str, list[str]], odd: Irregularities
) -> None:
    """Decides one member's result by the lines about it."""
    name = _name(member)
    answers = {(result.status, _remote_id_in(result)) for result in given}
    first = given[0]
    # A remote id that the batch knows already (a price has its product's; an order) takes precedence.
    remote_id = member.remote_id or _remote_id_in(first)
    if len(answers) > 1:
        message = f"The channel gave {len(given)} different answers for `{name}`; all of them are ignored."
        odd.add("conflicting", f"`{name}`")
        _fail(batch, member, FailedReasonType.remote, "ConflictingAnswers", message)
    elif first.status is ResponseStatus.fail:
        message = first.message or f"The channel refused `{name}` without a reason."
        _fail(batch, member, FailedReasonType.remote, "Rejected", message)
    elif not remote_id:
        message = f"The channel accepted `{name}` but gave no remote id, so it cannot be found again."
        _fail(batch, member, FailedReasonType.remote, "NoRemoteId", message)
    elif not is_writable(remote_id):
        message = f"The channel accepted `{name}` under an id that cannot be stored: {HALF_A_CHARACTER}."
        _fail(batch, member, FailedReasonType.remote, "NoRemoteId", message)
    elif len(shared.get(remote_id, ())) > 1:
        others = ", ".join(f"`{other}`" for other in shared[remote_id])
        message = f"The channel gave the same remote id, {remote_id}, to {others}; they are not bound."
        odd.add("conflicting", message)
        _fail(batch, member, FailedReasonType.remote, "SharedRemoteId", message)
    else:
        batch.settle_member(member.owner, remote_id)
        if not is_blank(first.message):
            odd.warnings.setdefault(str(first.message), []).append(name)


def _settle_unnamed(batch: Batch, member: Member, rest: ResponseStatus) -> None:
    """Settles an object that the channel does not name. What it took goes by the name under which it was sent."""
    remote_id = member.remote_id or member.key
    if rest is ResponseStatus.fail:
        message = f"The channel names what it took, and `{_name(member)}` is not among it."
        _fail(batch, member, FailedReasonType.remote, "Rejected", message)
    elif remote_id and is_writable(remote_id):
        batch.settle_member(member.owner, remote_id)
    else:
        message = (
            f"The channel accepted `{_name(member)}` without naming it, and it has no name under which it was sent."
        )
        _fail(batch, member, FailedReasonType.remote, "NoRemoteId", message)


def _names_a_stranger(results: list[ItemResult], unreadable: list[Unreadable], names: _Names) -> bool:
    """Whether a refusal, or a line that cannot be read, fits no object."""
    refusals = [result for result in results if result.status is ResponseStatus.fail]
    return not (
        all(names.find(result) or names.swapped(result) for result in refusals)
        and all(names.called(row.name) for row in unreadable)
    )


def results_by_key(batch: Batch, results: Iterable[ItemResult]) -> dict[int, ItemResult]:
    """The result of each object of the batch's own type that one names, by its key."""
    names = _Names(batch)
    return {member.pk: result for result in results for member in names.find(result)}


def strangers(batch: Batch, results: Iterable[ItemResult]) -> list[ItemResult]:
    """The results that fit no object of the batch."""
    names = _Names(batch)
    return [result for result in results if not names.find(result)]


def _shared_remote_ids(batch: Batch, answers: dict[ObjectKey, list[ItemResult]]) -> dict[str, list[str]]:
    """Remote id → the items of this batch that received it, and those that had it before."""
    known: dict[str, dict[str, None]] = defaultdict(dict)
    given: dict[str, dict[str, None]] = defaultdict(dict)
    for member in batch.of_type():
        if member.remote_id and member.failure is None:
            known[member.remote_id][_name(member)] = None
    for member in batch.waiting():
        if not member.remote_id:
            for result in answers.get(member.object_key, ()):
                remote_id = _remote_id_in(result)
                if result.status is ResponseStatus.success and remote_id is not None:
                    given[remote_id][_name(member)] = None
    return {remote_id: list({**known[remote_id], **names}) for remote_id, names in given.items()}


def _fail(batch: Batch, member: Member, reason: FailedReasonType, code: str, message: str) -> None:
    batch.fail_member(Failure(member, member.content_type, message, reason, code, "settle"))


def _not_answered(member: Member) -> str:
    return f"The channel's answer does not mention `{_name(member)}`. It may not have arrived, so it is sent again."


def _swapped(result: ItemResult) -> _Reason:
    name = name_of(result)
    message = (
        f"The connector's result for `{result.remote_id}` has this name as the channel's id, and `{name}` as the name: they are "
        f'swapped. In its code, write `self.accepted("{result.remote_id}", remote_id="{name}")`, or name each value.'
    )
    return _Reason(FailedReasonType.channel_app, "SwappedResult", message)


def _unread(row: Unreadable) -> _Reason:
    message = f"The channel's answer about `{row.name}` cannot be read: {row.why}."
    return _Reason(FailedReasonType.remote, "UnreadableAnswer", message)
