"""The base of both integrations: commands by key, run as tasks; the catalog and the channel, read once."""

import asyncio
import importlib
import pkgutil
import sys
from collections.abc import Callable, Mapping
from types import ModuleType, TracebackType
from typing import Any, ClassVar, Concatenate, ParamSpec, Self, TypeVar, overload

from clients import runtime as runtimes
from clients.errors import ConfigError
from clients.runtime import Runtime
from dto.omnitron import Catalog, Channel
from tasks.batch import Batch
from tasks.command import CommandInterface, parameters_of
from tasks.log import Logger, logger
from tasks.prefect_tasks import run_command
from tasks.progress import Progress
from tasks.sanitizing import line_of, mistake

Out = TypeVar("Out")
Parameters = ParamSpec("Parameters")
Loaded = TypeVar("Loaded", bound="BaseIntegration")
CommandType = type[CommandInterface[Any, Any, Any]]
Actions = Mapping[str, CommandType]


def commands_of(*sources: ModuleType | CommandType) -> dict[str, CommandType]:
    """Commands by key: those that modules define, and single ones, each with the commands that it is `also`. A class without a
    key is the base of others.

    Raises:
        ConfigError: two commands have the same key; or one has none, and is no base of others.
    """
    found = [command for source in sources for command in _commands_from(source)]
    table: dict[str, CommandType] = {}
    for command in found:
        if not hasattr(command, "key"):
            if not _is_base(command, found):
                raise mistake(
                    f"{command.__name__} has no key, so no flow finds it: derive it from one of the commands in tasks.channel, "
                    "such as products.SendInsertedProducts, or give it a `key`."
                )
            continue
        for each in (command, *_others(command)):
            if each.key in table:
                raise mistake(
                    f"{table[each.key].__name__} and {each.__name__} have the same key, `{each.key}`: give one of them the "
                    "key of its own command, or do not list it."
                )
            table[each.key] = each
    return table


def _is_base(command: CommandType, others: list[CommandType]) -> bool:
    """Whether a class without a key is there for others: one derives from it, or it leaves types open."""
    is_open = bool(getattr(command, "__parameters__", ()))
    return is_open or any(issubclass(other, command) and hasattr(other, "key") for other in others)


def _commands_from(source: Any) -> list[CommandType]:
    """The commands that a module defines, or a single one."""
    if isinstance(source, ModuleType):
        own = (each for each in vars(source).values() if getattr(each, "__module__", None) == source.__name__)
        return [each for each in own if is_command(each)]
    if not is_command(source):
        raise mistake(f"commands_of takes commands and modules with commands, and got {source!r}.")
    return [source]


def _others(command: CommandType) -> list[CommandType]:
    """A command under the keys of others that it is `also`. One with a key of its own does not inherit them."""
    said_by = next(each for each in command.__mro__ if "also" in vars(each))
    if getattr(said_by, "key", None) != command.key:
        return []
    also: Any = command.also
    if not (isinstance(also, tuple) and all(map(is_command, also))):
        raise mistake(f"{command.__name__} has {also!r} as `also`: write a tuple of commands, `also = (Command,)`.")
    own = {"__module__": command.__module__, "__doc__": command.__doc__, "also": ()}
    return [
        type(other.__name__, (command, other), {**own, "key": other.key, "content_type": other.content_type})
        for other in command.also
    ]


def commands_in(package: str) -> dict[str, CommandType]:
    """The commands of all modules of a package, by key.

    Raises:
        ConfigError: two commands have the same key.
    """
    path = sys.modules[package].__path__
    return commands_of(*(importlib.import_module(f"{package}.{found.name}") for found in pkgutil.iter_modules(path)))


def is_command(candidate: object) -> bool:
    """Whether an object is a command class."""
    return isinstance(candidate, type) and issubclass(candidate, CommandInterface)


