"""A world behind sockets and in real time, for programs in processes of their own."""

import asyncio
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self, TypeVar

from clients.clock import SystemClock
from deployments.sandbox.server import CHANNEL_MODULE, listen, running, url_of
from tests.world.loopback import VirtualClock, World

Answer = TypeVar("Answer")


class RealClock(SystemClock, VirtualClock):
    """Time as it is."""


class ServedWorld:
    """Serves a world in a thread of its own; `world` belongs to that thread, and `ask` looks into it there."""

    def __init__(self, **arguments: Any) -> None:
        self._sockets = {name: listen() for name in ("hub", "market")}
        self.world = World(clock=RealClock(), base_url=url_of(self._sockets["market"]), **arguments)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=(self._serve(),))
        self._ready = threading.Event()
        self._stop = asyncio.Event()

    @property
    def environment(self) -> dict[str, str]:
        """The settings under which a program finds it."""
        hub = self.world.hub.environment(url_of(self._sockets["hub"]))
        return {**hub, "CHANNEL_MODULE": CHANNEL_MODULE}

    def ask(self, look: Callable[[World], Answer]) -> Answer:
        """What `look` answers about the world, between two requests."""

        async def between() -> Answer:
            return look(self.world)

        return asyncio.run_coroutine_threadsafe(between(), self._loop).result()

    def __enter__(self) -> Self:
        self._thread.start()
        self._ready.wait()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()
        self._loop.close()

    async def _serve(self) -> None:
        world = self.world
        async with running(
            {"hub": (world.hub, self._sockets["hub"]), "market": (world.market, self._sockets["market"])}
        ):
            self._ready.set()
            await self._stop.wait()
