"""The base of commands that ask the channel for the results of a batch that it accepted earlier."""

from dataclasses import replace
from typing import Any, ClassVar, cast

from clients.errors import ConfigError
from dto.outcomes import (
    CheckOutcome,
    Completed,
    InProgress,
    Unknown,
)
from tasks.batch import Batch, Member, in_order
from tasks.channel.command import AnsweredCommand, Connector
from tasks.channel.integration import ChannelIntegration
from tasks.command import OWN_BATCH


class CheckCommand(AnsweredCommand[Batch, CheckOutcome, Connector]):
    """Asks the channel for the results of a batch that it accepted earlier, named by `objects.remote_batch_id`.

    Attributes:
        ask_every: the seconds between two questions about one batch, at least.
        give_up_after: the seconds for which the channel may take to finish a batch, as a moderation of days does. Nothing of the
            batch is sent again before.
        needs_sent: whether the command needs `sent`. That costs a few requests to Omnitron, and the results of `InProgress` are
            recorded at the end only.
    """

    ask_every: ClassVar[float] = 0.0
    give_up_after: ClassVar[float] = 24 * 3_600.0
    needs_sent: ClassVar[bool] = False

    batch_request: Batch = OWN_BATCH

    @property
    def sent(self) -> list[Member]:
        """The objects that the channel has to answer for, each with the `key` and `remote_id` under which it was sent, in the
        order of the send: for a channel that names lines. Those that the send refused at once are not among them.

        Raises:
            ConfigError: the command does not say `needs_sent`.
        """
        if not self.needs_sent:
            raise ConfigError(f"{type(self).__name__} reads `sent`: say `needs_sent = True` in it, so that it is read.")
        return in_order(self.objects.of_type())

    def outcome(self, answer: Any) -> CheckOutcome:
        match answer:
            case Completed():
                self.checked(answer.results, answer.reports)
                return replace(answer, unreadable=self.all_unreadable(answer.unreadable))
            case InProgress():
                self.checked(answer.results, answer.reports)
                return answer
            case Unknown():
                self.checked((), answer.reports)
                return answer
        results, lines = self.parts(answer)
        unreadable = self.all_unreadable()
        return Completed(results, lines, unreadable) if results or unreadable else InProgress(lines)


def check_of(channel: ChannelIntegration, command: type[CheckCommand[Any]]) -> type[CheckCommand[Any]]:
    """The connector's own form of a check, which says how often and how long it asks.

    Raises:
        CapabilityError: the connector has none.
        ConfigError: its command is no check.
    """
    channel.require(command)
    return cast(type[CheckCommand[Any]], channel.get_action(command))
