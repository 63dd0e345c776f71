"""Bringing what the channel says of itself into Omnitron, thing by thing: what was done, and what could not be."""

from abc import abstractmethod
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, ClassVar, TypeVar

from clients.errors import AuthError, ChannelAppError, ConfigError, ItemError, RetryableError
from dto.reports import ErrorReportDto
from tasks import reports
from tasks.command import In, OmnitronCommand
from tasks.concurrency import AT_ONCE, for_each
from tasks.unforeseen import unforeseen

Thing = TypeVar("Thing")

OUTAGE_AFTER = 5
"""Things that fail one after the other because a system does not answer: then it is down, and the run stops."""


@dataclass(frozen=True, slots=True)
class Misfit:
    """One thing of the channel's that could not be brought into Omnitron."""

    kind: str
    """What such a thing is called: `category`, `attribute`."""
    name: str
    code: str
    message: str
    report: ErrorReportDto


@dataclass(slots=True)
class Changes:
    """What a command did: things by outcome (`created`, `changed`, `unchanged`, `touched`, `failed`)."""

    counts: Counter[str] = field(default_factory=Counter)
    misfits: list[Misfit] = field(default_factory=list)


@dataclass(slots=True)
class Tally:
    """What was written for one thing."""

    is_new: bool = False
    writes: int = 0

    @property
    def outcome(self) -> str:
        if self.is_new:
            return "created"
        return "changed" if self.writes else "unchanged"


class ChangeCommand(OmnitronCommand[In, Changes]):
    """A command over many things of the channel's: one that fails, fails alone."""

    kind: ClassVar[str]
    """What one of them is called: `category`, `attribute`."""

    def __init__(self, *arguments: Any, **parameters: Any) -> None:
        super().__init__(*arguments, **parameters)
        self.changes = Changes()
        self._unanswered = 0

    @abstractmethod
    def name_of(self, thing: Any) -> str:
        """How people call it."""

    def consequence_for(self, thing: Any) -> str:  # noqa: ARG002  # most fail without one
        """What else does not happen when it fails, for the message."""
        return ""

    async def each(
        self, things: Iterable[Thing], work: Callable[[Thing], Awaitable[None]], doing: str, at_once: int = AT_ONCE
    ) -> None:
        """`work` for all of them side by side; says how far it is.

        Raises:
            RetryableError: a system is down.
            AuthError, ConfigError: they would all fail alike.
        """
        things = list(things)
        progress = self.integration.progress(doing, len(things), self.batch_request)

        async def one(thing: Thing) -> None:
            try:
                await work(thing)
            except (AuthError, ConfigError):
                raise
            except Exception as error:  # a connector's own mistake too, met by one thing, stops no other
                self._failed(thing, error)
            else:
                self._unanswered = 0
            progress.step()

        await for_each(things, one, at_once)

    def misfit(self, name: str, code: str, message: str) -> None:
        """One thing failed: it is counted, and reported once."""
        runtime = self.integration.runtime
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
        self.changes.misfits.append(Misfit(self.kind, name, code, text, report))

    def _failed(self, thing: Any, error: Exception) -> None:
        more = self.consequence_for(thing)
        known = error if isinstance(error, ChannelAppError) else unforeseen(error, self.integration.runtime.redactor)
        if isinstance(known, RetryableError):
            self._unanswered += 1
            if self._unanswered >= OUTAGE_AFTER:
                raise known from error
        else:
            self._unanswered = 0
        code = known.code if isinstance(known, ItemError) else type(known).__name__.removesuffix("Error")
        self.misfit(self.name_of(thing), code, f"{known.message} {more}".rstrip())
