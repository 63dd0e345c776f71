"""A batch and its objects: one run's view of Omnitron's state machine."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any, Protocol, TypeVar

from clients.errors import (
    CommitLockedError,
    ContractError,
    IllegalMoveError,
    RefusedError,
    TakenOverError,
    UnreadableRowError,
)
from clients.omnitron import OmnitronClient
from dto.batch_states import may_move
from dto.batches import BatchRequest, BatchRequestObjectsDto
from dto.enums import BatchRequestStatus as Status
from dto.enums import ContentType
from dto.omnitron import IntegrationAction
from tasks.failure import Failure

LOCKED = "batch_request_status_100_2"
"""406: another batch of this type is in commit (code assumed)."""
OTHER_TYPE = "batch_request_content_type_100_1"
"""406: the batch was first committed with another content type (assumed)."""


class HasKey(Protocol):
    """Anything with a key in Omnitron."""

    @property
    def pk(self) -> int: ...


Keyed = TypeVar("Keyed", bound=HasKey)

ObjectKey = tuple[ContentType, int]
"""The type and key of an object in Omnitron."""


def version_of(row: Any) -> datetime:
    """The version of an object that was read. `done` records it as sent, even if the object changes meanwhile.

    Raises:
        UnreadableRowError: the row came without a `modified_date`.
    """
    moment = getattr(row, "modified_date", None)
    if not isinstance(moment, datetime):
        raise UnreadableRowError(
            f"Omnitron sent {type(row).__name__} {row.pk} without a modified_date: its version is unknown."
        )
    return moment


@dataclass(slots=True)
class Member:
    """One object in a batch.

    `owner` is the product (or order) that decides its fate: a price and a stock travel with their product.
    """

    content_type: ContentType
    pk: int
    version_date: datetime
    owner: ObjectKey
    key: str | None = None
    """The owner's name in the channel's answers."""
    name: str | None = None
    """The owner's name for people, if it differs from `key`: the sku of a product that the channel knows by its barcode."""
    orders: frozenset[str] = frozenset()
    """The channel's names of the order that it belongs to, where its own name is unique within the order only."""
    remote_id: str | None = None
    """The channel's id: known beforehand (a price has its product's; an order), or taken from the channel's answer."""
    failure: Failure | None = None
    settled: bool = False
    """The channel has acknowledged it."""
    committed: bool = False
    """Omnitron knows its current state."""
    reported: bool = False

    @property
    def object_key(self) -> ObjectKey:
        return self.content_type, self.pk

    def entry(self) -> BatchRequestObjectsDto:
        """This object's entry in a move."""
        return BatchRequestObjectsDto(
            pk=self.pk,
            version_date=self.version_date,
            content_type=self.content_type,
            failed_reason_type=self.failure.reason if self.failure else None,
            remote_id=self.remote_id if self.failure is None else None,
        )


def in_order(objects: Iterable[Keyed]) -> list[Keyed]:
    """Objects of one type in the order in which a batch sends them: by their keys, so that any process knows it later."""
    return sorted(objects, key=lambda item: item.pk)


def short(local_batch_id: str) -> str:
    """The first digits of a batch's id, enough for people to tell batches apart."""
    return local_batch_id[:8]


