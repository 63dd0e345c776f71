"""Limits that several processes keep together."""

import asyncio
import logging
import math
from collections.abc import AsyncIterator
from dataclasses import replace

import httpx
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from prefect import flow
from prefect.client.orchestration import get_client
from prefect.settings import PREFECT_API_URL, get_current_settings, temporary_settings

from clients.calls import Call
from clients.clock import Clock
from clients.errors import ChannelUnavailableError
from clients.flow_runs import PrefectUnavailableError
from clients.prefect_slots import PrefectSlots
from clients.rates import GOOD_FOR, Pace, Rate
from clients.runtime import Runtime
from clients.shared_rates import ALONE, LOOKS_EVERY, SharedRates
from clients.slots import A_CALL, Slots
from clients.transport import Transport
from tests.clients.support import ADDRESS, Sleeper, answer, settings, yield_to_others

GROUP = "channel-app:6:Bazaar:offers"


class PrefectsLimits:
    """Limits as Prefect keeps them: it counts the decay from the latest change, in whole slots, and a refusal is a change."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.limits: dict[str, tuple[Slots, float]] = {}
        self.asked = 0
        self.refused = 0
        self.is_away = False

    async def read(self, name: str) -> Slots | None:
        self.asked += 1
        if self.is_away:
            raise PrefectUnavailableError("Prefect's API did not answer.")
        if name not in self.limits:
            return None
        slots, since = self.limits[name]
        freed = math.floor(slots.per_second * (self.clock.monotonic() - since))
        return replace(slots, taken=max(0, slots.taken - freed))

    async def keep(self, name: str, slots: Slots) -> None:
        taken = self.limits[name][0].taken if name in self.limits else 0
        self.limits[name] = replace(slots, taken=taken), self.clock.monotonic()

    async def take(self, name: str, count: int) -> bool:
        now = await self.read(name)
        assert now is not None
        may = now.taken + count <= now.most
        self.refused += not may
        kept = replace(now, taken=now.taken + count) if may else self.limits[name][0]
        self.limits[name] = kept, self.clock.monotonic()
        return may


class Together(Sleeper):
    """Who sleeps at the same time wakes at the same time."""

    async def sleep(self, seconds: float) -> None:
        until = self.monotonic() + seconds
        await yield_to_others()
        self.advance(max(0.0, until - self.monotonic()))


class InOrder(Sleeper):
    """Who sleeps until an earlier moment wakes first."""

    def __init__(self) -> None:
        super().__init__()
        self.until: list[float] = []

    async def sleep(self, seconds: float) -> None:
        until = self.monotonic() + seconds
        self.until.append(until)
        await yield_to_others()
        while until > min(self.until):
            await yield_to_others()
        self.until.remove(until)
        self.advance(max(0.0, until - self.monotonic()))


def shared(limits: PrefectsLimits, clock: Sleeper) -> SharedRates:
    """As one process has it."""
    return SharedRates("Bazaar", Runtime(settings(), clock, slots=limits))


async def start(pace: Pace) -> None:
    """As the transport does when it has a place for a call."""
    await pace.wait("offers")
    while not pace.start("offers"):
        await pace.wait("offers")


async def starts(clock: Sleeper, limits: PrefectsLimits, rate: Rate, processes: int, calls: int) -> list[float]:
    """When the calls of several processes began that have them all at once."""
    moments: list[float] = []

    async def one(pace: Pace) -> None:
        await start(pace)
        moments.append(clock.monotonic())

    paces = [Pace({"offers": rate}, clock, shared(limits, clock).take) for _ in range(processes)]
    await asyncio.gather(*(one(pace) for pace in paces for _ in range(calls)))
    return sorted(moments)


@hypothesis_settings(deadline=None)
@given(calls=st.integers(1, 60), seconds=st.floats(0.2, 60), processes=st.integers(1, 3), count=st.integers(1, 40))
def test_no_stretch_of_time_has_more_calls_of_all_processes_than_the_rate(
    calls: int, seconds: float, processes: int, count: int
) -> None:
    clock = Together()
    limits = PrefectsLimits(clock)
    rate = Rate(calls, seconds)
    moments = asyncio.run(starts(clock, limits, rate, processes, count))
    assert len(moments) == processes * count
    for first, later in zip(moments, moments[calls:], strict=False):
        assert later - first >= seconds


@given(calls=st.integers(1, 10_000), seconds=st.floats(0.01, 100_000))
def test_what_a_limit_lets_through_is_never_more_than_the_rate(calls: int, seconds: float) -> None:
    """All that is at hand, and all that comes in a stretch of the rate's time, with what a call may lag behind its place."""
    slots = Slots.of(Rate(calls, seconds))
    assert (slots.most + slots.per_second * seconds * (1 + GOOD_FOR)) // A_CALL <= calls
    assert slots.serves


