"""What a connector's commands have in common: however a channel answers, the pipeline is told one of a few outcomes."""

import inspect
import traceback
from collections.abc import AsyncIterable, Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, ClassVar, TypeVar

from pydantic import BaseModel, ValidationError

from clients.errors import ContractError, ItemError
from dto.base import Dto
from dto.outcomes import (
    Accepted,
    CheckOutcome,
    Completed,
    Fetched,
    InProgress,
    ItemResult,
    SendOutcome,
    Unknown,
    Unreadable,
)
from dto.reports import ErrorReportDto
from tasks import reports
from tasks.batch import Batch
from tasks.command import CommandInterface, In, Out, in_thread

Item = TypeVar("Item", bound=Dto)
Row = TypeVar("Row")

SHOWN = 5
"""Entries of a wrong answer that a message tells the types of."""
NAMELESS = "without a name"
"""What a row is called that does not even have one."""


class ChannelCommand(CommandInterface[In, Out]):
    """A command of the channel's side; `self.integration` is the connector's ChannelIntegration."""

    batch_request: Batch | None

    def create_report(self, response: Any, *, is_ok: bool = True) -> list[ErrorReportDto]:
        """The merchant's line about one call: `response` is what `Transport.send` or httpx answered, or any value."""
        redactor, now = self.integration.runtime.redactor, self.integration.runtime.clock.now()
        channel, name = self.integration.channel.pk, type(self).__name__
        return [reports.of_call(self.batch_request, channel, name, response, is_ok=is_ok, now=now, redactor=redactor)]

    async def run(self) -> Out:
        """The steps, and the outcome that their answer amounts to."""
        try:
            answer = await super().run()
            for failure in self.failures:
                if self.batch_request is not None:
                    self.batch_request.fail_member(failure)
            outcome = self.outcome(answer)
            result: Out = await outcome if inspect.isawaitable(outcome) else outcome
        except ValidationError as error:
            raise ContractError(
                f"The connector `{self.integration.name}` built a {error.title} in `{self.key}` that cannot be: "
                f"{self._first_problem(error)}."
            ) from error
        return result

    def outcome(self, answer: Any) -> Any:
        """The outcome behind an answer; here, the answer itself. May be `async`."""
        return answer

    def nonsense(self, answer: Any) -> ContractError:
        """The error for an answer that is none of what a connector may say."""
        return ContractError(
            f"The connector `{self.integration.name}` answered `{self.key}` with {_shape(answer)}. A send answers "
            "Completed(results), Accepted(remote_batch_id) or `response_data, report, data`; a check may also answer "
            "InProgress() or Unknown(why)."
        )

    def parts(self, answer: Any) -> tuple[tuple[ItemResult, ...], tuple[ErrorReportDto, ...]]:
        """The results and reports of the documented triple `response_data, report, data`.

        `response_data` is a list of results, or empty (`""`, None) where the channel answers later.
        """
        if not (isinstance(answer, tuple) and len(answer) == 3):  # noqa: PLR2004
            raise self.nonsense(answer)
        results, told, _ = answer
        return self.checked(() if _is_empty(results) else results, _several(told))

    def checked(self, results: Any, told: Any) -> tuple[tuple[ItemResult, ...], tuple[ErrorReportDto, ...]]:
        """Results and reports that are what they should be."""
        if not (isinstance(results, list | tuple) and all(isinstance(result, ItemResult) for result in results)):
            raise self.nonsense(results)
        if not (isinstance(told, list | tuple) and all(isinstance(line, ErrorReportDto) for line in told)):
            raise self.nonsense(told)
        return tuple(results), tuple(told)

    def _first_problem(self, error: ValidationError) -> str:
        """What is wrong, without the value: it may be a customer's."""
        first = error.errors(include_input=False, include_url=False)[0]
        field = ".".join(str(part) for part in first["loc"]) or "the whole"
        said: str = self.integration.runtime.redactor.line(f"{field}: {first['msg']}", limit=300)
        return said


def _shape(value: Any) -> str:
    """What a value is, without what it says: that may be a customer's."""
    if not (isinstance(value, list | tuple) and value):
        return f"`{type(value).__name__}`"
    inside = ", ".join(type(entry).__name__ for entry in value[:SHOWN])
    return f"`{type(value).__name__}` of {inside}{', ...' if len(value) > SHOWN else ''}"


def _is_empty(value: Any) -> bool:
    """How `response_data` says that there is none."""
    return value is None or (isinstance(value, str) and not value)


def _several(value: Any) -> list[Any] | tuple[Any, ...]:
    """One or several, as several."""
    if _is_empty(value):
        return ()
    return value if isinstance(value, list | tuple) else (value,)


class SendCommand(ChannelCommand[In, SendOutcome]):
    """Hands objects to the channel. Sending one twice must do no harm: it is repeated when an answer was lost."""

    batch_request: Batch

    def outcome(self, answer: Any) -> SendOutcome:
        match answer:
            case Completed():
                self.checked(answer.results, answer.reports)
                return answer
            case Accepted(remote_batch_id) if remote_batch_id:
                self.checked(answer.rejected, answer.reports)
                self.batch_request.remote_batch_id = str(remote_batch_id)
                return answer
            case _:
                results, told = self.parts(answer)
        if self.batch_request.remote_batch_id:
            remote_batch_id = self.batch_request.remote_batch_id = str(self.batch_request.remote_batch_id)
            return Accepted(remote_batch_id, results, told)
        if not results and not self.failed_object_list:
            raise self.nonsense(answer)
        return Completed(results, told)


