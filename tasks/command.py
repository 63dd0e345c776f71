"""The command interface: one class a command, a few steps each, most of them left as they are."""

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Iterable
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

from clients.errors import ConfigError, ItemError
from dto.enums import ContentType, FailedReasonType
from tasks.concurrency import for_each
from tasks.failure import Failure
from tasks.log import Logger

if TYPE_CHECKING:
    from tasks.batch import Batch

In = TypeVar("In")
Out = TypeVar("Out")
Object = TypeVar("Object")
Result = TypeVar("Result")


class CommandInterface(Generic[In, Out]):
    """One operation: `get_data` → `validated_data` → `transform_data` → `send` → `normalize_response`.

    A subclass overrides the steps that differ, as `def` or `async def`; a plain `send` runs in a thread of its own, for
    an SDK that blocks. Further arguments of `do_action` are declared as annotated attributes, with their defaults:

        class GetInsertedProducts(OmnitronCommand[None, list[Product]]):
            key = "get_inserted_products"
            limit: int = 1_000

    Attributes:
        key: the name in `actions`, and of the Prefect task.
        content_type: what its objects are.
        retries: how often the task repeats the whole command after an error that may pass and that no transport has
            spent its tries on. 0 where repeating is not safe.
    """

    key: ClassVar[str]
    content_type: ClassVar[ContentType | None] = None
    retries: ClassVar[int] = 2

    def __init__(
        self, integration: Any, objects: In | None = None, batch_request: Any = None, **parameters: Any
    ) -> None:
        self.integration = integration
        self.objects: Any = objects
        self.batch_request: Any = batch_request if batch_request is not None else integration.batch_request
        self.failed_object_list: list[tuple[Any, ...]] = []
        known = declared_parameters(type(self))
        for name, value in parameters.items():
            if name not in known:
                raise ConfigError(
                    f"`{self.key}` has no parameter `{name}`. It takes: {', '.join(['objects', 'batch_request', *known])}."
                )
            setattr(self, name, value)

    def get_data(self) -> Any:
        """Fetches the input of the command; by default the `objects` that it was given."""
        return self.objects

    def validated_data(self, data: Any) -> Any:
        """Checks the input, and leaves out what cannot be used."""
        return data

    def transform_data(self, data: Any) -> Any:
        """Gives the input the form that `send` needs."""
        return data

    def send(self, validated_data: Any) -> Any:
        """Does what the command is for."""
        return validated_data

    def normalize_response(self, data: Any, validated_data: Any, transformed_data: Any, response: Any) -> Any:  # noqa: ARG002
        """Turns the answer of `send` into the command's result."""
        return response

    async def run(self) -> Out:
        """The steps, one after the other."""
        data = await _awaited(self.get_data())
        validated = await _awaited(self.validated_data(data))
        transformed = await _awaited(self.transform_data(validated))
        if inspect.iscoroutinefunction(self.send):
            response = await self.send(transformed)
        else:
            response = await _awaited(await in_thread(self.send, transformed))
        result: Out = await _awaited(self.normalize_response(data, validated, transformed, response))
        return result

    def fail(self, failed: Any, reason: FailedReasonType, message: str, code: str = "Failed") -> None:
        """One object fails with its reason, and gets one report; the others go on."""
        content_type = self.content_type or ContentType.product
        self.failed_object_list.append(Failure(failed, content_type, message, reason, code))

    async def for_each(
        self, objects: Iterable[Object], work: Callable[[Object], Awaitable[Result]], doing: str
    ) -> list[Result]:
        """`work` for all objects side by side. An ItemError fails its object alone; says how far it is."""
        objects = list(objects)
        progress = self.integration.progress(doing, len(objects), self.batch_request)
        results: list[Result] = []

        async def one(item: Object) -> None:
            try:
                results.append(await work(item))
            except ItemError as error:
                self.fail(item, error.reason, error.message, error.code)
            progress.step()

        await for_each(objects, one)
        return results

    @property
    def failures(self) -> list[Failure]:
        """What `failed_object_list` holds, three values of an integrator's or more."""
        return [Failure(*entry)._replace(command=self.key) for entry in self.failed_object_list]

    @property
    def log(self) -> Logger:
        """The run's log; its lines say channel, content type and batch."""
        log: Logger = self.integration.logger(self.batch_request)
        return log


async def in_thread(work: Callable[..., Result], *arguments: Any) -> Result:
    """A call that may block, in a thread of its own.

    Raises:
        RuntimeError: it raised StopIteration, as `next(...)` does. No future can carry that: its caller would wait for ever.
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


def declared_parameters(command: type[CommandInterface[Any, Any]]) -> tuple[str, ...]:
    """The names of a command's own parameters: its annotated attributes that are no class variables."""
    names: dict[str, None] = {}
    for owner in reversed(command.__mro__):
        for name, annotation in inspect.get_annotations(owner).items():
            if not name.startswith("_") and "ClassVar" not in str(annotation) and name != "batch_request":
                names[name] = None
    return tuple(names)


class OmnitronCommand(CommandInterface[In, Out]):
    """A command of the hub's side; `self.integration` is the OmnitronIntegration."""

    batch_request: "Batch"

    async def run(self) -> Out:
        """The steps; then the batch learns which objects failed."""
        result = await super().run()
        if self.batch_request is not None:
            for failure in self.failures:
                self.batch_request.fail_member(failure)
        return result
