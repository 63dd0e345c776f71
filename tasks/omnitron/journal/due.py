"""Reads due objects: the rows, and the members that lock them in a batch."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import ClassVar, Generic, TypeVar

from clients.errors import UnreadableRowError
from clients.omnitron.due import DueRows
from clients.omnitron.lists import key_of
from clients.omnitron.rows import UnreadableRow
from dto.base import OmnitronObject
from dto.enums import ContentType
from tasks.batch import Member, version_of
from tasks.command import In
from tasks.failure import Failure
from tasks.omnitron.command import OmnitronCommand

Row = TypeVar("Row", bound=OmnitronObject)


class Due(list[Row]):
    """A list of rows that are due.

    Attributes:
        members: the same objects as members of a batch, at the versions that were read; then those that cannot be read.
        total: the number of all due objects by Omnitron's count; 0 if it gave no count.
        unreadable: the failures of members that cannot be read.
        waiting: the keys of due objects that cannot be sent yet.
    """

    def __init__(
        self,
        rows: Iterable[Row],
        members: Sequence[Member],
        total: int,
        unreadable: Sequence[Failure] = (),
        waiting: Collection[int] = (),
    ) -> None:
        super().__init__(rows)
        self.members = members
        self.total = total
        self.unreadable = unreadable
        self.waiting = waiting

    def only(self, rows: Sequence[Row]) -> "Due[Row]":
        """Some of the rows alone, and those that cannot be read."""
        wanted = {key_of(row) for row in rows} | {failure.object.pk for failure in self.unreadable}
        members = [member for member in self.members if member.pk in wanted]
        return Due(rows, members, self.total, self.unreadable, self.waiting)

    def last(self) -> "Due[Row]":
        """The last of them alone; one that can be read, if there is one."""
        if self:
            return Due(self[-1:], self.members[len(self) - 1 : len(self)], self.total, waiting=self.waiting)
        return Due((), self.members[-1:], self.total, self.unreadable[-1:], self.waiting)


class GetDue(OmnitronCommand[In, Due[Row]], Generic[In, Row]):
    """Reads objects that are due. The sending pipeline commits and identifies them in separate steps.

    Run alone with a batch (`create_batch`), the command does both itself.
    """

    content_type: ClassVar[ContentType]
    which: ClassVar[str]
    """The name of the list: `inserts`, `updates`, ..."""
    named_in: ClassVar[str] = ""
    """The field that holds an object's name for people."""
    limit: int = 1_000
    """Objects in one batch: several pages of the list."""
    skip: Collection[int] = ()
    """Keys that this run has tried already."""
    waiting: Collection[int] = ()
    """Keys that this run has found to be due, and that cannot be sent yet: they stand at the head of the list."""

    async def get_data(self) -> DueRows[Row]:
        """The first rows of the list."""
        raise NotImplementedError

    def member(self, row: Row) -> Member:
        """The row as a member of a batch."""
        object_key = (self.content_type, key_of(row))
        return Member(*object_key, version_of(row), owner=object_key)

    async def identify(self, rows: list[Row]) -> list[Row]:
        """The rows that have a name on the channel; the others fail."""
        return rows

    async def names(self, rows: Sequence[UnreadableRow]) -> Mapping[int, str]:
        """The names for people of objects that cannot be read, by their keys, as far as they are known."""
        return {row.key: name for row in rows if (name := row.text(self.named_in)) is not None}

    async def send(self, due: DueRows[Row]) -> Due[Row]:
        rows, unreadable = due.rows, await self._unreadable(due.unreadable)
        members = [*map(self.member, rows), *(failure.object for failure in unreadable)]
        if members and self.integration.create_batch:
            await self.integration.refresh()
            for member in members:
                self.batch_request.add(member)
            await self.integration.commit()
            self.failed_object_list += unreadable
            rows = await self.identify(rows)
        return Due(rows, members, due.total, unreadable, due.waiting)

    async def _unreadable(self, rows: Sequence[UnreadableRow]) -> list[Failure]:
        """Objects that cannot be read, as members of a batch that fail."""
        self.integration.client.left_out.hand_over(rows)
        names = await self.names(rows) if rows else {}
        failures = []
        for row in rows:
            object_key, name = (self.content_type, row.key), names.get(row.key)
            version = row.version
            assert version is not None  # noqa: S101  # others are left out
            member = Member(*object_key, version, owner=object_key, name=name)
            known = UnreadableRowError(row.message(name))
            failures.append(Failure(member, self.content_type, known.message, known.reason, known.code, self.key))
        return failures
