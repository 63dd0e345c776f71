"""The base of commands that hand objects to the channel."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, ClassVar, Literal

from clients.errors import ConfigError, ContractError
from dto.outcomes import (
    Accepted,
    Completed,
    ItemResult,
    SendOutcome,
)
from tasks.batch import Batch
from tasks.channel.command import AnsweredCommand, Connector, is_id
from tasks.channel.one_by_one import OneByOne
from tasks.command import OWN_BATCH, In


class SendCommand(AnsweredCommand[In, SendOutcome, Connector]):
    """Hands objects to the channel. Must be idempotent: a send is repeated after a lost answer.

    Attributes:
        needs_counterpart: of prices and stocks, whether one call carries both. Then each price comes with its product's stock,
            as `price.productstock`, or each stock with its price, as `stock.productprice`: it is locked in the same batch and has
            the same result, so no older value overwrites a newer one.
        max_items_per_call: the number of objects that the channel takes in one call, where a batch holds more. The command runs
            once for each call. A call that fails costs only its own objects an attempt.
        carries: what a call for products carries beside them: `"price"`, `"stock"`. By default both, and they have the product's
            result. What is left out is attached for reference only, and is sent by its own command.
        group_by: the field by which objects belong together, such as `base_code` for the variants of a product. What is due of a
            group goes out in one call, unless that is more than a call takes.
    """

    needs_counterpart: ClassVar[bool] = False
    max_items_per_call: ClassVar[int | None] = None
    group_by: ClassVar[str] = ""
    carries: ClassVar[tuple[Literal["price", "stock"], ...]] = ("price", "stock")

    batch_request: Batch = OWN_BATCH

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if cls.max_items_per_call is not None and cls.max_items_per_call < 1:
            raise ConfigError(
                f"{cls.__name__}.max_items_per_call is {cls.max_items_per_call}: give 1 or more, or leave it out."
            )

    def send(self, validated_data: Any) -> Any:
        """Hands the objects over: one by one, if the command says how one is sent."""
        return self.one_by_one(validated_data) if self.is_one_by_one() else validated_data

    async def one_by_one(self, objects: Sequence[Any]) -> Completed:
        """Sends each object with `send_one`, side by side: for a channel that takes one in a call, and for the second try where
        a call for many was refused as a whole. An object that fails costs no other anything."""
        return await OneByOne(self).send(objects)

    async def send_one(self, item: Any, found: ItemResult | None) -> ItemResult:  # for subclasses
        """Sends one object, and answers its result. Raise RejectedError with the channel's reason where it refuses the object.

        `found` is the channel's own record of it, as `find` answers it: then it is there already, and wants an update.
        """
        raise NotImplementedError

    async def find(self, objects: Sequence[Any]) -> Iterable[ItemResult]:  # noqa: ARG002  # for subclasses
        """Those of the objects that the channel has already. It is asked before objects are sent one by one, and again about one
        whose answer was lost. Write it where sending an object twice would create two."""
        return ()

    def unexpected_answer(self, answer: Any) -> ContractError:
        own = type(self)
        if own.send is SendCommand.send and own.normalize_response is AnsweredCommand.normalize_response:
            return ContractError(f"{own.__name__} has neither `send` nor `send_one`: write one of them.")
        return super().unexpected_answer(answer)

    @property
    def can_find(self) -> bool:
        """Whether the channel can be asked for an object."""
        return type(self).find is not SendCommand.find

    @classmethod
    def is_one_by_one(cls) -> bool:
        """Whether it may send objects one by one."""
        return cls.send_one is not SendCommand.send_one

    def outcome(self, answer: Any) -> SendOutcome:
        match answer:
            case Completed():
                self.checked(answer.results, answer.reports)
                return replace(answer, unreadable=self.all_unreadable(answer.unreadable))
            case Accepted(remote_batch_id) if is_id(remote_batch_id):
                self.checked(answer.rejected, answer.reports)
                self.batch_request.remote_batch_id = str(remote_batch_id)
                return replace(answer, unreadable=self.all_unreadable(answer.unreadable))
            case _:
                results, lines = self.parts(answer)
        unreadable = self.all_unreadable()
        if is_id(self.batch_request.remote_batch_id):
            remote_batch_id = self.batch_request.remote_batch_id = str(self.batch_request.remote_batch_id)
            return Accepted(remote_batch_id, results, lines, unreadable)
        if not results and not self.failed_object_list and not unreadable:
            raise self.unexpected_answer(answer)
        return Completed(results, lines, unreadable)
