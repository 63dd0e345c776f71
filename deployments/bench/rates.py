"""A limit of the channel that two processes share: 1,000 items at 25 a call, against a channel that takes two calls a second."""

import asyncio
import math
import multiprocessing
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

from prefect import flow
from prefect.settings import PREFECT_API_AUTH_STRING, PREFECT_API_URL, get_current_settings, temporary_settings
from pydantic import SecretStr
from rich.console import Console
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from clients.calls import Call
from clients.deadline import deadline
from clients.errors import ChannelAppError, ChannelUnavailableError
from clients.rates import Rate
from clients.runtime import Runtime
from clients.settings import Settings
from clients.transport import Transport
from deployments.sandbox.server import CHANNEL_MODULE, running

ITEMS, A_CALL, PROCESSES = 1_000, 25, 2
RATE = Rate(2, 1.0)
ALLOWED = 1.15
"""Times the time that the limit itself takes."""
SEND_SECONDS = 300.0
"""The time of a send, after which what is left is released."""


class Channel:
    """Takes so many calls in any stretch of time, and refuses the others without saying until when."""

    def __init__(self, rate: Rate = RATE, now: Callable[[], float] = time.monotonic) -> None:
        self._rate = rate
        self._now = now
        self.taken: list[float] = []
        self.refused = 0
        self._latest: deque[float] = deque(maxlen=rate.calls)

    async def take(self, _request: Request) -> Response:
        now = self._now()
        if len(self._latest) == self._rate.calls and now - self._latest[0] < self._rate.seconds:
            self.refused += 1
            return JSONResponse({"error": "too many requests"}, 429)
        self._latest.append(now)
        self.taken.append(now)
        return JSONResponse({"taken": A_CALL})


@dataclass(frozen=True, slots=True)
class Sent:
    """What became of the calls of all processes."""

    taken: int
    refused: int
    released: int
    seconds: float

    def __str__(self) -> str:
        needed = (math.ceil(self.taken / RATE.calls) - 1) * RATE.seconds
        return (
            f"{self.taken} calls taken, {self.refused} refused, {self.released} released, {self.seconds:.1f} s "
            f"({self.seconds / needed:.2f} x the limit's)"
        )


async def rates(console: Console) -> None:
    """Prints a line for a limit that the processes share, and one for limits that each keeps for itself."""
    console.print(
        f"limits: {ITEMS:,} items at {A_CALL} a call, {PROCESSES} processes, {RATE.calls} calls a second for both together"
    )
    console.print(f"  shared: {await two_processes(share=True)} (at most {ALLOWED:g} x)")
    console.print(f"  each for itself: {await two_processes(share=False)}")


async def two_processes(*, share: bool) -> Sent:
    """Sends all items from two processes, each in a run that reports to the Prefect server in force."""
    channel = Channel()
    app = Starlette(routes=[Route("/offers", channel.take, methods=["PUT"])])
    api = get_current_settings().api
    auth = api.auth_string.get_secret_value() if api.auth_string else None
    loop, processes = asyncio.get_running_loop(), multiprocessing.get_context("spawn")
    async with running({"channel": (app, 0)}) as urls:
        with ProcessPoolExecutor(PROCESSES, mp_context=processes) as pool:
            work = [
                loop.run_in_executor(pool, _process, urls["channel"], str(api.url), auth, share)
                for _ in range(PROCESSES)
            ]
            released = sum(await asyncio.gather(*work))
    return Sent(len(channel.taken), channel.refused, released, channel.taken[-1] - channel.taken[0])


def _process(channel: str, prefect: str, auth: str | None, share: bool) -> int:  # travels to a process by position
    with temporary_settings({PREFECT_API_URL: prefect, PREFECT_API_AUTH_STRING: auth}):
        return asyncio.run(_send(channel, share=share))


@flow(name="sending of one process", persist_result=False)
async def _send(channel: str, *, share: bool) -> int:
    """The calls that were released: those that did not get through within the time of a send."""
    settings = Settings(
        OMNITRON_URL=channel,
        OMNITRON_USERNAME="nobody",
        OMNITRON_PASSWORD=SecretStr("never sent"),
        OMNITRON_CHANNEL_ID=6,
        CHANNEL_MODULE=CHANNEL_MODULE,
    )
    runtime = Runtime(settings)
    released = 0
    async with Transport(
        "The channel", channel, runtime, unavailable=ChannelUnavailableError, rates={"offers": RATE}, share=share
    ) as transport:
        with deadline(SEND_SECONDS, runtime.clock):
            for _ in range(ITEMS // A_CALL // PROCESSES):
                try:
                    await transport.send(Call("PUT", "offers", body={"items": []}, group="offers"))
                except ChannelAppError:
                    released += 1
    return released
