"""A batch and what it holds: one run's view of Omnitron's state machine."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from clients.errors import (
    CommitLockedError,
    ContractError,
    IllegalMoveError,
    RefusedError,
    TakenOverError,
)
from clients.omnitron import OmnitronClient
from dto.batch_states import may_move
from dto.batches import BatchRequestObjectsDto
from dto.enums import BatchRequestStatus as Status
from dto.enums import ContentType
from dto.omnitron import BatchRequest
from tasks.failure import Failure

LOCKED = "batch_request_status_100_2"
"""406: another batch of this type is in commit (code assumed)."""
OTHER_TYPE = "batch_request_content_type_100_1"
"""406: the batch was first committed with another content type (assumed)."""

Reference = tuple[ContentType, int]
"""An object of Omnitron's: its type and key."""


def version_of(row: Any) -> datetime:
    """The version of an object that was read: what `done` will say was sent, whatever happens to it meanwhile.

    Raises:
        ContractError: the row came without a `modified_date`.
    """
    moment = getattr(row, "modified_date", None)
    if not isinstance(moment, datetime):
        raise ContractError(
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
    owner: Reference
    key: str | None = None
    """The owner's name in the channel's answers."""
    name: str | None = None
    """What people call the owner, where that is not its `key`: the sku of a product that the channel knows by its barcode."""
    remote_id: str | None = None
    """What the channel calls it: known beforehand (a price by its product, an order), or from the channel's answer."""
    failure: Failure | None = None
    settled: bool = False
    """The channel has acknowledged it."""
    committed: bool = False
    """Omnitron knows its present state."""
    reported: bool = False

    @property
    def reference(self) -> Reference:
        return self.content_type, self.pk

    def entry(self) -> BatchRequestObjectsDto:
        """What a move says about this object."""
        return BatchRequestObjectsDto(
            pk=self.pk,
            version_date=self.version_date,
            content_type=self.content_type,
            failed_reason_type=self.failure.reason if self.failure else None,
            remote_id=self.remote_id if self.failure is None else None,
        )


def short(local_batch_id: str) -> str:
    """The first digits of a batch's id: enough for a person to tell batches apart."""
    return local_batch_id[:8]


class Batch:
    """One batch request, from before it exists to its end.

    Raises (from every move):
        IllegalMoveError: the state machine forbids it; nothing was sent.
        CommitLockedError: another run holds this content type.
        TakenOverError: somebody else ended the batch.
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
        self.members: dict[Reference, Member] = {}
        self.is_known = row is None
        """Whether `members` are all that it holds. Of a batch that another process made, they have to be read first."""
        self.ended = 0
        """Objects that ended well without a trace in the batch: deleted ones."""

    def __repr__(self) -> str:
        return f"<Batch {self.name} {self.content_type} {self.status}>"

    @property
    def name(self) -> str:
        """How people call this batch in logs and runs."""
        return short(self.local_batch_id) if self.local_batch_id else "(new)"

    @property
    def url(self) -> str | None:
        """Where Omnitron shows this batch; none before it exists.

        It is the batch's own resource in the API: what else Omnitron has to look at is not part of its contract. It opens
        for whoever Omnitron knows; there is no credential in it.
        """
        return None if self.pk is None else self._client.batch_url(self.pk)

    @property
    def is_open(self) -> bool:
        """Whether it exists and has not ended."""
        return self.status is not None and self.status not in (Status.done, Status.fail)

    # -- what it holds ---------------------------------------------------------------------------------------------

    def hold(self, member: Member) -> Member:
        """Takes an object in; the next move names it. What travels with an object that has failed stays out."""
        owner = self.members.get(member.owner)
        if owner is None or owner.failure is None or member.reference == member.owner:
            self.members[member.reference] = member
        return member

    def take_members(self, members: Iterable[Member]) -> None:
        """Takes what the batch holds by its own actions. What the channel's check found wrong before that stays wrong."""
        found = [member.failure for member in self.members.values() if member.failure is not None]
        self.members = {member.reference: member for member in members}
        self.is_known = True
        for failure in found:
            self.fail_member(failure)

    def of_type(self, content_type: ContentType | None = None) -> Iterator[Member]:
        """Its objects of one type; by default of its own."""
        wanted = content_type or self.content_type
        return (member for member in self.members.values() if member.content_type == wanted)

    def waiting(self) -> list[Member]:
        """Objects of its own type that have neither failed nor been acknowledged."""
        return [member for member in self.of_type() if member.failure is None and not member.settled]

    def fail_member(self, failure: Failure) -> None:
        """An object failed. What travels with it fails with it."""
        failed: Reference = (ContentType(failure.content_type), failure.object.pk)
        if failed not in self.members:
            self.hold(Member(*failed, version_of(failure.object), owner=failed))
        owner = self.members[failed].owner
        for member in list(self.members.values()):
            if member.owner != owner and member.reference != failed:
                continue
            if not member.committed and member.owner == owner and member.reference != owner:
                del self.members[member.reference]  # it was never announced: there is nothing to release
            elif member.failure is None:
                member.failure, member.remote_id = failure, None
                member.committed = False
                member.reported = member.reference != owner

    def settle_member(self, owner: Reference, remote_id: str) -> None:
        """The channel acknowledged the owner, and with it what travelled along."""
        for member in self.members.values():
            if member.owner == owner and member.failure is None:
                member.remote_id, member.settled, member.committed = remote_id, True, False

    def failures_to_report(self) -> list[Member]:
        """Failed objects that no report names yet; from now on they count as reported."""
        found = [member for member in self.members.values() if member.failure and not member.reported]
        for member in found:
            member.reported = True
        return found

    # -- moves -----------------------------------------------------------------------------------------------------

    async def create(self) -> None:
        """Makes the batch exist."""
        row = await self._client.create_batch()
        self.pk, self.local_batch_id, self.status = row.pk, row.local_batch_id, row.status
        self.created_date = row.created_date

    async def commit(self) -> None:
        """Names what is new: objects to lock, and objects that failed. Also a sign of life (`modified_date` moves)."""
        if self.pk is None:
            await self.create()
        news = [member for member in self.members.values() if not member.committed]
        await self._move(Status.commit, news)

    async def sent_to_remote(self) -> None:
        """The channel took it, under `remote_batch_id`."""
        await self._move(Status.sent_to_remote)

    async def ongoing(self) -> None:
        """The channel was asked and has not finished."""
        await self._move(Status.ongoing)

    async def done(self) -> None:
        """Every object has its result. All are named: one that is not would stay locked for ever.

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
        """It failed as a whole: its objects are released and offered again; `named` ones end with their reason."""
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
            await self._client.move_batch(
                self.pk,
                to,
                content_type=self.content_type if to is Status.commit else None,
                remote_batch_id=self.remote_batch_id if to is Status.sent_to_remote else None,
                objects=None if named is None else [member.entry() for member in named],
            )
        except RefusedError as error:
            if error.status != 406:  # noqa: PLR2004
                raise
            await self._understand(to, error)
        self.status = to
        for member in named or ():
            member.committed = True

    async def _understand(self, to: Status, error: RefusedError) -> None:
        """A refused move: it may have been applied already, its answer having been lost.

        Returns only when the batch is where it should be.
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
        found = await self._client.batch(self.pk)
        if found.status == to != self.status:
            return
        if to is Status.commit and found.status is Status.initialized and error.body is not None:
            # A hub may have another code for its lock; that the batch did not move says the same.
            raise CommitLockedError(
                f"Omnitron does not let a batch of {self.content_type} into commit: {error.message}",
                batch=self.local_batch_id,
            ) from error
        if found.status != self.status:
            self.status = found.status
            raise TakenOverError(
                f"Batch {self.name} is `{found.status}` by now: somebody else ended or took it. What this run knows about "
                "it is dropped; its objects are offered again.",
                batch=self.local_batch_id,
            ) from error
        raise error
