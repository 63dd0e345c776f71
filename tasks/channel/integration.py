"""The channel's side: the class that a connector derives from, and how the program finds it."""

from functools import cached_property
from types import TracebackType
from typing import Any, ClassVar, Generic, Self, cast, get_args, get_origin

from typing_extensions import TypeVar, get_original_bases

from clients.calls import Traffic
from clients.errors import CapabilityError, ConfigError
from clients.runtime import Runtime
from clients.state import State
from clients.transport import Transport
from clients.webhooks import Webhook
from dto.omnitron import Channel, ChannelConf
from tasks.channel.conf import checked_conf
from tasks.integration import BaseIntegration, CommandType, load, refuse_narrower
from tasks.sanitizing import mistake

Conf_co = TypeVar("Conf_co", bound=ChannelConf, default=ChannelConf, covariant=True)
"""The connector's own settings, if it declares them."""


class ChannelIntegration(BaseIntegration, Generic[Conf_co]):
    """The base class of a connector, which speaks to one marketplace.

    A connector declares its settings, opens its connections in `connect`, and lists its commands in `actions`:

        class Bazaar(ChannelIntegration[BazaarConf]):
            name = "bazaar"
            actions = commands_of(SendProducts, ...)

            def connect(self) -> Transport:
                return Transport("Bazaar", self.conf.base_url, self.runtime, unavailable=ChannelUnavailableError)

    Commands that the channel does not support are left out: a flow that needs one says so before it starts.

    Attributes:
        is_sync: whether the channel answers at once; None if only its answers show that.
        max_batch_size: objects that the channel takes in one send.
        max_lookback_days: how far back the channel's orders can be read.
        webhook: how the channel signs and names its events; None if it sends none, or those of the program's own form.
        traffic: the requests of the connector's transport; of a client of its own, if that counts them.
        state: what the connector keeps from run to run.
        conf_class: the class of the settings, which `ChannelIntegration[BazaarConf]` names.
    """

    name = "channel"
    is_sync: bool | None = None
    max_batch_size: ClassVar[int] = 5_000
    max_lookback_days: ClassVar[float] = 365.0
    webhook: ClassVar[Webhook | None] = None
    conf_class: ClassVar[type[ChannelConf]] = ChannelConf

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        for base in get_original_bases(cls):
            origin = get_origin(base)
            if isinstance(origin, type) and issubclass(origin, ChannelIntegration):
                cls._take_conf_class(get_args(base)[0])

    @classmethod
    def _take_conf_class(cls, named: Any) -> None:
        if isinstance(named, TypeVar):  # a base class of several connectors
            return
        if not (isinstance(named, type) and issubclass(named, ChannelConf)):
            raise mistake(
                f"{cls.__name__} names {getattr(named, '__forward_arg__', named)!r} as the class of its settings. Name the class "
                "itself, above the connector, and derive it from ChannelConf."
            )
        cls.conf_class = named

    def __init__(self, channel: Channel, runtime: Runtime | None = None) -> None:
        super().__init__(runtime)
        self.channel_object = channel
        self.traffic = Traffic()
        self.state = State(self.runtime)
        self._transport: Transport | None = None

    async def __aenter__(self) -> Self:
        _ = self.conf  # a wrong one is said here, before anything is locked
        self._transport = self.connect()
        if self._transport is not None:
            self.traffic = self._transport.traffic
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._transport is not None:
            await self._transport.aclose()

    @cached_property
    def conf(self) -> Conf_co:
        """The merchant's settings.

        Raises:
            ConfigError: some are missing or wrong; the message names all of them.
        """
        if self.conf_class is ChannelConf:
            return cast(Conf_co, self.channel.conf)
        return cast(Conf_co, checked_conf(self.conf_class, self.channel, self.name, self.runtime.redactor))

    def connect(self) -> Transport | None:
        """Opens the connections, as `transport`: the program counts and closes them. None for a connector with another client,
        which it opens and closes by itself."""
        return None

    @property
    def transport(self) -> Transport:
        """The open connections.

        Raises:
            ConfigError: there are none.
        """
        if self._transport is None:
            raise ConfigError(
                f"{type(self).__name__} has no open connections: return a Transport from its `connect`, and use it in "
                "`async with`."
            )
        return self._transport

    async def sign_of_life(self) -> None:
        """Makes a cheap request, with the channel's credentials, that fails if the channel is down. It comes before objects are
        locked, so that an outage costs no object an attempt. By default the channel counts as up.

        Raises:
            RetryableError, AuthError: the channel cannot be used now.
        """

    @classmethod
    def require(cls, *commands: CommandType) -> None:
        """Makes sure that the connector has these commands, with the parameters that flows pass.

        Raises:
            CapabilityError: it lacks one.
            ConfigError: one of them lacks a parameter, or is no command of that kind.
        """
        missing = [command.key for command in commands if not cls.can(command)]
        if missing:
            has = ", ".join(sorted(cls.actions)) or "no commands"
            raise CapabilityError(f"The connector `{cls.name}` has no {', no '.join(missing)}. It has: {has}.")
        for command in commands:
            own = cls.actions[command.key]
            refuse_narrower(cls, own, command)
            if not issubclass(own, command):
                raise ConfigError(
                    f"{own.__name__} takes the place of `{command.key}`: derive it from {command.__name__}, so that its "
                    "answers are understood."
                )


def load_webhook(module: str) -> Webhook | None:
    """How the connector that CHANNEL_MODULE names takes events.

    Raises:
        ConfigError: there is no such connector.
    """
    return load("CHANNEL_MODULE", module, ChannelIntegration).webhook


def load_channel(runtime: Runtime) -> type[ChannelIntegration]:
    """The connector that CHANNEL_MODULE names."""
    return load("CHANNEL_MODULE", runtime.settings.CHANNEL_MODULE, ChannelIntegration)
