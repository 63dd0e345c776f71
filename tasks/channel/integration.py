"""The channel's side: the class that a connector derives from, and how the program finds it."""

import importlib
from typing import Any, ClassVar

from clients.errors import CapabilityError, ConfigError
from clients.runtime import Runtime
from clients.transport import Traffic
from dto.omnitron import Channel
from tasks.integration import BaseIntegration, CommandType


class ChannelIntegration(BaseIntegration):
    """Speaks to one marketplace. A connector subclasses it, opens its API client in `__init__` from `channel.conf`,
    closes it in `__aexit__`, and lists its commands in `actions`.

    A connector's own class:

        class ChannelIntegration(base.ChannelIntegration):
            name = "bazaar"
            actions = {command.key: command for command in (SendProducts, ...)}

    What the channel cannot do is left out: a flow that needs it says so before it starts.

    Attributes:
        is_sync: whether the channel answers at once; none where that is known from its answers only.
        max_batch_size: objects that the channel takes in one send.
        max_lookback_days: how far back the channel lets orders be read.
        traffic: what went over the wire, where the connector's client counts it.
    """

    name = "channel"
    is_sync: bool | None = None
    max_batch_size: ClassVar[int] = 5_000
    max_lookback_days: ClassVar[float] = 365.0

    def __init__(self, channel: Channel, runtime: Runtime | None = None) -> None:
        super().__init__(runtime)
        self.channel_object = channel
        self.conf = channel.conf
        self.traffic = Traffic()

    async def sign_of_life(self) -> None:
        """A cheap request that fails when the channel is down: made before objects are locked, so that an outage
        costs none of them an attempt. By default the channel is taken to be up.

        Raises:
            RetryableError, AuthError: it cannot be used now.
        """

    @classmethod
    def require(cls, *commands: CommandType) -> None:
        """Makes sure that the connector has these commands.

        Raises:
            CapabilityError: it lacks one.
        """
        missing = [command.key for command in commands if not cls.can(command)]
        if missing:
            has = ", ".join(sorted(cls.actions)) or "none"
            raise CapabilityError(f"The connector `{cls.name}` has no {', no '.join(missing)}. It has: {has}.")


def load(setting: str, name: str, default_class: str, base: type[Any]) -> type[Any]:
    """The integration class that a setting names: `package.module`, or `package.module:Class`.

    Raises:
        ConfigError: there is no such module or class, or it is of another kind.
    """
    module_name, _, class_name = name.partition(":")
    try:
        module = importlib.import_module(module_name)
    except ImportError as error:
        raise ConfigError(
            f"{setting} is `{name}`, but the module `{module_name}` cannot be imported: {error}. "
            "Install the connector's package, start in the folder that holds it, or set the name of the one that you have."
        ) from error
    found = getattr(module, class_name or default_class, None)
    if not (isinstance(found, type) and issubclass(found, base)):
        raise ConfigError(
            f"{setting} is `{name}`, but `{module_name}` holds no {class_name or default_class} "
            f"that derives from {base.__module__}.{base.__name__}."
        )
    return found


def load_channel(runtime: Runtime) -> type[ChannelIntegration]:
    """The connector that CHANNEL_MODULE names."""
    return load("CHANNEL_MODULE", runtime.settings.CHANNEL_MODULE, "ChannelIntegration", ChannelIntegration)
