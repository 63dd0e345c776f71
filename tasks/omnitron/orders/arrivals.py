"""Arrivals: orders, cancellations and requests of the channel, brought into Omnitron one by one and bound in one batch."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, TypeVar

from clients.errors import (
    AuthError,
    ChannelAppError,
    ConfigError,
    IllegalMoveError,
    SkipError,
    TakenOverError,
    error_code,
)
from dto.enums import ContentType
from tasks.batch import Member, version_of
from tasks.concurrency import for_each
from tasks.omnitron.command import OmnitronCommand
from tasks.sanitizing import unforeseen_about_one

Item = TypeVar("Item")

STOPS_ALL = (AuthError, ConfigError, IllegalMoveError, SkipError, TakenOverError)
"""Errors that are about the run, and stop all arrivals. Any other is the failure of the one that met it, foreseen or not: a
hub that always answers one order with 503 does not stop the others."""


@dataclass(slots=True)
class Arrival:
    """The outcome for one order, cancellation or request of the channel.

    `outcome` is `created`, `repaired`, `known`, `cancelled`, `changed`, ... or `failed`; `problem` is then the reason. The
    channel lists a failed one again, so the next run tries again.
    """

    name: str
    outcome: str = "failed"
    problem: ChannelAppError | None = None
    notes: list[str] = field(default_factory=list)
    """Remarks for the merchant, also on success."""

    @property
    def code(self) -> str:
        """A short name of the problem, for counting."""
        return error_code(self.problem) if self.problem else ""


class ArrivalCommand(OmnitronCommand[Sequence[Item], list[Arrival]]):
    """Takes items of the channel into Omnitron, separately and side by side.

    With `binds`, the run's batch binds created objects to the channel's ids. The first one is created and committed before
    the others: a second run at the same time meets its lock.
    """

    retries = 0  # a second try finds the objects of the first, but no longer knows their versions
    binds: ClassVar[bool] = False
    activity: ClassVar[str]

    def name(self, item: Item) -> str:
        """The item's name for people."""
        raise NotImplementedError

    def group(self, item: Item) -> Hashable:
        """The group of an item. Items of one group are taken in one after the other."""
        return self.name(item)

    async def prepare(self, items: Sequence[Item]) -> None:
        """Looks up in bulk the data that `take_in` needs."""

    async def take_in(self, item: Item, arrival: Arrival) -> list[Member]:
        """Takes one item in, sets `arrival.outcome`, and returns the objects to bind.

        Raises:
            AuthError, ConfigError, IllegalMoveError, SkipError, TakenOverError: the run stops.
            Exception: this item alone fails.
        """
        raise NotImplementedError

    async def send(self, items: Sequence[Item]) -> list[Arrival]:
        await self.prepare(items)
        groups: dict[Hashable, list[Item]] = {}
        for item in items:
            groups.setdefault(self.group(item), []).append(item)
        progress = self.integration.progress(self.activity, len(items), self.batch_request)
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
        except STOPS_ALL:
            raise
        except Exception as error:
            arrival.outcome = "failed"
            arrival.problem = error if isinstance(error, ChannelAppError) else unforeseen_about_one(error)
        else:
            for member in members:
                self.batch_request.add(member)
        return arrival


def binding(content_type: ContentType, row: Any, remote_id: str) -> Member:
    """The member for an object that is on the channel already, under `remote_id`: the batch only records it."""
    object_key = (content_type, row.pk)
    return Member(*object_key, version_of(row), owner=object_key, remote_id=remote_id, settled=True)