class CheckCommand(ChannelCommand[Batch, CheckOutcome]):
    """Asks the channel what became of a batch that it accepted earlier; `objects.remote_batch_id` names it."""

    batch_request: Batch

    def outcome(self, answer: Any) -> CheckOutcome:
        match answer:
            case Completed() | InProgress() | Unknown():
                self.checked(answer.results if isinstance(answer, Completed) else (), answer.reports)
                return answer
        results, told = self.parts(answer)
        return Completed(results, told) if results else InProgress(told)


class FetchCommand(ChannelCommand[In, Fetched[Item]]):
    """Asks the channel for what it has. Asking changes nothing there.

    The answer of its steps is one of: `Fetched(items)`; one item, or several as any iterable or generator, `async` or
    not; the documented triple `item or items, report, data`; or several such triples.

    Attributes:
        item: what it fetches.
    """

    item: ClassVar[type[Dto]]
    READ_ERRORS: ClassVar = (
        ValueError,
        LookupError,
        TypeError,
        AttributeError,
        ArithmeticError,
        StopIteration,
        ItemError,
    )
    """What a row that is not as it should be makes its reader raise."""

    def __init__(self, *arguments: Any, **parameters: Any) -> None:
        super().__init__(*arguments, **parameters)
        self.unreadable: list[Unreadable] = []

    def build_each(self, rows: Iterable[Row], build: Callable[[Row], Item], name: Callable[[Row], str]) -> list[Item]:
        """`build` for each of the channel's rows. One that cannot be understood is reported under its `name`, and keeps
        no other from being read."""
        built: list[Item] = []
        for row in rows:
            try:
                built.append(build(row))
            except self.READ_ERRORS as error:
                self.unreadable.append(Unreadable(self._name_of(row, name), self._why(error)))
        return built

    def _name_of(self, row: Row, name: Callable[[Row], str]) -> str:
        try:
            found = name(row)
        except self.READ_ERRORS:
            found = ""
        return NAMELESS if _is_empty(found) else str(found)

    def _why(self, error: Exception) -> str:
        """What is wrong with a row, without the row: it may be a customer's, and Python's own errors quote it."""
        if isinstance(error, ValidationError):
            return self._first_problem(error)
        if isinstance(error, ItemError):
            said: str = self.integration.runtime.redactor.line(error.message, limit=300)
            return said
        place = traceback.extract_tb(error.__traceback__)[-1]
        return f"{type(error).__name__} in {Path(place.filename).name}, line {place.lineno}: {place.line}"

    async def outcome(self, answer: Any) -> Fetched[Item]:
        if self.failed_object_list:
            raise ContractError(
                f"The connector `{self.integration.name}` failed an object in `{self.key}`, which fetches: there is no batch "
                "yet that it could leave. Build the rows with `build_each`: it reports those that make no sense."
            )
        if isinstance(answer, Fetched):
            if not all(isinstance(part, list | tuple) for part in (answer.items, answer.reports, answer.unreadable)):
                raise self.nonsense(answer)
            pieces: list[Any] = [[*answer.items], [*answer.reports]]
            self.unreadable = list(dict.fromkeys([*answer.unreadable, *self.unreadable]))
        else:
            pieces = await self._pieces(answer)
        items: list[Item] = []
        told: list[ErrorReportDto] = []
        for piece in pieces:
            self._sort(piece, items, told)
        return Fetched(tuple(items), tuple(told), tuple(self.unreadable))

    async def _pieces(self, answer: Any) -> list[Any]:
        """The answer as pieces, each an item, several, or a triple."""
        if answer is None:
            return []
        if isinstance(answer, self.item) or _is_triple(answer):
            return [answer]
        if isinstance(answer, AsyncIterable):
            return [piece async for piece in answer]
        if isinstance(answer, list | tuple):
            return list(answer)
        if isinstance(answer, Iterable) and not isinstance(answer, str | bytes | Mapping | BaseModel):
            # A generator may ask the channel page by page, and block.
            return await in_thread(list, answer)
        raise self.nonsense(answer)

    def _sort(self, piece: Any, items: list[Item], told: list[ErrorReportDto]) -> None:
        """Puts the items and the reports of one piece where they belong."""
        found, reported, _ = piece if _is_triple(piece) else (piece, None, None)
        for entry in (*_several(found), *_several(reported)):
            if isinstance(entry, ErrorReportDto):
                told.append(entry)
            elif isinstance(entry, self.item):
                items.append(entry)  # type: ignore[arg-type]  # `item` is what Item stands for
            else:
                raise self.nonsense(entry)

    def nonsense(self, answer: Any) -> ContractError:
        return ContractError(
            f"The connector `{self.integration.name}` answered `{self.key}` with {_shape(answer)}. It answers "
            f"{self.item.__name__} objects, one or several, or `{self.item.__name__}, report, data`."
        )


def _is_triple(answer: Any) -> bool:
    """Whether it is `item or items, report or reports, data`."""
    if not (isinstance(answer, tuple) and len(answer) == 3):  # noqa: PLR2004
        return False
    told = _several(answer[1])
    return all(isinstance(line, ErrorReportDto) for line in told)
