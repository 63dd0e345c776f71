"""Base of the commands that bring the channel's setup into Omnitron item by item, and their counts and failures."""

from abc import abstractmethod
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, TypeVar

from clients.errors import (
    AuthError,
    ChannelAppError,
    ConfigError,
    HeldBackError,
    ItemError,
    RefusedError,
    RetryableError,
    error_code,
)
from clients.redaction import visible_line
from dto.reports import ErrorReportDto
from tasks import reports
from tasks.command import In
from tasks.concurrency import AT_ONCE, for_each
from tasks.omnitron.command import OmnitronCommand
from tasks.sanitizing import unforeseen

Item = TypeVar("Item")
Result = TypeVar("Result")

SHOWN = 5
"""Reasons in one message, at most."""

OUTAGE_AFTER = 5
"""Consecutive items that fail because a system does not answer; then it counts as down, and the run stops."""


@dataclass(frozen=True, slots=True)
class SetupFailure:
    """One item of the channel that could not be brought into Omnitron."""

    kind: str
    """The word for the item: `category` or `attribute`."""
    name: str
    code: str
    message: str
    report: ErrorReportDto


@dataclass(slots=True)
class Changes:
    """The number of items by outcome (`created`, `changed`, `unchanged`, `touched`, `failed`), and the failures."""

    counts: Counter[str] = field(default_factory=Counter)
    failures: list[SetupFailure] = field(default_factory=list)


class LinesFailedError(ItemError):
    """Several lines of one item could not be written; the others were."""

    code = "LinesFailed"


Problem = ItemError | RefusedError
"""Why a line was not written."""


@dataclass(slots=True)
class Tally:
    """The writes made for one item, and the reasons why lines of it, such as values, could not be written."""

    is_new: bool = False
    writes: int = 0
    problems: list[Problem] = field(default_factory=list)

    @property
    def outcome(self) -> str:
        if self.is_new:
            return "created"
        return "changed" if self.writes else "unchanged"

    async def attempt(self, work: Awaitable[Result]) -> Result | None:
        """The result of writing one line. None if that failed: the others are written all the same."""
        try:
            return await work
        except (ItemError, RefusedError) as error:
            self.problems.append(error)
            return None

    def raise_problems(self) -> None:
        """Fails the item, once all its lines had their turn.

        Raises:
            ItemError, RefusedError: the reason of its only line that failed, or LinesFailedError with those of several.
        """
        if self.problems:
            raise _together(self.problems)


def _together(problems: Sequence[Problem]) -> Problem:
    sentences = dict.fromkeys(problem.message for problem in problems)
    if len(sentences) == 1:
        return problems[0]
    shown = [*sentences][:SHOWN]
    more = f" And {len(sentences) - SHOWN} more." if len(sentences) > SHOWN else ""
    return LinesFailedError(f"{len(sentences)} lines could not be written; the others were. {' '.join(shown)}{more}")


class ChangeCommand(OmnitronCommand[In, Changes]):
    """A command for many items of the channel: an item that fails does not stop the others."""

    kind: ClassVar[str]
    """The word for one item: `category` or `attribute`."""

    changes: Changes = field(init=False, default_factory=Changes)
    _unanswered: int = field(init=False, default=0)

    @abstractmethod
    def name_of(self, item: Any) -> str:
        """The item's name for people."""

    def consequence_for(self, item: Any) -> str:  # noqa: ARG002  # most have no consequence
        """The consequence of its failure for other items, for the message."""
        return ""

    async def each(
        self, items: Iterable[Item], work: Callable[[Item], Awaitable[None]], activity: str, at_once: int = AT_ONCE
    ) -> None:
        """Runs `work` for all items side by side and logs progress.

        Raises:
            RetryableError: a system is down.
            AuthError, ConfigError, HeldBackError: every item would fail for the same reason.
        """
        items = list(items)
        progress = self.integration.progress(activity, len(items), self.batch_request)

        async def one(item: Item) -> None:
            try:
                await work(item)
            except (AuthError, ConfigError, HeldBackError):
                raise
            except Exception as error:  # also a connector's own mistake in one item
                self._failed(item, error)
            else:
                self._unanswered = 0
            progress.step()

        await for_each(items, one, at_once)

    def add_failure(self, name: str, code: str, message: str) -> None:
        """Counts a failed item, logs it and prepares its report."""
        runtime, name = self.integration.runtime, visible_line(name)
        text = runtime.redactor.text(message, limit=1_000)
        report = reports.of_arrival(
            self.integration.channel_id,
            self.kind,
            name,
            code,
            f"{code}: {self.kind} {name}: {text}",
            runtime.clock.now(),
        )
        self.log.warning("%s %s failed: %s: %s", self.kind, name, code, text)
        self.changes.counts["failed"] += 1
        self.changes.failures.append(SetupFailure(self.kind, name, code, text, report))

    def _failed(self, item: Any, error: Exception) -> None:
        more = self.consequence_for(item)
        known = error if isinstance(error, ChannelAppError) else unforeseen(error, self.integration.runtime.redactor)
        if isinstance(known, RetryableError):
            self._unanswered += 1
            if self._unanswered >= OUTAGE_AFTER:
                raise known from error
        else:
            self._unanswered = 0
        self.add_failure(self.name_of(item), error_code(known), f"{known.message} {more}".rstrip())
