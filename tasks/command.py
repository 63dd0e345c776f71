"""The command interface: one class a command, each overriding a few of the steps."""

import asyncio
import inspect
import logging
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import MISSING, dataclass, field, fields
from typing import Any, ClassVar, Generic, Protocol, dataclass_transform

from typing_extensions import TypeVar

from clients.errors import ChannelAppError, ItemError
from clients.runtime import Runtime
from dto.enums import ContentType, FailedReasonType
from tasks.batch import Batch
from tasks.concurrency import for_each
from tasks.failure import Failure
from tasks.log import Logger
from tasks.progress import Progress
from tasks.sanitizing import mistake, trace_of, unforeseen_about_one

In = TypeVar("In")
Out = TypeVar("Out", covariant=True)
Object = TypeVar("Object")
Result = TypeVar("Result")


class IntegrationInterface(Protocol):
    """The part of an integration that every command uses, whatever the system."""

    runtime: Runtime
    batch_request: Batch | None

    def logger(self, batch: Batch | None = None) -> Logger: ...

    def progress(self, activity: str, total: int, batch: Batch | None = None) -> Progress: ...


System = TypeVar("System", bound=IntegrationInterface, default=IntegrationInterface)


INTEGRATION = "integration"


@dataclass_transform(kw_only_default=True, field_specifiers=(field,))
class WithParameters:
    """Turns the annotated attributes of its subclasses into keyword parameters, for the type checker and at run time.

    Raises (from the constructor):
        ConfigError: a parameter is unknown, or one without a default is missing.
    """

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if INTEGRATION in inspect.get_annotations(cls) and INTEGRATION not in vars(cls):
            setattr(cls, INTEGRATION, field(kw_only=False))  # a subclass narrows its type: it stays the first argument
        for name, value in vars(cls).items():
            if inspect.isfunction(value) and any(name in inspect.get_annotations(base) for base in cls.__mro__[1:]):
                raise mistake(
                    f"{cls.__name__}.{name} is a method, but `{name}` is a value that the program reads from its base: choose "
                    "another name."
                )
        dataclass(kw_only=True, eq=False, repr=False)(cls)

    def __new__(cls, *positional: Any, **given: Any) -> Any:
        check_parameters(cls, given)
        known = parameters_of(cls)
        missing = [name for name in list(known)[max(0, len(positional) - 1) :] if known[name] and name not in given]
        if missing:
            raise mistake(f"`{_key(cls)}` requires {_listed(missing)}.")
        return super().__new__(cls)


OWN_BATCH: Any = None
"""The default of `batch_request`: the integration's own batch."""


def parameters_of(command: type[Any]) -> dict[str, bool]:
    """The parameters of a command by name, and whether each is required."""
    return {
        each.name: each.default is MISSING and each.default_factory is MISSING
        for each in fields(command)
        if each.init and each.name != INTEGRATION
    }


def check_parameters(command: type[Any], given: Iterable[str]) -> None:
    """Makes sure that a command takes these parameters.

    Raises:
        ConfigError: it has no such parameter; the message lists its parameters.
    """
    known = parameters_of(command)
    for name in given:
        if name not in known and name != INTEGRATION:
            raise mistake(f"`{_key(command)}` has no parameter `{name}`. It takes: {', '.join(known)}.")


def _key(command: type[Any]) -> str:
    return getattr(command, "key", command.__name__)


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


