"""What the channel has and Omnitron has not yet: brought in one by one, each with its own ending, bound in one batch."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, TypeVar

from clients.errors import ChannelAppError, ContractError, ItemError, RefusedError, RetryableError
from dto.enums import ContentType
from tasks.batch import Member, version_of
from tasks.command import OmnitronCommand
from tasks.concurrency import for_each

Item = TypeVar("Item")

ITS_OWN = (ItemError, RefusedError, ContractError, RetryableError)
"""Errors that stop one arrival alone. A hub that answers one order with 503 for ever keeps no other out."""


@dataclass(slots=True)
class Arrival:
    """What became of one order, cancellation or request of the channel's.

    `ending` says what was done for it: `created`, `repaired`, `known`, `cancelled`, `changed`, ... `problem` says why nothing
    was; the channel lists it again, so the next run tries again.
    """

    name: str
    ending: str = "failed"
    problem: ChannelAppError | None = None
    notes: list[str] = field(default_factory=list)
    """What the merchant should know though it went well."""

    @property
    def code(self) -> str:
        """A short name of the problem, to count by."""
        if isinstance(self.problem, ItemError):
            return self.problem.code
        if isinstance(self.problem, RefusedError):
            return "Refused"
        return type(self.problem).__name__.removesuffix("Error") if self.problem else ""


class Arriving(OmnitronCommand[Sequence[Item], list[Arrival]]):
    """Takes what the channel has into Omnitron, each on its own and side by side.

    With `binds`, what was made is bound to the channel's ids by the run's batch: the first one is made and committed before
    any other, so that of two runs at the same time one meets the lock.
    """

    retries = 0  # what was made in a first try is found, not made again, but its versions are not known any more
    binds: ClassVar[bool] = False
    doing: ClassVar[str]

    def name(self, item: Item) -> str:
        """What people call it."""
        raise NotImplementedError

    def group(self, item: Item) -> Hashable:
        """Items of one group are taken in one after the other."""
        return self.name(item)

    async def prepare(self, items: Sequence[Item]) -> None:
        """Looks up in bulk what `take_in` needs."""

    async def take_in(self, item: Item, arrival: Arrival) -> list[Member]:
        """Takes one in, sets `arrival.ending`, and answers what is to be bound.

        Raises:
            ItemError, RefusedError, ContractError, RetryableError: this one alone is not taken in.
        """
        raise NotImplementedError

    async def send(self, items: Sequence[Item]) -> list[Arrival]:
        await self.prepare(items)
        groups: dict[Hashable, list[Item]] = {}
        for item in items:
            groups.setdefault(self.group(item), []).append(item)
        progress = self.integration.progress(self.doing, len(items), self.batch_request)
        arrivals: list[Arrival] = []

        async def take_group(group: list[Item]) -> None:
            for item in group:
                arrivals.append(await self._take(item))
                progress.step()

        waiting = list(groups.values())
        while self.binds and waiting and not self._binding:
            await take_group(waiting.pop(0))
        if self._binding:
            await self.integration.commit()
        await for_each(waiting, take_group)
        if self._binding:
            await self.batch_request.commit()
        return arrivals

    @property
    def _binding(self) -> bool:
        return self.binds and bool(self.batch_request.members)

    async def _take(self, item: Item) -> Arrival:
        arrival = Arrival(self.name(item))
        try:
            members = await self.take_in(item, arrival)
        except ITS_OWN as error:
            arrival.ending, arrival.problem = "failed", error
        else:
            for member in members:
                self.batch_request.hold(member)
        return arrival


def binding(content_type: ContentType, row: Any, remote_id: str) -> Member:
    """An object that is on the channel already, under `remote_id`: the batch only records it."""
    reference = (content_type, row.pk)
    return Member(*reference, version_of(row), owner=reference, remote_id=remote_id, settled=True)
