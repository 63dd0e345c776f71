"""What both sides share: commands by their keys, run as tasks; the catalog and the channel, read once."""

import asyncio
from collections.abc import Mapping
from types import TracebackType
from typing import Any, ClassVar, Self, TypeVar, overload

from clients import runtime as runtimes
from clients.errors import ConfigError
from clients.runtime import Runtime
from dto.omnitron import Catalog, Channel
from tasks.batch import Batch
from tasks.command import CommandInterface
from tasks.log import Logger, logger
from tasks.progress import Progress
from tasks.running import run_command

Out = TypeVar("Out")
CommandType = type[CommandInterface[Any, Any]]


def is_command(candidate: object) -> bool:
    """Whether something is a command class."""
    return isinstance(candidate, type) and issubclass(candidate, CommandInterface)


class BaseIntegration:
    """One system that this program speaks to, as a set of commands. Used as `async with`.

    Attributes:
        actions: the commands by their keys. A subclass adds and replaces entries: `actions = {**Base.actions, ...}`.
        batch_request: the batch that commands work on, unless they are given another.
    """

    actions: ClassVar[Mapping[str, CommandType]] = {}
    name = "integration"

    def __init__(self, runtime: Runtime | None = None) -> None:
        self.runtime = runtime or runtimes.current()
        self.batch_request: Batch | None = None
        self.channel_object: Channel
        self.catalog_object: Catalog

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        for key, command in cls.actions.items():
            if not is_command(command):
                raise ConfigError(f"{cls.__name__}.actions[`{key}`] is {command!r}, not a command class.")
            if getattr(command, "key", None) != key:
                raise ConfigError(
                    f"{cls.__name__}.actions has {command.__name__} under `{key}`, "
                    f"but its own key is `{getattr(command, 'key', None)}`."
                )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        return None

    # -- commands --------------------------------------------------------------------------------------------------

    @classmethod
    def get_action(cls, key: str | CommandType) -> CommandType:
        """The command class behind a key, or what this integration has in place of a command class.

        Raises:
            ConfigError: there is none; the message lists what there is.
        """
        name = key if isinstance(key, str) else key.key
        command = cls.actions.get(name)
        if command is None:
            known = ", ".join(sorted(cls.actions)) or "none"
            raise ConfigError(f"{cls.__name__} has no command `{name}`. It has: {known}.")
        return command

    @classmethod
    def can(cls, key: str | CommandType) -> bool:
        """Whether there is such a command."""
        return (key if isinstance(key, str) else key.key) in cls.actions

    @overload
    async def do_action(self, key: type[CommandInterface[Any, Out]], **kwargs: Any) -> Out: ...

    @overload
    async def do_action(self, key: str, **kwargs: Any) -> Any: ...

    async def do_action(self, key: str | CommandType, **kwargs: Any) -> Any:
        """Runs a command and answers its result; inside a flow run it is a task with a name, a state and retries.

        Args:
            key: the command's class (typed) or its key (from the command line or a configuration).
            kwargs: `objects`, the command's input; `batch_request`, if not this integration's own; and the command's
                own parameters.

        Raises:
            ConfigError: there is no such command, or it has no such parameter.
        """
        return await run_command(self.get_action(key), self, kwargs)

    def do_action_async_run(self, key: str | CommandType, **kwargs: Any) -> Any:
        """The same for synchronous code: opens the integration, runs the command to its end and closes it again."""

        async def run() -> Any:
            async with self:
                return await self.do_action(key, **kwargs)

        try:
            asyncio.get_running_loop()
        except RuntimeError:
            return asyncio.run(run())
        raise ConfigError(
            "do_action_async_run is for synchronous code; here, write `await integration.do_action(...)`."
        )

    # -- what is read once -----------------------------------------------------------------------------------------

    @property
    def channel(self) -> Channel:
        """The sales channel. After `del integration.channel_object` it has to be read again.

        Raises:
            ConfigError: it was not read yet.
        """
        return self._read_already("channel_object")  # type: ignore[no-any-return]

    @property
    def catalog(self) -> Catalog:
        """The catalog that the channel sells. After `del integration.catalog_object` it has to be read again.

        Raises:
            ConfigError: it was not read yet.
        """
        return self._read_already("catalog_object")  # type: ignore[no-any-return]

    def _read_already(self, attribute: str) -> Any:
        try:
            return self.__dict__[attribute]
        except KeyError:
            raise ConfigError(f"`{attribute}` is not there: `await integration.refresh()` reads it.") from None

    # -- telling people --------------------------------------------------------------------------------------------

    def logger(self, batch: Batch | None = None) -> Logger:
        """A log whose lines say channel, content type and batch."""
        where = [f"channel {self.runtime.settings.OMNITRON_CHANNEL_ID}"]
        if batch is not None:
            where += [str(batch.content_type)] * bool(batch.content_type)
            where += [f"batch {batch.name}"] * bool(batch.local_batch_id)
        return logger(" · ".join(where))

    def progress(self, doing: str, total: int, batch: Batch | None = None) -> Progress:
        """A counter that says once a second how far a step is: of this batch, or of the integration's own."""
        return Progress(doing, total, self.runtime.clock, self.logger(batch or self.batch_request))