@pytest.mark.parametrize("rate", [Rate(1, 1.0), Rate(2, 1.0), Rate(10, 1.0), Rate(50, 10.0), Rate(300, 60.0)], ids=str)
async def test_nine_tenths_of_a_rate_are_used(rate: Rate) -> None:
    """By two processes with many calls, whose questions take no time here."""
    clock = Together()
    moments = await starts(clock, PrefectsLimits(clock), rate, 2, 2 * rate.calls)
    assert moments[-1] - moments[0] <= (4 * rate.calls - 1) / rate.calls * rate.seconds / 0.9


async def test_processes_take_turns() -> None:
    """Both wait for the same place; who had the last one comes later. A refusal throws away what has become free."""
    limits = PrefectsLimits(clock := InOrder())
    await starts(clock, limits, Rate(2, 1.0), 2, 20)
    assert limits.refused <= LOOKS_EVERY + 2


async def test_who_is_alone_reads_once_a_call(clock: Sleeper) -> None:
    """It waits until the place is free, and takes it without another question."""
    limits = PrefectsLimits(clock)
    moments = await starts(clock, limits, Rate(2, 1.0), 1, 20)
    assert limits.asked <= 2 * 20 + 1 + 20 // LOOKS_EVERY
    assert limits.refused == 0
    assert moments[-1] - moments[0] <= 19 * (A_CALL + 1) / Slots.of(Rate(2, 1.0)).per_second + 0.1


async def test_who_is_alone_again_does_not_step_back() -> None:
    clock = Together()
    limits, rate = PrefectsLimits(clock), Rate(2, 1.0)
    one, other = (Pace({"offers": rate}, clock, shared(limits, clock).take) for _ in range(2))
    await asyncio.gather(*(start(pace) for pace in (one, other) for _ in range(8)))
    moments = []
    for _ in range(8):
        await start(one)
        moments.append(clock.monotonic())
    assert moments[-1] - moments[3] <= 4 * (A_CALL + 1) / Slots.of(rate).per_second + 0.1


async def test_a_place_that_should_have_been_free_long_ago_is_not_taken_unread(clock: Sleeper) -> None:
    """Others have taken it since: a refusal would hold everybody up."""
    limits = PrefectsLimits(clock)
    rates, rate = shared(limits, clock), Rate(2, 1.0)
    assert (await rates.take("offers", rate, 1))[0] == 1
    got, seconds = await rates.take("offers", rate, 1)
    assert got == 0
    clock.advance(seconds + 10)
    assert await limits.take(GROUP, 1 * A_CALL)
    assert (await rates.take("offers", rate, 1))[0] == 0
    assert limits.refused == 0


async def test_a_place_that_was_not_used_soon_is_taken_again(clock: Sleeper) -> None:
    """Another process counts on it: a call that begins late would be one too many."""
    limits = PrefectsLimits(clock)
    pace = Pace({"offers": Rate(2, 1.0)}, clock, shared(limits, clock).take)
    await pace.wait("offers")
    clock.advance(0.05)
    assert not pace.start("offers")
    await pace.wait("offers")
    assert pace.start("offers")


def bazaar(clock: Sleeper, limits: PrefectsLimits | None, rates: dict[str, Rate]) -> Transport:
    runtime = Runtime(settings(), clock, lambda in_flight: httpx.MockTransport(lambda _: answer({})), slots=limits)
    return Transport("Bazaar", ADDRESS, runtime, unavailable=ChannelUnavailableError, rates=rates, share=True)


OFFERS = Call("PUT", "offers", body={}, group="offers")


async def test_each_group_has_a_limit_named_after_the_channel(clock: Sleeper) -> None:
    """Calls without a rate have none."""
    limits = PrefectsLimits(clock)
    async with bazaar(clock, limits, {"offers": Rate(2)}) as transport:
        await transport.send(OFFERS)
        await transport.send(Call("GET", "anything"))
    assert {name: slots.most for name, (slots, _) in limits.limits.items()} == {GROUP: 106}
    async with bazaar(clock, limits, {"": Rate(20)}) as transport:
        await transport.send(Call("GET", "anything"))
    assert limits.limits["channel-app:6:Bazaar"][0].most == 160


async def test_a_limit_follows_the_rate_that_the_connector_has_now(clock: Sleeper) -> None:
    limits = PrefectsLimits(clock)
    for calls in (2, 5):
        async with bazaar(clock, limits, {"offers": Rate(calls)}) as transport:
            await transport.send(OFFERS)
    slots = Slots.of(Rate(5))
    assert (limits.limits[GROUP][0].most, limits.limits[GROUP][0].per_second) == (slots.most, slots.per_second)


