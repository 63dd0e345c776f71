"""Limits of a channel: what may be sent when, and what a refusal changes."""

import asyncio
from collections.abc import Mapping
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clients.calls import Call
from clients.deadline import deadline
from clients.errors import ChannelUnavailableError, ConfigError, DeadlineError, RateLimitedError
from clients.rates import MARGIN, Pace, Rate
from clients.runtime import Runtime
from clients.transport import Transport
from tests.clients.support import ADDRESS, Sleeper, answer, settings, yield_to_others

OFFERS, STOCKS = Call("PUT", "offers", body={}, group="offers"), Call("PUT", "stocks", body={}, group="stocks")


class Market:
    """A channel that lets so many calls through in any stretch of seconds, and remembers when each came."""

    def __init__(self, clock: Sleeper, rate: Rate | None = None, headers: Mapping[str, str] | None = None) -> None:
        self.clock, self.rate, self.headers = clock, rate, headers or {}
        self.taken: list[float] = []
        self.refused = 0

    def __call__(self, request: httpx.Request) -> httpx.Response:
        now = self.clock.monotonic()
        recent = [moment for moment in self.taken if self.rate and moment > now - self.rate.seconds]
        if self.rate and len(recent) >= self.rate.calls:
            self.refused += 1
            return answer({}, 429)
        self.taken.append(now)
        return httpx.Response(200, headers=dict(self.headers), json={})

    def transport(self, **parameters: Any) -> Transport:
        runtime = Runtime(settings(), self.clock, lambda in_flight: httpx.MockTransport(self))
        return Transport("The market", ADDRESS, runtime, unavailable=ChannelUnavailableError, **parameters)


async def turn(pace: Pace, group: str = "") -> None:
    """As the transport does when it has a place for the call."""
    await pace.wait(group)
    while not pace.start(group):
        await pace.wait(group)


class Together(Sleeper):
    """Who sleeps at the same time wakes at the same time."""

    async def sleep(self, seconds: float) -> None:
        until = self.monotonic() + seconds
        await yield_to_others()
        self.advance(max(0.0, until - self.monotonic()))


@given(calls=st.integers(1, 5), seconds=st.floats(0.1, 20), count=st.integers(1, 30))
def test_no_stretch_of_time_has_more_calls_than_the_rate(calls: int, seconds: float, count: int) -> None:
    """And none is slower than it has to be."""
    clock = Together()
    rate = Rate(calls, seconds)
    pace = Pace({"": rate}, clock)
    began = clock.monotonic()
    moments: list[float] = []

    async def one() -> None:
        await turn(pace)
        moments.append(clock.monotonic())

    async def all_of_them() -> None:
        await asyncio.gather(*(one() for _ in range(count)))

    asyncio.run(all_of_them())
    for first, later in zip(moments, moments[calls:], strict=False):
        assert later - first >= seconds
    assert clock.monotonic() - began <= (count - 1) // calls * seconds * MARGIN * 1.001 + 0.001


async def test_who_comes_first_goes_first() -> None:
    """One that comes at the moment when a place is free does not take it from one that waits."""

    class Gated(Sleeper):
        gate = asyncio.Event()

        async def sleep(self, seconds: float) -> None:
            until = self.monotonic() + seconds
            await self.gate.wait()
            await super().sleep(max(0.01, until - self.monotonic()))

    clock, order = Gated(), list[str]()
    pace = Pace({"": Rate(1, 10.0)}, clock)
    await turn(pace)

    async def one(name: str) -> None:
        await turn(pace)
        order.append(name)

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(one("early"))
        await yield_to_others()
        clock.advance(11)
        tasks.create_task(one("late"))
        await yield_to_others()
        clock.gate.set()
    assert order == ["early", "late"]


async def test_a_send_of_many_calls_keeps_to_the_rate(clock: Sleeper) -> None:
    """Forty calls at two a second: none is refused."""
    market = Market(clock, Rate(2, 1.0))
    async with market.transport(rates={"offers": Rate(2, 1.0)}) as transport:
        began = clock.monotonic()
        await asyncio.gather(*(transport.send(OFFERS) for _ in range(40)))
    assert (len(market.taken), market.refused) == (40, 0)
    assert clock.monotonic() - began <= 1.15 * 19


async def test_without_a_rate_refusals_slow_the_calls_down(clock: Sleeper) -> None:
    """A 429 without Retry-After: all calls get through within the time of a send."""
    market = Market(clock, Rate(2, 1.0))
    async with market.transport() as transport:
        with deadline(300, clock):
            for _ in range(40):
                await transport.send(Call("PUT", "offers", body={}))
    assert len(market.taken) == 40


