"""The channel's side: the class that a connector derives from, and how the program finds it."""

from typing import ClassVar

from clients.calls import Traffic
from clients.errors import CapabilityError
from clients.runtime import Runtime
from clients.state import State
from clients.webhooks import Webhook
from dto.omnitron import Channel
from tasks.integration import BaseIntegration, CommandType, load, refuse_narrower


class ChannelIntegration(BaseIntegration):
    """The base class of a connector, which speaks to one marketplace.

    A connector opens its API client in `__init__` from `channel.conf`, closes it in `__aexit__`, and lists its commands in
    `actions`:

        class ChannelIntegration(base.ChannelIntegration):
            name = "bazaar"
            actions = {command.key: command for command in (SendProducts, ...)}

    Commands that the channel does not support are left out: a flow that needs one says so before it starts.

    Attributes:
        is_sync: whether the channel answers at once; None if only its answers show that.
        max_batch_size: objects that the channel takes in one send.
        max_lookback_days: how far back the channel's orders can be read.
        webhook: how the channel signs and names its events; None if it sends none, or those of the program's own form.
        traffic: the requests of the connector's client, if it counts them.
        state: what the connector keeps from run to run.
    """

    name = "channel"
    is_sync: bool | None = None
    max_batch_size: ClassVar[int] = 5_000
    max_lookback_days: ClassVar[float] = 365.0
    webhook: ClassVar[Webhook | None] = None

    def __init__(self, channel: Channel, runtime: Runtime | None = None) -> None:
        super().__init__(runtime)
        self.channel_object = channel
        self.conf = channel.conf
        self.traffic = Traffic()
        self.state = State(self.runtime)

    async def sign_of_life(self) -> None:
        """Makes a cheap request that fails if the channel is down. It comes before objects are locked, so that an outage
        costs no object an attempt. By default the channel counts as up.

        Raises:
            RetryableError, AuthError: the channel cannot be used now.
        """

    @classmethod
    def require(cls, *commands: CommandType) -> None:
        """Makes sure that the connector has these commands, with the parameters that flows pass.

        Raises:
            CapabilityError: it lacks one.
            ConfigError: one of them lacks a parameter.
        """
        missing = [command.key for command in commands if not cls.can(command)]
        if missing:
            has = ", ".join(sorted(cls.actions)) or "no commands"
            raise CapabilityError(f"The connector `{cls.name}` has no {', no '.join(missing)}. It has: {has}.")
        for command in commands:
            refuse_narrower(cls, cls.actions[command.key], command)


def load_webhook(module: str) -> Webhook | None:
    """How the connector that CHANNEL_MODULE names takes events.

    Raises:
        ConfigError: there is no such connector.
    """
    return load("CHANNEL_MODULE", module, ChannelIntegration).webhook


def load_channel(runtime: Runtime) -> type[ChannelIntegration]:
    """The connector that CHANNEL_MODULE names."""
    return load("CHANNEL_MODULE", runtime.settings.CHANNEL_MODULE, ChannelIntegration)