class CommandInterface(WithParameters, Generic[In, Out, System]):
    """One operation: `get_data` → `validated_data` → `transform_data` → `send` → `normalize_response`.

    A subclass overrides the steps that differ, as `def` or `async def`; a plain `send` runs in its own thread, for an
    SDK that blocks. Its parameters are annotated attributes; one without a default is required:

        class GetMappedProducts(OmnitronCommand[list[Product], list[Product]]):
            key = "get_mapped_products"
            language: str | None = None

    Attributes:
        key: the name in `actions`, and of the Prefect task.
        also: other commands that do the same, each under its own key: a channel may make no difference between new objects and
            changed ones. `commands_of` adds them.
        content_type: the type of its objects.
        retries: how often the task repeats the whole command after a temporary error that no transport has retried
            already. 0 if repeating is not safe.
        integration: the system that it works on.
        objects: its input.
        batch_request: the batch that it works on; by default the integration's own.
        failed_object_list: the objects that failed, as `(object, content type, message)`.
    """

    key: ClassVar[str]
    also: ClassVar[tuple[type[Any], ...]] = ()
    content_type: ClassVar[ContentType | None] = None
    retries: ClassVar[int] = 2

    integration: System = field(kw_only=False)
    objects: In = field(kw_only=False)
    batch_request: Batch | None = OWN_BATCH
    failed_object_list: list[tuple[Any, ...]] = field(init=False, default_factory=list)

    def __post_init__(self) -> None:
        if self.batch_request is None:
            self.batch_request = self.integration.batch_request

    def get_data(self) -> Any:
        """Fetches the command's input; by default its `objects`."""
        return self.objects

    def validated_data(self, data: Any) -> Any:
        """Checks the input, and leaves out the unusable part."""
        return data

    def transform_data(self, data: Any) -> Any:
        """Converts the input into the form that `send` needs."""
        return data

    def send(self, validated_data: Any) -> Any:
        """Does the work of the command."""
        return validated_data

    def normalize_response(self, data: Any, validated_data: Any, transformed_data: Any, response: Any) -> Any:  # noqa: ARG002
        """Turns the answer of `send` into the command's result."""
        return response

    async def run(self) -> Out:
        """The steps, one after the other."""
        data, validated, transformed = await self.prepared()
        if inspect.iscoroutinefunction(self.send):
            response = await self.send(transformed)
        else:
            response = await _awaited(await in_thread(self.send, transformed))
        result: Out = await _awaited(self.normalize_response(data, validated, transformed, response))
        return result

    async def prepared(self) -> tuple[Any, Any, Any]:
        """The input, as it was read, checked, and converted for `send`."""
        data = await _awaited(self.get_data())
        validated = await _awaited(self.validated_data(data))
        return data, validated, await _awaited(self.transform_data(validated))

    def fail(self, failed: Any, reason: FailedReasonType, message: str, code: str = "Failed") -> None:
        """Fails one object with its reason and one report; the others continue."""
        content_type = self.content_type or ContentType.product
        self.failed_object_list.append(Failure(failed, content_type, message, reason, code))

    async def for_each(
        self, objects: Iterable[Object], work: Callable[[Object], Awaitable[Result]], activity: str
    ) -> list[Result]:
        """Runs `work` for all objects side by side and logs progress. An ItemError, or an error that no code foresaw, fails
        only its object."""
        objects = list(objects)
        progress = self.integration.progress(activity, len(objects), self.batch_request)
        results: list[Result] = []

        async def one(item: Object) -> None:
            try:
                results.append(await work(item))
            except ItemError as error:
                self.fail(item, error.reason, error.message, error.code)
            except ChannelAppError:
                raise
            except Exception as error:  # a mistake that one object brings out is that object's failure
                self.trace(error)
                self.fail(item, FailedReasonType.channel_app, unforeseen_about_one(error).message, "Unforeseen")
            progress.step()

        await for_each(objects, one)
        return results

    def trace(self, error: BaseException) -> None:
        """Logs the calls that led to an error, for the author of a connector who looks for the mistake, at level DEBUG."""
        if self.log.isEnabledFor(logging.DEBUG):
            self.log.debug("%s:\n%s", self.key, trace_of(error, self.integration.runtime.redactor))

    @property
    def failures(self) -> list[Failure]:
        """The entries of `failed_object_list`; those of an integrator have three values or more."""
        return [Failure(*entry)._replace(command=self.key) for entry in self.failed_object_list]

    @property
    def log(self) -> Logger:
        """The run's log; its lines name channel, content type and batch."""
        return self.integration.logger(self.batch_request)


async def in_thread(work: Callable[..., Result], *arguments: Any) -> Result:
    """Runs a call that may block in its own thread.

    Raises:
        RuntimeError: it raised StopIteration, as `next(...)` does. A future cannot carry that: its caller would hang.
    """

    def run() -> Result:
        try:
            return work(*arguments)
        except StopIteration as error:
            lost = RuntimeError("StopIteration: a `next(...)` found nothing")
            raise lost.with_traceback(error.__traceback__) from None

    return await asyncio.to_thread(run)


async def _awaited(value: Any) -> Any:
    return await value if inspect.isawaitable(value) else value