class BaseIntegration:
    """One system that this program speaks to, as a set of commands. An async context manager.

    Attributes:
        actions: the commands by key. A subclass adds and replaces entries: `actions = {**Base.actions, ...}`.
        batch_request: the default batch of its commands.
    """

    actions: ClassVar[Actions] = {}
    name = "integration"

    def __init__(self, runtime: Runtime | None = None) -> None:
        self.runtime = runtime or runtimes.current()
        self.batch_request: Batch | None = None
        self.channel_object: Channel
        self.catalog_object: Catalog

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if not isinstance(cls.actions, Mapping):
            raise mistake(
                f"{cls.__name__}.actions is a {type(cls.actions).__name__}, not commands by key: write "
                "`actions = commands_of(SendProducts, ...)`."
            )
        for key, command in cls.actions.items():
            if not is_command(command):
                raise mistake(f"{cls.__name__}.actions[`{key}`] is {command!r}, not a command class.")
            if getattr(command, "key", None) != key:
                raise mistake(
                    f"{cls.__name__}.actions has {command.__name__} under `{key}`, "
                    f"but its own key is `{getattr(command, 'key', None)}`."
                )
            for base in cls.__mro__[1:]:
                refuse_narrower(cls, command, vars(base).get("actions", {}).get(key, command))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        return None

    # -- commands --------------------------------------------------------------------------------------------------

    @classmethod
    def get_action(cls, key: str | CommandType) -> CommandType:
        """The command class of a key, or this integration's replacement for a command class.

        Raises:
            ConfigError: there is no such command; the message lists those that exist.
        """
        name = key if isinstance(key, str) else key.key
        command = cls.actions.get(name)
        if command is None:
            known = ", ".join(sorted(cls.actions)) or "no commands"
            raise ConfigError(f"{cls.__name__} has no command `{name}`. It has: {known}.")
        return command

    @classmethod
    def can(cls, key: str | CommandType) -> bool:
        """Whether it has this command."""
        return (key if isinstance(key, str) else key.key) in cls.actions

    @overload
    async def do_action(self, key: str, **kwargs: Any) -> Any: ...

    @overload
    async def do_action(
        self,
        key: Callable[Concatenate[Self, Parameters], CommandInterface[Any, Out, Any]],
        *args: Parameters.args,
        **kwargs: Parameters.kwargs,
    ) -> Out: ...

    async def do_action(self, key: Any, *args: Any, **kwargs: Any) -> Any:
        """Runs a command and returns its result; inside a flow run it is a task with a name, a state and retries.

        Args:
            key: the command's class, so that the type checker knows its parameters; or its key, from a configuration or
                the command line. Either way, the command in `actions` runs.
            args: `objects`, unless given by keyword.
            kwargs: `objects`, the command's input; `batch_request`, by default this integration's own; and the
                command's other parameters.

        Raises:
            ConfigError: there is no such command, or it has no such parameter.
        """
        return await run_command(self.get_action(key), self, dict(zip(("objects",), args, strict=False)) | kwargs)

    def do_action_async_run(self, key: str | CommandType, **kwargs: Any) -> Any:
        """The same for synchronous code: opens the integration, runs the command and closes it again."""

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

    # -- channel and catalog ---------------------------------------------------------------------------------------

    @property
    def channel(self) -> Channel:
        """The sales channel. After `del integration.channel_object` it must be read again.

        Raises:
            ConfigError: it has not been read.
        """
        self._require_read("channel_object")
        return self.channel_object

    @property
    def catalog(self) -> Catalog:
        """The catalog that the channel sells. After `del integration.catalog_object` it must be read again.

        Raises:
            ConfigError: it has not been read.
        """
        self._require_read("catalog_object")
        return self.catalog_object

    def _require_read(self, attribute: str) -> None:
        if not hasattr(self, attribute):
            raise ConfigError(f"`{attribute}` has not been read: call `await integration.refresh()` first.")

    # -- logs ------------------------------------------------------------------------------------------------------

    def logger(self, batch: Batch | None = None) -> Logger:
        """A logger whose lines name channel, content type and batch."""
        where = [f"channel {self.runtime.settings.OMNITRON_CHANNEL_ID}"]
        if batch is not None and batch.content_type:
            where.append(str(batch.content_type))
        if batch is not None and batch.local_batch_id:
            where.append(f"batch {batch.name}")
        return logger(" · ".join(where))

    def progress(self, activity: str, total: int, batch: Batch | None = None) -> Progress:
        """A counter that logs the progress of a step once a second, for this batch or the integration's own."""
        return Progress(activity, total, self.runtime.clock, self.logger(batch or self.batch_request))


def refuse_narrower(integration: type[BaseIntegration], command: CommandType, replaced: CommandType) -> None:
    """Makes sure that an override takes every parameter of the command that it replaces: flows pass them.

    Raises:
        ConfigError: it lacks one.
    """
    lacking = [name for name in parameters_of(replaced) if name not in parameters_of(command)]
    if lacking:
        raise mistake(
            f"{integration.__name__}.actions replaces `{command.key}` by {command.__name__}, which has no parameter "
            f"{', '.join(f'`{name}`' for name in lacking)}: derive it from {replaced.__name__}, or declare it."
        )


def load(setting: str, name: str, base: type[Loaded]) -> type[Loaded]:
    """The integration class that a setting names: `package.module:Class`, or `package.module` if the class has the name
    of its base, or is the only one in the module that derives from it.

    Raises:
        ConfigError: there is no such module or class, or it is not derived from `base`; or the module has several.
    """
    module_name, _, class_name = name.partition(":")
    try:
        module = importlib.import_module(module_name)
    except ImportError as error:
        if f"{module_name}.".startswith(f"{error.name}."):
            advice = "Install the connector's package, start in the folder that holds it, or correct the setting."
        else:
            advice = f"Correct that import in {line_of(error)}, or install what it needs."
        raise ConfigError(
            f"{setting} is `{name}`, but the module `{module_name}` cannot be imported: {error}. {advice}"
        ) from error
    wanted = class_name or base.__name__
    found = getattr(module, wanted, None)
    own = {} if class_name else _derived_in(module, base)
    if isinstance(found, type) and issubclass(found, base):
        is_meant = class_name or found.__module__ == module.__name__
        if is_meant or not (own or found is base):  # or else it is what the module's own class derives from
            return found
    if len(own) == 1:
        return next(iter(own.values()))
    if own:
        raise ConfigError(
            f"{setting} is `{name}`, and `{module_name}` holds several: name one, as in `{module_name}:{next(iter(own))}`. It "
            f"has {', '.join(own)}."
        )
    raise ConfigError(
        f"{setting} is `{name}`, but `{module_name}` holds no {wanted} that derives from {base.__module__}.{base.__name__}."
    )


def _derived_in(module: ModuleType, base: type[Loaded]) -> dict[str, type[Loaded]]:
    """The classes that a module itself derives from a base, by name."""
    return {
        name: each
        for name, each in vars(module).items()
        if isinstance(each, type) and issubclass(each, base) and each.__module__ == module.__name__ and each is not base
    }
