"""Limits that one process keeps together with others: the rates of a channel are those of all runs that call it."""

import logging
import re
from contextlib import AsyncExitStack
from dataclasses import dataclass

from clients.flow_runs import PrefectUnavailableError
from clients.rates import SHORTEST_PAUSE, Rate
from clients.runtime import Runtime
from clients.slots import A_CALL, ASKING, SharedSlots, Slots

log = logging.getLogger("channel_app.http")

A_QUESTION = 0.05
"""Seconds that Prefect may take to answer. All places that become free in it are taken at once."""
A_MOMENT = 0.01
"""Seconds between two questions, at least."""
LOOKS_EVERY = 8
"""Places after which a process that knows of no other leaves one to it."""
ALONE = 60.0
"""Seconds for which a process goes by its own limits after Prefect did not answer."""


class SharedRates:
    """The places of a system's groups, which all processes of a channel take from the limits of one Prefect server.

    Where there is no server, or none that answers, every place is free: the process then keeps the limits alone.
    """

    def __init__(self, system: str, runtime: Runtime) -> None:
        self._system = system
        self._runtime = runtime
        # Prefect's names hold no slashes, and few other signs.
        name = re.sub(r"[^\w.-]+", "-", system)
        self._prefix = f"channel-app:{runtime.settings.OMNITRON_CHANNEL_ID}:{name}"
        self._stack = AsyncExitStack()
        self._slots: SharedSlots | None = None
        self._is_open = False
        self._alone_until = 0.0
        self._queues: dict[str, _Queue] = {}

    async def take(self, group: str, rate: Rate, wanted: int) -> tuple[int, float]:
        """The places that a group has got, up to the number `wanted`; if none, the seconds until there is one."""
        if self._runtime.clock.monotonic() < self._alone_until:
            return wanted, 0.0
        try:
            slots = await self._open()
            return (wanted, 0.0) if slots is None else await self._take(slots, group, rate, wanted)
        except PrefectUnavailableError as error:
            log.warning(
                "The limits of %s are kept in this process alone for %.0f s. %s", self._system, ALONE, error.message
            )
            self._alone_until = self._runtime.clock.monotonic() + ALONE
            return wanted, 0.0

    async def aclose(self) -> None:
        """Closes the connection to Prefect."""
        await self._stack.aclose()

    async def _open(self) -> SharedSlots | None:
        if self._is_open:
            return self._slots
        self._slots = self._runtime.slots
        if self._slots is None:
            from clients.prefect_slots import PrefectSlots  # noqa: PLC0415  # Prefect is slow to import
            from clients.run_server import server_of_run  # noqa: PLC0415

            url = await server_of_run()
            if url is None:
                log.info("No Prefect server is at hand: the limits of %s are kept in this process alone.", self._system)
            else:
                self._slots = await self._stack.enter_async_context(PrefectSlots.open(url))
        self._is_open = True
        return self._slots

    async def _take(self, slots: SharedSlots, group: str, rate: Rate, wanted: int) -> tuple[int, float]:
        name = f"{self._prefix}:{group}" if group else self._prefix
        queue, clock = self._queues.setdefault(group, _Queue()), self._runtime.clock
        expected = free = queue.expected(clock.monotonic())
        if not free:
            now = await self._read(slots, name, rate, queue)
            free = now.calls
            if not free:
                coming = min(wanted, now.calls_in(A_QUESTION))
                pause = max(now.seconds_until(coming), A_MOMENT)
                if queue.steps_back():
                    return 0, pause + min(A_QUESTION, ASKING * rate.seconds)
                queue.expect(coming, clock.monotonic() + pause)
                return 0, pause
        got = min(wanted, free)
        if await slots.take(name, got * A_CALL):
            queue.has_taken(was_expected=expected > 0)
            return got, 0.0
        queue.meets_others, queue.was_last = True, False
        return 0, A_MOMENT

    async def _read(self, slots: SharedSlots, name: str, rate: Rate, queue: "_Queue") -> Slots:
        """The limit as it is now. It is put right if it does not serve, or is not that of the connector.

        That is seen to once: what an operator sets later, a slower rate for a while, holds.
        """
        now, right = await slots.read(name), Slots.of(rate)
        is_new = queue.rate != rate
        if now is None or not now.serves or (is_new and (now.most, now.per_second) != (right.most, right.per_second)):
            await slots.keep(name, right)
            now = await slots.read(name) or right
        queue.rate = rate
        return now


@dataclass(slots=True)
class _Queue:
    """What a process knows of the limit of a group."""

    rate: Rate | None = None
    """The rate that it has seen to."""
    places: int = 0
    """Places that are free from `since` on, by the latest reading, if no other process takes them."""
    since: float = 0.0
    taken: int = 0
    """How often it took places."""
    was_last: bool = False
    """Whether it took a place and has not waited since."""
    meets_others: bool = False
    """Whether another process has lately taken a place before it."""
    stepped_back: bool = False
    """Whether it left the place for which it waits to another process."""

    def expect(self, places: int, since: float) -> None:
        self.places, self.since = places, since

    def expected(self, now: float) -> int:
        """The places that should be free now. They are expected once: what is older is read anew."""
        places, self.places = self.places, 0
        return places if -SHORTEST_PAUSE <= now - self.since <= A_QUESTION else 0

    def has_taken(self, *, was_expected: bool) -> None:
        self.taken += 1
        self.was_last, self.stepped_back = True, False
        self.meets_others &= was_expected  # a place that was found free is one that nobody waits for

    def steps_back(self) -> bool:
        """Whether it leaves the next place to another process: of those that wait for it, the latest to get one comes last, and
        none is refused. Now and then it does so to learn whether there is another."""
        self.meets_others |= self.stepped_back  # and another one came
        self.stepped_back = self.was_last and (self.meets_others or self.taken % LOOKS_EVERY == 0)
        self.was_last = False
        return self.stepped_back
