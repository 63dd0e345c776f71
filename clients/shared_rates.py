"""Limits that one process keeps together with others: the rates of a channel are those of all runs that call it."""

import logging
import re
from contextlib import AsyncExitStack

from clients.flow_runs import PrefectUnavailableError
from clients.rates import Rate
from clients.runtime import Runtime
from clients.slots import A_CALL, SharedSlots, Slots

log = logging.getLogger("channel_app.http")

LEAST_WAIT = 0.05
"""Seconds between two questions, at least."""
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
        self._kept: dict[str, Rate] = {}
        """The rates that this process has seen to, by their groups."""

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
        now, right = await slots.read(name), Slots.of(rate)
        is_new = self._kept.get(group) != rate
        # Seen to once: what an operator sets later, a slower rate for a while, holds.
        if now is None or not now.serves or (is_new and (now.most, now.per_second) != (right.most, right.per_second)):
            await slots.keep(name, right)
            now = await slots.read(name) or right
        self._kept[group] = rate
        got = min(wanted, now.calls)
        if got and await slots.take(name, got * A_CALL):
            return got, 0.0
        return 0, max(now.seconds, LEAST_WAIT)
