"""The way of a channel that takes objects one by one: each is looked for, sent, and has a result of its own."""

from collections.abc import Iterable, Sequence
from typing import Any, Protocol

from clients.errors import (
    AuthError,
    ChannelAppError,
    ContractError,
    ItemError,
    LostAnswerError,
    RefusedError,
    RetryableError,
    error_code,
)
from dto.enums import FailedReasonType
from dto.outcomes import Completed, ItemResult, Unsent
from tasks.batch import Batch
from tasks.concurrency import for_each
from tasks.sanitizing import unforeseen_about_one
from tasks.settlement import results_by_key


class SendsOne(Protocol):
    """A send command, as far as it sends one object."""

    batch_request: Batch
    failed_object_list: list[tuple[Any, ...]]

    @property
    def can_find(self) -> bool: ...

    async def find(self, objects: Sequence[Any]) -> Iterable[ItemResult]: ...

    async def send_one(self, item: Any, found: ItemResult | None) -> ItemResult: ...

    def fail(self, failed: Any, reason: FailedReasonType, message: str, code: str = ...) -> None: ...


class OneByOne:
    """Sends the objects of one command side by side. One that fails costs no other anything. If the channel goes down in the
    middle, what it has answered counts, and the rest is not sent."""

    def __init__(self, command: SendsOne) -> None:
        self.command = command
        self.results: list[ItemResult] = []
        self.unsent: list[int] = []
        self.stopped_by: ChannelAppError | None = None

    async def send(self, objects: Sequence[Any]) -> Completed:
        """The results of all objects, in their order.

        Raises:
            RetryableError, AuthError: the channel is down, and has answered for no object.
        """
        there = await self.find(objects)
        answers = await for_each(objects, lambda item: self.send_one(item, there.get(item.pk)))
        results = tuple(answer for answer in answers if answer is not None)
        if self.stopped_by is None:
            return Completed(results)
        if not results and not self.command.failed_object_list:
            raise self.stopped_by
        return Completed(results, unsent=Unsent(tuple(self.unsent), self.stopped_by))

    async def find(self, objects: Sequence[Any]) -> dict[int, ItemResult]:
        """The objects that the channel has already, by their keys."""
        return results_by_key(self.command.batch_request, await self.command.find(objects))

    async def send_one(self, item: Any, found: ItemResult | None) -> ItemResult | None:
        """The result of one object; None if it failed, or was not sent."""
        if self.stopped_by is not None:
            self.unsent.append(item.pk)
            return None
        try:
            return await self._create(item, found)
        except ItemError as error:
            self.command.fail(item, error.reason, error.message, error.code)
        except (RefusedError, ContractError, LostAnswerError) as error:
            self.command.fail(item, FailedReasonType.remote, error.message, error_code(error))
        except (RetryableError, AuthError) as error:
            self.stopped_by = error
            self.unsent.append(item.pk)
        except ChannelAppError:
            raise
        except Exception as error:  # a mistake that one object brings out is that object's failure
            self.command.fail(item, FailedReasonType.channel_app, unforeseen_about_one(error).message, "Unforeseen")
        return None

    async def _create(self, item: Any, found: ItemResult | None) -> ItemResult:
        """Sends one object. After a lost answer it is looked for, and sent once more if it did not arrive."""
        try:
            return await self.command.send_one(item, found)
        except LostAnswerError:
            if not self.command.can_find:
                raise
            arrived = (await self.find([item])).get(item.pk)
            if found is None and arrived is not None:
                return arrived
            return await self.command.send_one(item, arrived)