class Batch:
    """One batch request, from before it exists to its end.

    Raises (from every move):
        IllegalMoveError: the state machine forbids it; nothing was sent.
        CommitLockedError: another run holds this content type.
        TakenOverError: another run ended the batch.
    """

    def __init__(
        self, client: OmnitronClient, content_type: ContentType | None, row: BatchRequest | None = None
    ) -> None:
        self._client = client
        self.content_type = row.content_type if row else content_type
        self.pk: int | None = row.pk if row else None
        self.local_batch_id: str | None = row.local_batch_id if row else None
        self.remote_batch_id: str | None = row.remote_batch_id if row else None
        self.status: Status | None = row.status if row else None
        self.created_date: datetime | None = row.created_date if row else None
        self.members: dict[ObjectKey, Member] = {}
        self._by_owner: dict[ObjectKey, dict[ObjectKey, Member]] = {}
        self.is_ours = row is None
        """Whether this process sent it."""
        self.is_known = row is None
        """Whether `members` is complete. The members of a batch that another process created must be read first."""
        self.before: dict[ObjectKey, IntegrationAction | None] = {}
        """What is known of the actions of its objects before this batch; None: the object had never been sent."""
        self.held_back: set[ObjectKey] = set()
        """Owners that have to wait for another batch, and leave this one."""
        self.ended = 0
        """Objects that succeeded and left the batch: deleted ones."""

    def __repr__(self) -> str:
        return f"<Batch {self.name} {self.content_type} {self.status}>"

    @property
    def name(self) -> str:
        """The short name of this batch in logs and runs."""
        return short(self.local_batch_id) if self.local_batch_id else "(new)"

    @property
    def url(self) -> str | None:
        """The address of this batch in Omnitron; None before it exists.

        It is the batch's resource in the API: Omnitron's own pages are not part of its contract. It holds no credential;
        Omnitron's users can open it.
        """
        return None if self.pk is None else self._client.batches.url(self.pk)

    @property
    def is_open(self) -> bool:
        """Whether it exists and has not ended."""
        return self.status is not None and self.status not in (Status.done, Status.fail)

    # -- members ---------------------------------------------------------------------------------------------------

    def add(self, member: Member) -> Member:
        """Adds an object; the next move names it. An object whose owner has failed stays out."""
        owner = self.members.get(member.owner)
        if owner is None or owner.failure is None or member.object_key == member.owner:
            self._put(member)
        return member

    def _put(self, member: Member) -> None:
        self.drop(member.object_key)
        self.members[member.object_key] = member
        self._by_owner.setdefault(member.owner, {})[member.object_key] = member

    def drop(self, object_key: ObjectKey) -> None:
        """Takes an object out, if it is in the batch: no later move names it."""
        member = self.members.pop(object_key, None)
        if member is not None:
            del self._by_owner[member.owner][object_key]

    def hand_over(self, owners: Iterable[ObjectKey], to: "Batch") -> None:
        """Moves objects, with those that travel along, into another batch."""
        for owner in owners:
            for object_key, member in list(self._by_owner.get(owner, {}).items()):
                self.drop(object_key)
                to._put(member)
                if object_key in self.before:
                    to.before[object_key] = self.before[object_key]

    def take_members(self, members: Iterable[Member]) -> None:
        """Replaces the members by those that the batch's actions name. Failures that the channel's check found remain."""
        found = [member.failure for member in self.members.values() if member.failure is not None]
        self.members.clear()
        self._by_owner.clear()
        for member in members:
            self._put(member)
        self.is_known = True
        for failure in found:
            self.fail_member(failure)

    def of_type(self, content_type: ContentType | None = None) -> Iterator[Member]:
        """Its objects of one type, by default the batch's own."""
        wanted = content_type or self.content_type
        return (member for member in self.members.values() if member.content_type == wanted)

    def waiting(self) -> list[Member]:
        """Objects of its own type that have neither failed nor been acknowledged."""
        return [member for member in self.of_type() if member.failure is None and not member.settled]

    def fail_member(self, failure: Failure) -> None:
        """Marks an object as failed, and with it the objects that travel with it."""
        failed: ObjectKey = (ContentType(failure.content_type), failure.object.pk)
        if failed not in self.members:
            self.add(Member(*failed, version_of(failure.object), owner=failed))
        owner = self.members[failed].owner
        for member in list(self._by_owner[owner].values()):
            if not member.committed and member.failure is None and member.object_key != owner:
                self.drop(member.object_key)  # Omnitron never heard of it: there is nothing to release
            elif member.failure is None:
                member.failure, member.remote_id = failure, None
                member.committed = False
                member.reported = member.object_key != owner

    def settle_member(self, owner: ObjectKey, remote_id: str) -> None:
        """Marks an owner as acknowledged by the channel, and with it the objects that travelled along."""
        for member in self._by_owner.get(owner, {}).values():
            if member.failure is None:
                member.remote_id, member.settled, member.committed = remote_id, True, False

    def failures_to_report(self) -> list[Member]:
        """Failed objects without a report. They count as reported from now on."""
        found = [member for member in self.members.values() if member.failure and not member.reported]
        for member in found:
            member.reported = True
        return found

    # -- moves -----------------------------------------------------------------------------------------------------

    async def create(self) -> None:
        """Creates the batch in Omnitron."""
        row = await self._client.batches.create()
        self.pk, self.local_batch_id, self.status = row.pk, row.local_batch_id, row.status
        self.created_date = row.created_date

    async def commit(self) -> None:
        """Names new objects to lock, and failed ones. Also a sign of life (`modified_date` moves)."""
        if self.pk is None:
            await self.create()
        uncommitted = [member for member in self.members.values() if not member.committed]
        await self._move(Status.commit, uncommitted)

    async def sent_to_remote(self) -> None:
        """The channel accepted it under `remote_batch_id`."""
        await self._move(Status.sent_to_remote)

    async def ongoing(self) -> None:
        """The channel has not finished it."""
        await self._move(Status.ongoing)

    async def done(self) -> None:
        """Every object has its result. All are named: an object left out would stay locked for ever.

        Raises:
            IllegalMoveError: an object has neither a result nor a reason.
        """
        undecided = [m for m in self.members.values() if m.failure is None and not (m.settled and m.remote_id)]
        if undecided:
            raise IllegalMoveError(
                f"Batch {self.name} cannot be done: {len(undecided)} objects have neither a remote id nor a reason, "
                f"the first is {undecided[0].content_type} {undecided[0].pk}."
            )
        await self._move(Status.done, self.members.values())

    async def fail(self, named: Iterable[Member] = ()) -> None:
        """It failed as a whole: its objects are released and become due again; `named` ones end with their reason."""
        await self._move(Status.fail, list(named) or None)

    async def _move(self, to: Status, members: Iterable[Member] | None = None) -> None:
        if self.pk is None or self.status is None:
            raise IllegalMoveError(f"A batch that does not exist yet cannot become `{to}`.")
        if not may_move(self.status, to):
            raise IllegalMoveError(
                f"Batch {self.name} is `{self.status}` and cannot become `{to}`.", batch=self.local_batch_id
            )
        named = None if members is None else list(members)
        try:
            await self._client.batches.move(
                self.pk,
                to,
                content_type=self.content_type if to is Status.commit else None,
                remote_batch_id=self.remote_batch_id if to is Status.sent_to_remote else None,
                objects=None if named is None else [member.entry() for member in named],
            )
        except RefusedError as error:
            if error.status != HTTPStatus.NOT_ACCEPTABLE:
                raise
            await self._understand(to, error)
        self.status = to
        for member in named or ():
            member.committed = True

    async def _understand(self, to: Status, error: RefusedError) -> None:
        """Examines a refused move. An earlier try may have been applied and its answer lost.

        Returns only if the batch is in the wanted status.
        """
        assert self.pk is not None  # noqa: S101  # only an existing batch is moved
        said = str(error.body)
        if LOCKED in said:
            raise CommitLockedError(
                f"Another run's batch of {self.content_type} is in commit.", batch=self.local_batch_id
            ) from error
        if OTHER_TYPE in said:
            raise ContractError(
                f"Batch {self.name} belongs to another content type than {self.content_type}: {error.message}",
                batch=self.local_batch_id,
            ) from error
        found = await self._client.batches.get(self.pk)
        if found.status == to and self.status != to:
            return
        if to is Status.commit and found.status is Status.initialized and error.body is not None:
            # A hub may use another code for its lock; a batch that did not move shows the same.
            raise CommitLockedError(
                f"Omnitron does not let a batch of {self.content_type} into commit: {error.message}",
                batch=self.local_batch_id,
            ) from error
        if found.status != self.status:
            self.status = found.status
            raise TakenOverError(
                f"Batch {self.name} is already `{found.status}`: another run ended or took it over. This run drops its "
                "results; the objects become due again.",
                batch=self.local_batch_id,
            ) from error
        raise error
