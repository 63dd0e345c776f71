"""What the merchant was told of things that wait: each is told once, and again when its reason changes."""

import hashlib
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import AsyncExitStack

from clients.flow_runs import PrefectUnavailableError
from clients.runtime import Runtime
from clients.variables import LONGEST_VALUE, Variables
from dto.reports import ErrorReportDto
from flows.variables import open_variables
from tasks.log import Logger

DIGITS = 8
"""Hexadecimal digits by which a line is recognised."""


class Told:
    """The lines that earlier runs of one flow wrote, as short digests in a variable.

    A run without a Prefect server knows of no earlier one, and tells everything. So does a run whose server does not answer: a
    line too many is better than one too few. If more things wait than a variable can hold, about 600, those beyond are told
    again.
    """

    def __init__(self, title: str, runtime: Runtime, stack: AsyncExitStack) -> None:
        """The `stack` closes the connection."""
        self._name = f"channel-app-told-{runtime.settings.OMNITRON_CHANNEL_ID}-{title.replace(' ', '-')}"
        self._runtime = runtime
        self._stack = stack
        self._variables: Variables | None = None
        self._known: dict[str, None] | None = None

    async def tell(
        self, lines: Sequence[ErrorReportDto], write: Callable[[Sequence[ErrorReportDto]], Awaitable[int]], log: Logger
    ) -> None:
        """Has the lines written that no earlier run has written. `write` answers how many it could write."""
        new = await self._new(lines, log)
        if await write(new) == len(new):
            await self._remember(new, log)

    async def _new(self, lines: Sequence[ErrorReportDto], log: Logger) -> list[ErrorReportDto]:
        """The lines that were not written before."""
        if not lines:
            return []
        if self._known is None:
            self._known = await self._read(log)
        return [line for line in lines if _digest(line) not in self._known]

    async def _remember(self, lines: Sequence[ErrorReportDto], log: Logger) -> None:
        """Keeps in mind that these lines were written: after the fact, so that a crash repeats a line and loses none."""
        if self._variables is None or self._known is None or not lines:
            return
        self._known |= dict.fromkeys(map(_digest, lines))
        newest = "".join(list(self._known)[-(LONGEST_VALUE // DIGITS) :])
        try:
            if not await self._variables.update(self._name, newest):
                await self._variables.create(self._name, newest)
        except PrefectUnavailableError as error:
            self._give_up(error, log)

    async def _read(self, log: Logger) -> dict[str, None]:
        try:
            self._variables = await open_variables(self._runtime, self._stack)
            if self._variables is None:
                return {}
            return dict.fromkeys(_digests((await self._variables.read(self._name)).get(self._name)))
        except PrefectUnavailableError as error:
            self._give_up(error, log)
            return {}

    def _give_up(self, error: PrefectUnavailableError, log: Logger) -> None:
        self._variables = None
        log.warning("%s What waits is told to the merchant again.", error.message)


def _digest(line: ErrorReportDto) -> str:
    """A line is the same if thing and reason are the same."""
    return hashlib.sha256(f"{line.error_code}\n{line.error_description}".encode()).hexdigest()[:DIGITS]


def _digests(value: object) -> Iterator[str]:
    text = value if isinstance(value, str) else ""  # anything else was written by somebody else
    return (text[start : start + DIGITS] for start in range(0, len(text), DIGITS))
