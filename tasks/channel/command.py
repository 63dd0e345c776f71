"""The bases of a connector's commands: they turn each form of answer into one of a few outcomes."""

import inspect
from collections.abc import Callable, Iterable
from dataclasses import field
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from typing_extensions import TypeVar

from clients.errors import ChannelAppError, ContractError, ItemError
from dto.base import Dto, is_blank
from dto.enums import ResponseStatus
from dto.omnitron import ProductImage
from dto.outcomes import (
    ItemResult,
    Unreadable,
)
from dto.reports import ErrorReportDto
from tasks import reports
from tasks.channel.integration import ChannelIntegration
from tasks.channel.results import result_of
from tasks.command import CommandInterface, In, Out
from tasks.sanitizing import is_an_authors, line_of, place_of

Item = TypeVar("Item", bound=Dto)
Row = TypeVar("Row")
Built = TypeVar("Built")
Connector = TypeVar("Connector", bound=ChannelIntegration, default=ChannelIntegration)
"""The connector's own class, if a command names it."""

SHOWN = 5
"""Entries of a wrong answer whose types the message lists."""
NAMELESS = "without a name"
"""The name of a row that has no name."""


class ChannelCommand(CommandInterface[In, Out, Connector]):
    """A command of the channel's side. A connector names its own class, and `self.integration` has that type:
    `class SendProducts(SendInsertedProducts["Bazaar"])`."""

    unreadable: list[Unreadable] = field(init=False, default_factory=list)
    """Rows of the channel's that could not be understood."""

    def create_report(self, response: Any, *, is_ok: bool = True) -> list[ErrorReportDto]:
        """The merchant's line about one call: `response` is a reply of `Transport.send` or httpx, or any value."""
        redactor, now = self.integration.runtime.redactor, self.integration.runtime.clock.now()
        channel, name = self.integration.channel.pk, type(self).__name__
        return [reports.of_call(self.batch_request, channel, name, response, is_ok=is_ok, now=now, redactor=redactor)]

    async def run(self) -> Out:
        """Runs the steps, and turns their answer into an outcome."""
        try:
            answer = await self.answered()
            for failure in self.failures:
                if self.batch_request is not None:
                    self.batch_request.fail_member(failure)
            outcome = self.outcome(answer)
            result: Out = await outcome if inspect.isawaitable(outcome) else outcome
        except ValidationError as error:
            raise ContractError(
                f"The connector `{self.integration.name}` built an invalid {error.title} in `{self.key}`: "
                f"{self._first_problem(error)} ({line_of(error)})."
            ) from error
        return result

    async def answered(self) -> Any:
        """The answer of the steps."""
        return await super().run()

    def outcome(self, answer: Any) -> Any:
        """The outcome that an answer stands for; here, the answer itself. May be `async`."""
        return answer

    def unexpected_answer(self, answer: Any) -> ContractError:
        """The error for an answer that a connector may not give."""
        return ContractError(
            f"The connector `{self.integration.name}` answered `{self.key}` with {shape_of(answer)}. A send answers "
            "Completed(results), Accepted(remote_batch_id) or `response_data, report, data`; a check may also answer "
            f"InProgress() or Unknown(why).{self.answered_in}"
        )

    @property
    def answered_in(self) -> str:
        """The author's step that gave the answer, as a sentence; empty if it is none of the author's."""
        for name in ("normalize_response", "send", "transform_data", "validated_data", "get_data"):
            code = getattr(getattr(type(self), name), "__code__", None)
            if code is not None and is_an_authors(Path(code.co_filename)):
                return f" The answer came from `{name}` in {Path(code.co_filename).name}, line {code.co_firstlineno}."
        return ""

    def parts(self, answer: Any) -> tuple[tuple[ItemResult, ...], tuple[ErrorReportDto, ...]]:
        """The results and reports of the documented triple `response_data, report, data`.

        `response_data` is a list of results, or empty (`""`, None) if the channel answers later.
        """
        if not (isinstance(answer, tuple) and len(answer) == 3):  # noqa: PLR2004
            raise self.unexpected_answer(answer)
        results, lines, _ = answer
        return self.checked(() if _is_empty(results) else results, several(lines))

    def checked(self, results: Any, lines: Any) -> tuple[tuple[ItemResult, ...], tuple[ErrorReportDto, ...]]:
        """Results and reports of the right types.

        Raises:
            ContractError: a value has another type.
        """
        if not (isinstance(results, list | tuple) and all(isinstance(result, ItemResult) for result in results)):
            raise self.unexpected_answer(results)
        if not (isinstance(lines, list | tuple) and all(isinstance(line, ErrorReportDto) for line in lines)):
            raise self.unexpected_answer(lines)
        return tuple(results), tuple(lines)

    def build_each(self, rows: Iterable[Row], build: Callable[[Row], Built], name: Callable[[Row], str]) -> list[Built]:
        """Builds an item, or a result of a send, from each of the channel's rows. A row that cannot be read, whatever the
        error, is reported under its `name`, and the others continue.

        Raises:
            ChannelAppError, OSError, MemoryError: it is not about the row, as when the channel does not answer.
        """
        built: list[Built] = []
        for row in rows:
            try:
                built.append(build(row))
            except (OSError, MemoryError):
                raise
            except Exception as error:
                if isinstance(error, ChannelAppError) and not isinstance(error, ItemError):
                    raise
                self.trace(error)
                self.unreadable.append(Unreadable(self._name_of(row, name), self._why(error)))
        return built

    def all_unreadable(self, answered: Any = ()) -> tuple[Unreadable, ...]:
        """The rows that could not be understood: those of the answer, and those that `build_each` met.

        Raises:
            ContractError: the answer's are no rows of that kind.
        """
        if not (isinstance(answered, list | tuple) and all(isinstance(row, Unreadable) for row in answered)):
            raise self.unexpected_answer(answered)
        return tuple(dict.fromkeys([*answered, *self.unreadable]))

    def _name_of(self, row: Row, name: Callable[[Row], str]) -> str:
        try:
            found = name(row)
        except Exception:  # a row that cannot even be named is reported all the same
            found = ""
        return NAMELESS if _is_empty(found) else str(found)

    def _why(self, error: Exception) -> str:
        """The problem of a row, without its content, which may be personal data and which Python's own errors quote."""
        if isinstance(error, ValidationError):
            return self._first_problem(error)
        if isinstance(error, ItemError):
            text: str = self.integration.runtime.redactor.line(error.message, limit=300)
            return text.rstrip(".")  # those who quote it end the sentence
        return place_of(error)

    def _first_problem(self, error: ValidationError) -> str:
        """The first problem, without the value, which may be personal data."""
        first = error.errors(include_input=False, include_url=False)[0]
        field = ".".join(str(part) for part in first["loc"]) or "the whole"
        text: str = self.integration.runtime.redactor.line(f"{field}: {first['msg']}", limit=300)
        return text