async def test_a_limit_that_an_operator_slows_down_stays_slow(clock: Sleeper) -> None:
    limits = PrefectsLimits(clock)
    async with bazaar(clock, limits, {"offers": Rate(2)}) as transport:
        await transport.send(OFFERS)
        limits.limits[GROUP] = Slots(A_CALL, A_CALL / 10, A_CALL), clock.monotonic()
        began = clock.monotonic()
        await transport.send(OFFERS)
    assert clock.monotonic() - began == pytest.approx(10, abs=0.2)


@pytest.mark.parametrize(
    "wrong", [Slots(A_CALL - 1, 10.0), Slots(A_CALL, 0.0, A_CALL)], ids=["too small", "never free"]
)
async def test_a_limit_that_lets_nothing_through_is_put_right(wrong: Slots, clock: Sleeper) -> None:
    limits = PrefectsLimits(clock)
    async with bazaar(clock, limits, {"offers": Rate(2)}) as transport:
        await transport.send(OFFERS)
        limits.limits[GROUP] = wrong, clock.monotonic()
        await transport.send(OFFERS)
    assert limits.limits[GROUP][0].serves


async def test_a_server_that_is_away_fails_no_call_and_is_said_once(
    clock: Sleeper, caplog: pytest.LogCaptureFixture
) -> None:
    """The process keeps the limit alone meanwhile, and asks again after a minute."""
    limits = PrefectsLimits(clock)
    limits.is_away = True
    async with bazaar(clock, limits, {"offers": Rate(2)}) as transport:
        began = clock.monotonic()
        for _ in range(10):
            await transport.send(OFFERS)
        assert clock.monotonic() - began >= 4
        said = [record.getMessage() for record in caplog.records]
        assert len(said) == limits.asked == 1
        assert "limits of Bazaar are kept in this process alone for 60 s" in said[0]
        limits.is_away = False
        clock.advance(ALONE)
        await transport.send(OFFERS)
    assert GROUP in limits.limits


async def test_without_a_server_the_process_keeps_the_limits_alone_and_says_so_once(
    clock: Sleeper, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    async with bazaar(clock, None, {"offers": Rate(2)}) as transport:
        began = clock.monotonic()
        for _ in range(5):
            await transport.send(OFFERS)
    assert clock.monotonic() - began >= 2
    assert [record.getMessage() for record in caplog.records if record.name == "channel_app.http"] == [
        "No Prefect server is at hand: the limits of Bazaar are kept in this process alone."
    ]


@pytest.fixture
async def server() -> AsyncIterator[str]:
    """The test process's Prefect server, without the limit."""
    url = get_current_settings().api.url
    assert url is not None
    yield url
    async with get_client() as client:
        await client.delete_global_concurrency_limit_by_name("channel-app:6:trial")


@pytest.mark.flow
async def test_prefect_keeps_slots_as_it_is_told(server: str) -> None:
    name = "channel-app:6:trial"
    async with PrefectSlots.open(server) as slots:
        assert await slots.read(name) is None
        await slots.keep(name, Slots(100, 0.001))
        assert await slots.read(name) == Slots(100, 0.001, 0)
        assert await slots.take(name, 100)
        assert not await slots.take(name, 100)
        assert not await slots.take(name, 101)  # more than there will ever be
        assert await slots.read(name) == Slots(100, 0.001, 100)
        await slots.keep(name, Slots(300, 0.002))
        assert await slots.take(name, 200)
        assert await slots.read(name) == Slots(300, 0.002, 300)


@pytest.mark.flow
async def test_a_run_shares_its_rates_on_its_own_server() -> None:
    """Nothing is configured for that but `share`."""
    runtime = Runtime(settings(), connect=lambda in_flight: httpx.MockTransport(lambda _: answer({})))

    @flow
    async def sending() -> None:
        async with Transport(
            "The trial", ADDRESS, runtime, unavailable=ChannelUnavailableError, rates={"": Rate(3)}, share=True
        ) as transport:
            await transport.send(Call("GET", "anything"))

    await sending()
    async with get_client() as client:
        found = await client.read_global_concurrency_limit_by_name("channel-app:6:The-trial")
        await client.delete_global_concurrency_limit_by_name(found.name)
    assert found.slot_decay_per_second == Slots.of(Rate(3)).per_second


async def test_a_prefect_that_is_not_there_is_an_outage_of_prefect() -> None:
    with temporary_settings({PREFECT_API_URL: "http://127.0.0.1:9/api"}):
        async with PrefectSlots.open("http://127.0.0.1:9/api") as slots:
            slots.seconds = 0.2
            with pytest.raises(PrefectUnavailableError, match="limit `channel-app:6:trial`"):
                await slots.take("channel-app:6:trial", 100)