@pytest.mark.parametrize("rates", [{}, {"": Rate(1_000, 1.0)}], ids=["without a rate", "with one"])
async def test_a_refusal_stops_calls_that_wait_for_a_place(rates: Mapping[str, Rate]) -> None:
    """Also those whose turn came before it: of sixty calls, four were under way."""
    clock, sent = Together(), list[float]()

    async def market(request: httpx.Request) -> httpx.Response:
        sent.append(clock.monotonic())
        await yield_to_others()
        return httpx.Response(429, headers={"Retry-After": "60"}) if len(sent) <= 4 else answer({})

    runtime = Runtime(settings(), clock, lambda in_flight: httpx.MockTransport(market))
    async with Transport(
        "The market", ADDRESS, runtime, unavailable=ChannelUnavailableError, in_flight=4, rates=rates
    ) as transport:
        began = clock.monotonic()
        await asyncio.gather(*(transport.send(Call("PUT", "x", body={})) for _ in range(60)))
    assert sum(moment < began + 55 for moment in sent) <= 5
    assert len(sent) == 64


async def test_a_call_that_cannot_start_before_the_deadline_is_given_up_at_once(clock: Sleeper) -> None:
    market = Market(clock)
    async with market.transport(rates={"offers": Rate(1, 60.0)}) as transport:
        await transport.send(OFFERS)
        began = clock.monotonic()
        with deadline(10, clock), pytest.raises(DeadlineError, match="`offers`"):
            await transport.send(OFFERS)
        assert clock.monotonic() == began


async def test_a_call_that_would_wait_for_long_is_left_to_a_later_run(clock: Sleeper) -> None:
    """A channel may tell a rate of one call in eleven days."""
    market = Market(clock)
    async with market.transport(rates={"": Rate(1, 1_000_000.0)}) as transport:
        await transport.send(Call("GET", "x"))
        began = clock.monotonic()
        with pytest.raises(RateLimitedError, match="a later run"):
            await transport.send(Call("GET", "x"))
        assert clock.monotonic() == began


async def test_a_rate_that_cannot_be_read_changes_nothing(clock: Sleeper) -> None:
    """The answer counts: it may be that of a create."""
    market = Market(clock, headers={"X-Rate": "0"})
    async with market.transport(rate_of=lambda headers: Rate(int(headers["X-Rate"]))) as transport:
        assert (await transport.send(Call("POST", "x", body={}))).status == 200


async def test_groups_do_not_hold_each_other_up(clock: Sleeper) -> None:
    market = Market(clock)
    async with market.transport(rates={"offers": Rate(1, 60.0), "stocks": Rate(1, 60.0)}) as transport:
        began = clock.monotonic()
        await transport.send(OFFERS)
        await transport.send(STOCKS)
        assert clock.monotonic() - began < 1


async def test_a_refusal_pauses_its_whole_group(clock: Sleeper) -> None:
    """The other calls of the group wait as long as the refused one; those of another group go on."""
    pace = Pace({"offers": Rate(100, 1.0), "stocks": Rate(100, 1.0)}, clock)
    pace.pause("offers", 30)
    pace.pause("offers", 10)  # a shorter pause does not end a longer one
    began = clock.monotonic()
    await turn(pace, "stocks")
    assert clock.monotonic() == began
    await turn(pace, "offers")
    assert clock.monotonic() == began + 30


async def test_the_rate_that_an_answer_tells_counts_from_then_on(clock: Sleeper) -> None:
    """As a channel does that changes it by the hour."""
    market = Market(clock, headers={"X-Rate": "0.5"})

    def rate_of(headers: Mapping[str, str]) -> Rate | None:
        told = headers.get("X-Rate")
        return Rate(1, 1 / float(told)) if told else None

    async with market.transport(rates={"offers": Rate(10, 1.0)}, rate_of=rate_of) as transport:
        for _ in range(4):
            await transport.send(OFFERS)
    assert [round(b - a) for a, b in zip(market.taken, market.taken[1:], strict=False)] == [2, 2, 2]


async def test_a_group_without_a_rate_is_a_mistake_that_names_the_others(clock: Sleeper) -> None:
    market = Market(clock)
    async with market.transport(rates={"offers": Rate(2)}) as transport:
        with pytest.raises(ConfigError, match=r"the group `stocks`.*has `offers`"):
            await transport.send(STOCKS)
    assert market.taken == []


@pytest.mark.parametrize(("calls", "seconds"), [(0, 1.0), (1, 0.0), (-1, 1.0), (1, -1.0)])
def test_a_rate_lets_something_through(calls: int, seconds: float) -> None:
    with pytest.raises(ConfigError, match="lets no call through"):
        Rate(calls, seconds)