def shape_of(value: Any) -> str:
    """The type of a value, without its content, which may be personal data."""
    if not (isinstance(value, list | tuple) and value):
        return f"`{type(value).__name__}`"
    inside = ", ".join(type(entry).__name__ for entry in value[:SHOWN])
    return f"`{type(value).__name__}` of {inside}{', ...' if len(value) > SHOWN else ''}"


def _is_empty(value: Any) -> bool:
    """Whether `response_data` is empty."""
    return value is None or (isinstance(value, str) and not value)


def is_id(value: Any) -> bool:
    """Whether a value names a batch: a blank text names none."""
    return bool(value) and not is_blank(value)


def several(value: Any) -> list[Any] | tuple[Any, ...]:
    """One value or several, as a sequence."""
    if _is_empty(value):
        return ()
    return value if isinstance(value, list | tuple) else (value,)


class AnsweredCommand(ChannelCommand[In, Out, Connector]):
    """A command to which the channel gives a result for each item."""

    def accepted(
        self,
        name: str | ProductImage,
        *,
        remote_id: str | None = None,
        message: str | None = None,
        order: str | None = None,
    ) -> ItemResult:
        """The result for an item that the channel took.

        Args:
            name: the product's sku, or its value at `remote_id_attribute`; the order's number; the channel's id of a request.
                For an image, the image itself if the channel tells the images of a product apart.
            remote_id: the channel's id of it, if it is new or the channel repeats it.
            message: a remark of the channel's, which reaches the merchant.
            order: the channel's id or number of the order of a request, where ids repeat from order to order.
        """
        return result_of(self.content_type, ResponseStatus.success, name, remote_id, message, order)

    def refused(
        self, name: str | ProductImage, message: str | None, *, remote_id: str | None = None, order: str | None = None
    ) -> ItemResult:
        """The result for an item that the channel refused, with its reason for the merchant."""
        return result_of(self.content_type, ResponseStatus.fail, name, remote_id, message, order)
